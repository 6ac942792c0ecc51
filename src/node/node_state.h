// SPDX-License-Identifier: Apache-2.0
//
// NodeState: the data that the parts of a node share. It decides nothing.
//
// Node owns it and gives it by reference to its parts (Dialer, LinkKeeper, DataPlane, Roaming,
// …), each of which changes the part that its name says.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "node/deadline_queue.h"
#include "node/links/peer_message.h"
#include "node/membership/network_peers.h"
#include "node/peer.h"
#include "node/traffic/overlay_routes.h"
#include "quicether/base/log.h"
#include "quicether/base/rng.h"
#include "quicether/config/config.h"
#include "quicether/crypto/identity.h"
#include "quicether/network/network_id.h"
#include "quicether/node/network_view.h"
#include "quicether/quic/endpoint.h"

namespace qe::node {

/// Application error codes of CONNECTION_CLOSE; docs/protocol/peer.md lists them.
enum class CloseCode : std::uint64_t {
    Shutdown = 0,   ///< The node goes away.
    Duplicate = 1,  ///< Lost to another link of the same session.
    ProtocolViolation = 2,
    NotTrusted = 3,  ///< Removed from the receiver's list.
    Idle = 4,        ///< Nobody has used the session for long; dialled again when wanted.
};

struct NodeState {
    config::Config config{};
    crypto::NodeId id{};
    crypto::PublicKey key{};
    crypto::Identity identity;
    network::NetworkId network{};  ///< All zero: this node is in none.
    base::UnixTime wall_now{};     ///< As of the last Node::handle_wall_clock().
    std::string version{};
    std::string commit{};
    std::uint64_t instance = 0;  ///< Random for each run.
    base::Instant started_at{};
    base::Log log{};
    base::Rng rng;
    std::unique_ptr<quic::Endpoint> endpoint{};

    NetworkGrants grants{};  ///< Of the network we are a member of, if any.
    OwnPrefixes own{};       ///< Our overlay addresses and advertised subnets.
    PeerTable peers{};
    OverlayRoutes routes{};
    NetworkView view{};
    /// When to look at a peer again; see Node::on_peer_deadline.
    DeadlineQueue<PeerHandle> deadlines{};
    /// When to look a peer up in the DHT; PeerFinder takes them.
    DeadlineQueue<PeerHandle> searches{};
    std::vector<PeerHandle> to_repair{};  ///< A path of theirs failed; DataPlane takes them.
    bool seeks = false;                   ///< There is a DHT to look peers up in.
    std::map<std::string, std::string> problems{};  ///< What makes the node degraded, by key.
    std::vector<std::string>
        network_conflicts{};  ///< Of our network with what the host has itself.
    bool shutting_down = false;
    bool members_changed = false;  ///< DemandKeeper is to choose anew.
    bool learnt_changed = false;   ///< Some Peer::learnt is newer than what was persisted.

    /// What we say of ourselves on a new link between these addresses.
    [[nodiscard]] Hello make_hello(const net::FlowAddresses& flow) const;
    [[nodiscard]] Claims own_claims() const;
    /// Where we may be dialled, and by which uplink.
    [[nodiscard]] AddressUpdate own_underlay() const;
    /// The peer cannot be reached at what is known of it: has it looked up at `at`, unless that is
    /// due anyway.
    void seek(PeerHandle peer, base::Instant at);
    /// There is a packet for this peer: has it dialled if it is a member without a session.
    void want(PeerHandle peer, base::Instant now);
    /// Makes sure the peer is looked at no later than `at`.
    void look_at(PeerHandle peer, base::Instant at);
};

}  // namespace qe::node
