// SPDX-License-Identifier: Apache-2.0
//
// Between net::SocketAddress and the kernel's sockaddr.
#pragma once

#include <optional>

#include <sys/socket.h>

#include "quicether/net/ip_address.h"

namespace qe::host {

/// Fills `out` and returns how many bytes of it are in use.
socklen_t to_sockaddr(const net::SocketAddress& address, sockaddr_storage& out) noexcept;

/// Nothing for a family other than IPv4 and IPv6. The scope is kept for link-local addresses only.
[[nodiscard]] std::optional<net::SocketAddress> from_sockaddr(
    const sockaddr_storage& address) noexcept;

}  // namespace qe::host
