// SPDX-License-Identifier: Apache-2.0
//
// Finding: answers who owns an address or prefix, and who and where a node is.
//
// From configuration, the network and accepted claims; for one node without a session also from its
// record in the DHT, for which the reply waits. Changes nothing.
#pragma once

#include <map>
#include <optional>

#include "node/discovery/discovery.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"
#include "quicether/node/node.h"

namespace qe::node {

/// Requests that may wait for the DHT at once; further ones are answered without it.
inline constexpr std::size_t kFindsWaitingMax = 16;

class Finding {
  public:
    Finding(const NodeState& state, Discovery& discovery) : state_(state), discovery_(discovery) {}

    /// The reply, unless the DHT is asked first: then complete() makes it.
    [[nodiscard]] std::optional<control::Reply> handle(base::Instant now, RequestId id,
                                                       const control::FindRequest& request);
    /// A reply of Discovery: becomes ours if it is what we asked for.
    void complete(ControlReply& reply);

  private:
    [[nodiscard]] control::FindReply find_owners(base::Instant now,
                                                 const net::Prefix& wanted) const;
    [[nodiscard]] control::FindReply find_nodes(base::Instant now, const std::string& text) const;
    [[nodiscard]] control::FoundReply describe_self() const;
    [[nodiscard]] control::FoundReply describe_peer(base::Instant now, const Peer& peer) const;

    const NodeState& state_;
    Discovery& discovery_;
    std::map<RequestId, control::FindReply> waiting_;
};

}  // namespace qe::node
