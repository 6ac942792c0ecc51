// SPDX-License-Identifier: Apache-2.0
//
// What membership of a network gives a node besides its configuration: peers, trust, addresses.
// GrantKeeper writes it, Membership makes peers, trust and routes of it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "quicether/crypto/bearer_token.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"
#include "quicether/network/address_choice.h"
#include "quicether/network/directory.h"

namespace qe::node {

/// A member; or a guest, with whom there is only a joining to be settled.
struct NetworkPeer {
    crypto::NodeId id;
    std::optional<crypto::PublicKey> key;  ///< Unknown of an admin that only an invite names.
    std::string name;
    std::vector<net::SocketAddress> underlay;
    std::vector<net::Prefix> addresses;  ///< Host prefixes of its overlay addresses.
    std::vector<net::Prefix> subnets;    ///< Advertised, and granted by its certificate.
    friend bool operator==(const NetworkPeer&, const NetworkPeer&) = default;
};

struct NetworkGrants {
    std::map<crypto::NodeId, NetworkPeer> peers;
    std::string own_name;  ///< What the network calls us; empty: we are in none.
    /// Our overlay addresses with the network's prefix lengths; empty: as configured.
    std::vector<net::Prefix> addresses;
    std::optional<crypto::PublicKey> authority;
    std::vector<crypto::NodeId> revoked;
    std::vector<crypto::NodeId> hosts;  ///< Whom to let in though it shows no certificate yet.
    std::vector<crypto::BearerToken> tokens;
};

/// What is new in NodeState::grants.
struct GrantChanges {
    std::set<crypto::NodeId> peers;  ///< New, changed or gone.
    bool trust = false;
    bool own = false;  ///< Our own addresses or name.
};

/// A member as its certificate and record describe it. Its IPv4 address counts if it holds it.
[[nodiscard]] NetworkPeer network_peer_of(const network::Member& member,
                                          const network::AddressClaims& claims,
                                          const net::Prefix& ipv6_network);

/// The certificate the directory has for a member.
[[nodiscard]] std::optional<base::Bytes> certificate_of(const network::Directory& directory,
                                                        const crypto::NodeId& id);

}  // namespace qe::node
