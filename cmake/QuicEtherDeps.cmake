# SPDX-License-Identifier: Apache-2.0
#
# Finds everything third-party and gives each a target qe::<name>. OpenSSL and ngtcp2 come from the
# private prefix that tools/setup builds.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(QUICETHER_DEPS "" CACHE PATH
    "Folder with openssl/ and ngtcp2/ as built by tools/setup")

# Not cached: a newer recipe in tools/setup must lead to its own prefix at the next configure.
set(qe_deps "${QUICETHER_DEPS}")
if(NOT qe_deps)
    execute_process(COMMAND "${CMAKE_SOURCE_DIR}/tools/setup" --print-prefix
                    OUTPUT_VARIABLE qe_deps OUTPUT_STRIP_TRAILING_WHITESPACE
                    COMMAND_ERROR_IS_FATAL ANY)
endif()
set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${CMAKE_SOURCE_DIR}/tools/setup")

function(qe_static_library target file)
    if(NOT EXISTS "${file}")
        message(FATAL_ERROR "${file} is missing: run tools/setup first")
    endif()
    add_library(${target} STATIC IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${file}")
endfunction()

# Link order: glue, ngtcp2, ssl, crypto.
qe_static_library(qe_libcrypto "${qe_deps}/openssl/lib/libcrypto.a")
target_include_directories(qe_libcrypto INTERFACE "${qe_deps}/openssl/include")
target_link_libraries(qe_libcrypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
qe_static_library(qe_libssl "${qe_deps}/openssl/lib/libssl.a")
target_link_libraries(qe_libssl INTERFACE qe_libcrypto)
qe_static_library(qe_libngtcp2 "${qe_deps}/ngtcp2/lib/libngtcp2.a")
target_include_directories(qe_libngtcp2 INTERFACE "${qe_deps}/ngtcp2/include")
target_compile_definitions(qe_libngtcp2 INTERFACE NGTCP2_STATICLIB)
qe_static_library(qe_libngtcp2_crypto "${qe_deps}/ngtcp2/lib/libngtcp2_crypto_ossl.a")
target_link_libraries(qe_libngtcp2_crypto INTERFACE qe_libngtcp2 qe_libssl)
add_library(qe::openssl ALIAS qe_libssl)
add_library(qe::ngtcp2 ALIAS qe_libngtcp2_crypto)

function(qe_pkg_config name module)
    string(TOUPPER "QE_${name}" variable)
    pkg_check_modules(${variable} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    add_library(qe::${name} ALIAS PkgConfig::${variable})
endfunction()

qe_pkg_config(sodium libsodium>=1.0.18)
qe_pkg_config(uv libuv>=1.44)
qe_pkg_config(mnl libmnl>=1.0)
qe_pkg_config(qrencode libqrencode>=4.0)

find_package(fmt 9 REQUIRED)
add_library(qe_fmt INTERFACE)
target_link_libraries(qe_fmt INTERFACE fmt::fmt)
add_library(qe::fmt ALIAS qe_fmt)

find_package(spdlog 1.10 REQUIRED)
add_library(qe_spdlog INTERFACE)
target_link_libraries(qe_spdlog INTERFACE spdlog::spdlog)
target_compile_definitions(qe_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
add_library(qe::spdlog ALIAS qe_spdlog)

find_package(tl-expected 1.0 REQUIRED)
add_library(qe_expected INTERFACE)
target_link_libraries(qe_expected INTERFACE tl::expected)
add_library(qe::expected ALIAS qe_expected)

find_package(nlohmann_json 3.9 REQUIRED)
add_library(qe_json INTERFACE)
target_link_libraries(qe_json INTERFACE nlohmann_json::nlohmann_json)
add_library(qe::json ALIAS qe_json)

find_package(CLI11 2.1 REQUIRED)
add_library(qe_cli11 INTERFACE)
target_link_libraries(qe_cli11 INTERFACE CLI11::CLI11)
add_library(qe::cli11 ALIAS qe_cli11)

# Header-only use: the compiled library's ABI differs between releases, and only one file of ours
# includes it.
find_path(QE_TOML_INCLUDE toml++/toml.h REQUIRED)
add_library(qe_toml INTERFACE)
target_include_directories(qe_toml SYSTEM INTERFACE "${QE_TOML_INCLUDE}")
target_compile_definitions(qe_toml INTERFACE TOML_HEADER_ONLY=1)
add_library(qe::toml ALIAS qe_toml)

find_package(Boost 1.74 REQUIRED)
add_library(qe_boost INTERFACE)
target_link_libraries(qe_boost INTERFACE Boost::headers Threads::Threads)
add_library(qe::boost ALIAS qe_boost)

if(QE_BUILD_TESTS)
    find_package(GTest 1.12 REQUIRED)
endif()
if(QE_BUILD_BENCH)
    find_package(benchmark REQUIRED)
endif()
