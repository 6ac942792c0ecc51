// SPDX-License-Identifier: Apache-2.0
//
// What the helper programs in this folder have in common: failing with a sentence, the time, and
// socket addresses. They may read clocks and open sockets, unlike the core they drive.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <netinet/in.h>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"

namespace qe::helper {

/// "<program>: <why>" on stderr, exit code 2.
[[noreturn]] inline void die(std::string_view why) {
    fmt::print(stderr, "{}: {}\n", program_invocation_short_name, why);
    std::exit(2);
}

template <typename T>
T must(base::Result<T> result, std::string_view what) {
    if (!result) {
        die(fmt::format("{}: {}", what, result.error().text));
    }
    return std::move(*result);
}

inline base::Instant now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return base::Instant::from_nanoseconds(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()));
}

/// Returns the size of what it wrote.
inline socklen_t to_sockaddr(const net::SocketAddress& address, sockaddr_storage& out) {
    const base::ByteView ip = address.ip.bytes();
    if (address.ip.is_v4()) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, ip.data(), ip.size());
        return sizeof v4;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, ip.data(), ip.size());
    return sizeof v6;
}

}  // namespace qe::helper
