// SPDX-License-Identifier: Apache-2.0
#include "host/socket_address.h"

#include <cstring>
#include <span>

#include <netinet/in.h>

namespace qe::host {

socklen_t to_sockaddr(const net::SocketAddress& address, sockaddr_storage& out) noexcept {
    const base::ByteView bytes = address.ip.bytes();
    if (address.ip.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&out, &v4, sizeof v4);
        return sizeof v4;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_scope_id = address.scope;
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&out, &v6, sizeof v6);
    return sizeof v6;
}

std::optional<net::SocketAddress> from_sockaddr(const sockaddr_storage& address) noexcept {
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return net::SocketAddress{net::IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port),
                                  0};
    }
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        const auto ip =
            net::IpAddress::from_bytes(std::as_bytes(std::span(v6.sin6_addr.s6_addr, 16)));
        return net::SocketAddress{ip, ntohs(v6.sin6_port),
                                  ip.is_link_local() ? v6.sin6_scope_id : 0};
    }
    return std::nullopt;
}

}  // namespace qe::host
