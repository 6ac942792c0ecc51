// SPDX-License-Identifier: Apache-2.0
//
// NetworkRequests: what the operator asks for, as far as it changes nothing but the directory and
// the invites. Joining a network, making and leaving one is for NetworkKeeper to carry out.
#pragma once

#include <string>
#include <variant>

#include "node/membership/network_outbox.h"
#include "node/membership/own_network.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"

namespace qe::node {

/// The request is about networks: for NetworkKeeper.
[[nodiscard]] bool is_network_request(const control::Request& request) noexcept;

/// Our name as wished, or as configured, or from the node id.
[[nodiscard]] std::string wished_name(const std::string& asked, const NodeState& state);
[[nodiscard]] control::ErrorReply already_member(const OwnMembership& own);

/// A network with this node as its first admin.
[[nodiscard]] std::variant<OwnMembership, control::ErrorReply> found_network(
    NodeState& state, const control::NetworkCreateRequest& request);

class NetworkRequests {
  public:
    NetworkRequests(NodeState& state, OwnNetwork& network, NetworkOutbox& outbox)
        : state_(state), network_(network), outbox_(outbox) {}

    /// Precondition: is_network_request(), not one to create or join a network.
    [[nodiscard]] control::Reply handle(const control::Request& request);

  private:
    [[nodiscard]] control::Reply leave(const control::NetworkLeaveRequest& request);
    [[nodiscard]] control::Reply invite(const control::InviteRequest& request);
    [[nodiscard]] control::Reply revoke(const control::RevokeRequest& request);
    [[nodiscard]] control::Reply promote(const control::PromoteRequest& request);
    [[nodiscard]] const network::Member* find_member(const std::string& text) const;

    NodeState& state_;
    OwnNetwork& network_;
    NetworkOutbox& outbox_;
};

}  // namespace qe::node
