// SPDX-License-Identifier: Apache-2.0
//
// Our addresses as ngtcp2 sees them: sockaddr structures, no system call involved.
//
// ngtcp2 compares and stores paths as pairs of sockaddrs. Path owns the two of them, so a pointer
// into it lives as long as the Path does; it is therefore neither copied nor moved.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include "quicether/net/datagram.h"

namespace qe::quic {

/// The address part of a path that a remote token is bound to (RFC 9000, 8.1).
struct SocketName {
    ngtcp2_sockaddr_union address{};
    ngtcp2_socklen size = 0;
};
[[nodiscard]] SocketName to_sockaddr(const net::SocketAddress& address) noexcept;

/// Inverse of to_sockaddr(); the default address for a family that is neither IPv4 nor IPv6.
[[nodiscard]] net::SocketAddress from_sockaddr(const ngtcp2_addr& address) noexcept;

[[nodiscard]] net::FlowAddresses flow_of(const ngtcp2_path& path) noexcept;

class Path {
  public:
    explicit Path(const net::FlowAddresses& flow) noexcept;
    Path(const Path&) = delete;
    Path& operator=(const Path&) = delete;

    [[nodiscard]] const ngtcp2_path& get() const noexcept { return path_; }

  private:
    SocketName local_;
    SocketName remote_;
    ngtcp2_path path_{};
};

}  // namespace qe::quic
