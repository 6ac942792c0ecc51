// SPDX-License-Identifier: Apache-2.0
#include "quic/sockaddr.h"

#include <arpa/inet.h>

#include <cstring>

namespace qe::quic {

SocketName to_sockaddr(const net::SocketAddress& address) noexcept {
    SocketName name;
    const base::ByteView bytes = address.ip.bytes();
    if (address.ip.is_v4()) {
        name.address.in.sin_family = AF_INET;
        name.address.in.sin_port = htons(address.port);
        std::memcpy(&name.address.in.sin_addr, bytes.data(), bytes.size());
        name.size = sizeof(name.address.in);
    } else {
        name.address.in6.sin6_family = AF_INET6;
        name.address.in6.sin6_port = htons(address.port);
        name.address.in6.sin6_scope_id = address.scope;
        std::memcpy(&name.address.in6.sin6_addr, bytes.data(), bytes.size());
        name.size = sizeof(name.address.in6);
    }
    return name;
}

net::SocketAddress from_sockaddr(const ngtcp2_addr& address) noexcept {
    net::SocketAddress result;
    if (address.addr == nullptr) {
        return result;
    }
    if (address.addr->sa_family == AF_INET) {
        ngtcp2_sockaddr_in in{};
        std::memcpy(&in, address.addr, sizeof(in));
        result.ip = net::IpAddress::v4(ntohl(in.sin_addr.s_addr));
        result.port = ntohs(in.sin_port);
    } else if (address.addr->sa_family == AF_INET6) {
        ngtcp2_sockaddr_in6 in6{};
        std::memcpy(&in6, address.addr, sizeof(in6));
        std::array<std::byte, 16> bytes{};
        std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
        result.ip = net::IpAddress::v6(bytes);
        result.port = ntohs(in6.sin6_port);
        result.scope = in6.sin6_scope_id;
    }
    return result;
}

net::FlowAddresses flow_of(const ngtcp2_path& path) noexcept {
    return {.local = from_sockaddr(path.local), .remote = from_sockaddr(path.remote)};
}

Path::Path(const net::FlowAddresses& flow) noexcept
    : local_(to_sockaddr(flow.local)), remote_(to_sockaddr(flow.remote)) {
    path_.local = {.addr = &local_.address.sa, .addrlen = local_.size};
    path_.remote = {.addr = &remote_.address.sa, .addrlen = remote_.size};
}

}  // namespace qe::quic
