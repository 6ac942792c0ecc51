// SPDX-License-Identifier: Apache-2.0
#include "node/membership/network_peers.h"

#include "quicether/route/overlay_address.h"

namespace qe::node {

NetworkPeer network_peer_of(const network::Member& member, const network::AddressClaims& claims,
                            const net::Prefix& ipv6_network) {
    NetworkPeer peer;
    peer.id = member.facts.node_id;
    peer.key = member.facts.key;
    peer.name = member.attributes.name;
    if (member.record) {
        const network::NodeRecord& record = member.record->value;
        peer.underlay = record.underlay;
        peer.subnets = member.entitled_subnets();
        const crypto::NodeId* const holder = record.ipv4 ? claims.holder(*record.ipv4) : nullptr;
        if (holder != nullptr && *holder == peer.id) {
            peer.addresses.push_back(net::Prefix::host(*record.ipv4));
        }
    }
    if (const auto v6 = route::derive_overlay_ipv6(ipv6_network, peer.id.bytes)) {
        peer.addresses.push_back(net::Prefix::host(*v6));
    }
    return peer;
}

std::optional<base::Bytes> certificate_of(const network::Directory& directory,
                                          const crypto::NodeId& id) {
    const network::Member* const member = directory.find(id);
    return member == nullptr ? std::nullopt : std::optional(member->certificate);
}

}  // namespace qe::node
