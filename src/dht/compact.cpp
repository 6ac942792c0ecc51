// SPDX-License-Identifier: Apache-2.0
#include "dht/compact.h"

namespace qe::dht {

CompactEndpoint encode_compact(const net::SocketAddress& endpoint) noexcept {
    CompactEndpoint compact;
    base::ByteWriter out(compact.bytes);
    out.bytes(endpoint.ip.bytes());
    out.u16(endpoint.port);
    compact.size = out.size();
    return compact;
}

void encode_compact(base::ByteWriter& out, const Contact& contact) noexcept {
    out.bytes(contact.id.bytes);
    out.bytes(contact.endpoint.ip.bytes());
    out.u16(contact.endpoint.port);
}

std::optional<net::SocketAddress> parse_compact_endpoint(base::ByteView bytes) noexcept {
    if (bytes.size() != compact_endpoint_size(net::Family::V4) &&
        bytes.size() != compact_endpoint_size(net::Family::V6)) {
        return std::nullopt;
    }
    base::ByteReader reader(bytes);
    net::SocketAddress endpoint;
    endpoint.ip = net::IpAddress::from_bytes(reader.take(bytes.size() - 2));
    endpoint.port = reader.u16();
    if (endpoint.ip.is_v4_mapped()) {
        return std::nullopt;
    }
    return endpoint;
}

bool is_reachable(const net::SocketAddress& endpoint) noexcept {
    return endpoint.port != 0 && !endpoint.ip.is_any() && !endpoint.ip.is_multicast();
}

}  // namespace qe::dht
