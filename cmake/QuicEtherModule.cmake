# SPDX-License-Identifier: Apache-2.0
#
# One static library per module of cmake/modules.table, and the tests that belong to it.

set(QE_MODULE_TABLE "${CMAKE_SOURCE_DIR}/cmake/modules.table")
set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${QE_MODULE_TABLE}")

# Off the data path, and a third of what a build compiles: under sanitizers not optimized, which
# halves the time that takes.
set(QE_COLD_MODULES sim simulator app)

# Standard and third-party headers, parsed once instead of once a file, which halves the time that
# most files take. Our own are not among them: they change. A file that lacks an #include compiles
# with them all the same, hence the modules of release and debug builds do without: those builds
# show that every header and every source file of a module names what it needs.
option(QE_PCH "Precompile headers for tests and, under sanitizers, for modules" ON)
set(QE_PCH_MODULE <algorithm> <array> <charconv> <chrono> <cstddef> <cstdint> <cstring> <deque>
    <functional> <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map>
    <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)
set(QE_PCH_TEST ${QE_PCH_MODULE} <gmock/gmock.h> <gtest/gtest.h>)

# qe_precompile(<target> <kind> HEADERS <header>... LIBS <target>... [OPTIONS <compiler option>...])
#
# All targets of one kind share one precompiled header, so their options must be the same: they are
# given here.
function(qe_precompile target kind)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "HEADERS;LIBS;OPTIONS")
    target_compile_options(${target} PRIVATE ${arg_OPTIONS})
    if(NOT QE_PCH)
        return()
    endif()
    # Makes the result a function of its input, which ccache needs.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        list(APPEND arg_OPTIONS "SHELL:-Xclang -fno-pch-timestamp")
        target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    else()
        list(APPEND arg_OPTIONS -fpch-preprocess)
        # Inlining a precompiled std::string misleads these (GCC bug 105651 and others).
        target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-array-bounds -Wno-restrict
            -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
    set(pch qe_pch_${kind})
    if(NOT TARGET ${pch})
        file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/generated/${pch}.cpp" CONTENT "")
        add_library(${pch} OBJECT "${CMAKE_BINARY_DIR}/generated/${pch}.cpp")
        target_precompile_headers(${pch} PRIVATE ${arg_HEADERS})
        target_compile_options(${pch} PRIVATE ${arg_OPTIONS})
        target_link_libraries(${pch} PRIVATE ${arg_LIBS})
        qe_own_code(${pch})
        get_target_property(type ${target} TYPE)
        if(type STREQUAL "EXECUTABLE")
            # Those are compiled with -fPIE, libraries with -fPIC.
            set_target_properties(${pch} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
            target_compile_options(${pch} PRIVATE -fPIE)
        endif()
    endif()
    target_precompile_headers(${target} REUSE_FROM ${pch})
endfunction()

# Sets the options by which the sanitizer build optimizes a module, and lets libFuzzer see which of
# its branches an input takes.
function(qe_sanitized_module name)
    if(name IN_LIST QE_COLD_MODULES)
        set(kind cold)
        set(options -O0)
    elseif(QE_FUZZ)
        set(kind watched)
        set(options -fsanitize=fuzzer-no-link)
    else()
        set(kind module)
        set(options)
    endif()
    qe_precompile(qe_${name} ${kind} HEADERS ${QE_PCH_MODULE} LIBS qe::fmt qe::expected
                  OPTIONS ${options})
endfunction()

# Sets QE_MODULES (in table order) and QE_MODULE_<name>_DEPENDS.
function(qe_read_module_table)
    file(STRINGS "${QE_MODULE_TABLE}" lines REGEX "^[a-z]")
    set(modules)
    foreach(line IN LISTS lines)
        if(NOT line MATCHES "^([a-z]+):(.*)$")
            message(FATAL_ERROR "${QE_MODULE_TABLE}: cannot read '${line}'")
        endif()
        set(name "${CMAKE_MATCH_1}")
        string(STRIP "${CMAKE_MATCH_2}" depends)
        string(REPLACE " " ";" depends "${depends}")
        foreach(other IN LISTS depends)
            if(NOT other IN_LIST modules)
                message(FATAL_ERROR "${QE_MODULE_TABLE}: ${name} may not include ${other}, "
                                    "which does not stand above it")
            endif()
        endforeach()
        list(APPEND modules ${name})
        set(QE_MODULE_${name}_DEPENDS "${depends}" PARENT_SCOPE)
    endforeach()
    set(QE_MODULES "${modules}" PARENT_SCOPE)
endfunction()

# Warnings, sanitizers and hardening for our own code; third-party headers are system headers.
function(qe_own_code target)
    target_link_libraries(${target} PRIVATE qe_flags)
endfunction()

# qe_module(<name> [LIBS <third-party target>...] [PUBLIC_LIBS <third-party target>...])
#
# Library qe_<name> (alias qe::<name>) from src/<name>/ and its folders, without main.cpp. Modules
# it may include come from the table. A module that has no sources yet is an interface library, so
# that others may already name it.
function(qe_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS;PUBLIC_LIBS")
    if(NOT name IN_LIST QE_MODULES)
        message(FATAL_ERROR "module '${name}' is not in ${QE_MODULE_TABLE}")
    endif()
    list(TRANSFORM QE_MODULE_${name}_DEPENDS PREPEND qe_ OUTPUT_VARIABLE depends)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cpp"
         "${CMAKE_SOURCE_DIR}/src/${name}/*/*.cpp")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(sources)
        add_library(qe_${name} STATIC ${sources})
        target_include_directories(qe_${name} PUBLIC "${CMAKE_SOURCE_DIR}/include"
                                   PRIVATE "${CMAKE_SOURCE_DIR}/src")
        target_link_libraries(qe_${name} PUBLIC ${depends} ${arg_PUBLIC_LIBS} PRIVATE ${arg_LIBS})
        qe_own_code(qe_${name})
        if(QE_SANITIZE)
            qe_sanitized_module(${name})
        endif()
    else()
        add_library(qe_${name} INTERFACE)
        target_include_directories(qe_${name} INTERFACE "${CMAKE_SOURCE_DIR}/include")
        target_link_libraries(qe_${name} INTERFACE ${depends} ${arg_PUBLIC_LIBS} ${arg_LIBS})
    endif()
    add_library(qe::${name} ALIAS qe_${name})
endfunction()

# An executable of ours. LTO (of ngtcp2, which is built for it) is for the daemon and benchmarks;
# tests link faster without.
function(qe_executable target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "LTO" "" "SOURCES;LIBS")
    add_executable(${target} ${arg_SOURCES})
    # The static OpenSSL must not be seen by any shared library in the process. The sanitizers'
    # runtime, a static library too, must.
    if(NOT QE_SANITIZE)
        target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL)
    endif()
    if(NOT arg_LTO)
        target_link_options(${target} PRIVATE -fno-lto)
    elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT QE_SANITIZE)
        target_link_options(${target} PRIVATE -flto=auto)
    endif()
    target_link_libraries(${target} PRIVATE ${arg_LIBS})
    qe_own_code(${target})
endfunction()

# A registered test: its name is prefixed by the preset's QE_TEST_PREFIX, so that the tests of
# several build trees can be told apart in one ctest run.
function(qe_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
    add_test(NAME "${QE_TEST_PREFIX}${name}" COMMAND ${arg_COMMAND})
    set_tests_properties("${QE_TEST_PREFIX}${name}" PROPERTIES LABELS "${arg_LABELS}"
                         TIMEOUT ${arg_TIMEOUT})
    if(QE_SANITIZE)
        set_tests_properties("${QE_TEST_PREFIX}${name}" PROPERTIES ENVIRONMENT
            "UBSAN_OPTIONS=print_stacktrace=1;ASAN_OPTIONS=detect_stack_use_after_return=1")
    endif()
endfunction()

# Executable unit_<name> from tests/unit/<name>/*.cpp, if there are any; one ctest per binary.
# Tests may include private headers as "<module>/x.h".
function(qe_unit_tests name)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/unit/${name}/*.cpp")
    if(NOT sources)
        return()
    endif()
    qe_executable(unit_${name} SOURCES ${sources}
                  LIBS qe_${name} qe_test_support GTest::gmock GTest::gtest_main)
    target_include_directories(unit_${name} PRIVATE "${CMAKE_SOURCE_DIR}/src")
    # Test code, which is half of the code, compiles faster this way; what it tests stays as it is.
    # The route table is a template, so it is compiled with its tests.
    set(level)
    if(QE_SANITIZE AND NOT name STREQUAL "route")
        set(level -O0)
    elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
        set(level -O1)
    endif()
    qe_precompile(unit_${name} test${level} HEADERS ${QE_PCH_TEST} OPTIONS ${level}
                  LIBS qe::fmt qe::expected GTest::gmock GTest::gtest)
    get_target_property(libs qe_${name} QE_TEST_LIBS)
    if(libs)
        target_link_libraries(unit_${name} PRIVATE ${libs})
    endif()
    qe_add_test(unit_${name} COMMAND unit_${name} LABELS unit TIMEOUT 240)
endfunction()

# Third-party headers that private headers of a module include, hence its unit tests too.
function(qe_unit_test_libs name)
    set_property(TARGET qe_${name} PROPERTY QE_TEST_LIBS ${ARGN})
endfunction()
