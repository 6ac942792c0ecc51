// SPDX-License-Identifier: Apache-2.0
//
// Compact endpoints and contacts (BEP 5, BEP 32): address and port, 6 or 18 bytes, in network
// order; a contact has its 20-byte id in front.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/dht/contact.h"

namespace qe::dht {

[[nodiscard]] constexpr std::size_t compact_endpoint_size(net::Family family) noexcept {
    return family == net::Family::V4 ? 6 : 18;
}
[[nodiscard]] constexpr std::size_t compact_contact_size(net::Family family) noexcept {
    return NodeId::kSize + compact_endpoint_size(family);
}

/// The bytes of one compact endpoint.
struct CompactEndpoint {
    std::array<std::byte, 18> bytes{};
    std::size_t size = 0;

    [[nodiscard]] base::ByteView view() const noexcept { return base::ByteView(bytes).first(size); }
};

[[nodiscard]] CompactEndpoint encode_compact(const net::SocketAddress& endpoint) noexcept;
void encode_compact(base::ByteWriter& out, const Contact& contact) noexcept;

/// From 6 or 18 bytes; nothing for any other size and for an IPv4 address written as IPv6.
[[nodiscard]] std::optional<net::SocketAddress> parse_compact_endpoint(
    base::ByteView bytes) noexcept;

/// Whether packets may be sent there: a port, and neither "any" nor multicast.
[[nodiscard]] bool is_reachable(const net::SocketAddress& endpoint) noexcept;

/// Calls `visit(Contact)` for each contact of a `nodes` or `nodes6` string whose size was checked;
/// those that no packet could be sent to are left out.
template <typename Visit>
void for_each_compact_contact(base::ByteView nodes, net::Family family, Visit&& visit) {
    const std::size_t size = compact_contact_size(family);
    for (; nodes.size() >= size; nodes = nodes.subspan(size)) {
        Contact contact;
        std::copy_n(nodes.begin(), NodeId::kSize, contact.id.bytes.begin());
        const auto endpoint = parse_compact_endpoint(nodes.first(size).subspan(NodeId::kSize));
        if (endpoint && is_reachable(*endpoint)) {
            contact.endpoint = *endpoint;
            visit(contact);
        }
    }
}

}  // namespace qe::dht
