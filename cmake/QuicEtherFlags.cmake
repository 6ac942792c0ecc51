# SPDX-License-Identifier: Apache-2.0
#
# Compiler and linker flags. Those for the whole process (hardening, sanitizers) are global; warnings
# go to our own code only, through the interface library qe_flags.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(QE_WERROR "Treat warnings in our own code as errors" ON)
set(QE_SANITIZE "" CACHE STRING "Value of -fsanitize= for everything, e.g. address,undefined")

# Function names and line numbers for perf and for stacks, without the bulk of full debug data.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
if(QE_SANITIZE)
    set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")  # lines are all that a report names
else()
    set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
endif()

# Without these sloppinesses ccache keeps nothing that was compiled with a precompiled header.
find_program(QE_CCACHE ccache)
if(QE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
        "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "${QE_CCACHE}")
endif()

add_library(qe_flags INTERFACE)
target_compile_options(qe_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
    -Wold-style-cast -fno-strict-aliasing)
if(QE_WERROR)
    target_compile_options(qe_flags INTERFACE -Werror)
endif()

# Names in asserts and debug data are relative to the tree: the binary tells nothing of the machine
# it was built on, and ccache serves one build tree with the objects of another.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
                    "-fdebug-prefix-map=${CMAKE_BINARY_DIR}=.")
add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer)
add_link_options(-pie -Wl,-z,relro,-z,now)
if(QE_SANITIZE)
    add_compile_options(-fsanitize=${QE_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${QE_SANITIZE})
    find_program(QE_LLD ld.lld)
    if(QE_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        add_link_options(-fuse-ld=lld)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # The instrumentation makes this warning guess wrong.
        target_compile_options(qe_flags INTERFACE -Wno-maybe-uninitialized)
    endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    # Relocations in their packed form: half a megabyte less in memory, OpenSSL being full of them.
    # Loaders before that of glibc 2.36 do not know it, and linkers before binutils 2.38 only warn.
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_LINK_OPTIONS -pie -Wl,-z,pack-relative-relocs,--fatal-warnings)
    check_cxx_source_compiles("#include <features.h>
        #if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 36)
        #error
        #endif
        int main() {}" QE_PACKED_RELOCATIONS)
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
    if(QE_PACKED_RELOCATIONS)
        add_link_options(-Wl,-z,pack-relative-relocs)
    endif()
endif()
