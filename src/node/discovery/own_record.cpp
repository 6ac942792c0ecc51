// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/own_record.h"

#include <algorithm>

#include "quicether/dht/bencode_reader.h"
#include "quicether/dht/bencode_writer.h"
#include "quicether/network/member_name.h"

namespace qe::node {
namespace {

/// Digits and colon before a bencoded string.
constexpr std::size_t kStringHeadMax = 8;

network::MemberRole role_of(config::NodeRole role) {
    switch (role) {
        case config::NodeRole::Full:
            return network::MemberRole::Full;
        case config::NodeRole::Light:
            return network::MemberRole::Light;
        case config::NodeRole::Gateway:
            return network::MemberRole::Gateway;
        case config::NodeRole::Bootstrap:
            return network::MemberRole::Bootstrap;
    }
    return network::MemberRole::Full;
}

/// What our network calls us, else a name in the form that networks have; the configuration allows
/// others, or none.
std::string name_of(const NodeState& state) {
    if (!state.grants.own_name.empty()) {
        return state.grants.own_name;
    }
    const std::string fallback = "node-" + state.id.short_text();
    return network::normalise_name(state.config.node.name).value_or(fallback);
}

}  // namespace

network::NodeRecord own_record(const NodeState& state,
                               const std::vector<net::SocketAddress>& addresses) {
    network::NodeRecord record;
    record.key = state.key;
    record.ttl = kRecordLifetime;
    record.name = name_of(state);
    record.role = role_of(state.config.node.role);
    record.underlay = addresses;
    record.underlay.resize(std::min(addresses.size(), network::kRecordUnderlayMax));
    for (const net::Prefix& prefix : state.own.overlay) {
        if (prefix.address().is_v4()) {
            record.ipv4 = prefix.address();
        }
    }
    record.subnets = state.own.subnets;
    record.subnets.resize(std::min(record.subnets.size(), network::kRecordSubnetsMax));
    return record;
}

base::Result<base::Bytes> make_own_record(const NodeState& state,
                                          const std::vector<net::SocketAddress>& addresses,
                                          std::int64_t sequence) {
    network::NodeRecord record = own_record(state, addresses);
    record.issued = state.wall_now;
    record.sequence = static_cast<std::uint64_t>(sequence);
    QE_TRY(const auto encoded, network::sign_record(state.identity, record, state.network));
    base::Bytes value(encoded.encoded.size() + kStringHeadMax);
    dht::BencodeWriter out(value);
    out.string(encoded.encoded);
    value.resize(out.size());
    return value;
}

base::Result<network::NodeRecord> parse_node_record(base::ByteView value,
                                                    const network::NetworkId& network) {
    QE_TRY(const dht::BencodeValue bencode, dht::parse_bencode(value));
    const auto bytes = bencode.string();
    if (!bytes) {
        return base::fail(base::ErrorCode::kMalformed, "a node's record is no string");
    }
    QE_TRY(auto record, network::parse_record(*bytes, network));
    return std::move(record.value);
}

}  // namespace qe::node
