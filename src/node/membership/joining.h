// SPDX-License-Identifier: Apache-2.0
//
// Joining: the one who holds an invite and is not a member yet.
//
// Looks for the admin of the invite, asks it, and checks what comes back: the answer counts only
// from that admin, for that network, about our key.
#pragma once

#include <optional>
#include <string>

#include "node/membership/network_outbox.h"
#include "node/membership/own_membership.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"
#include "quicether/node/node.h"

namespace qe::node {

/// How long an admin may take to be found and to answer.
inline constexpr base::Duration kJoinPatience = base::seconds(30);

/// How a joining ended: as a member, or why not.
struct JoinOutcome {
    RequestId request = 0;
    std::optional<OwnMembership> membership;
    control::ErrorReply error;
    PeerHandle admin;
    std::uint32_t members = 0;  ///< As the admin says: most of them are yet to come.
};

class Joining {
  public:
    Joining(NodeState& state, NetworkOutbox& outbox) : state_(state), outbox_(outbox) {}

    void begin(base::Instant now, RequestId request, network::Invite invite,
               std::string wished_name);
    /// Null when nothing is joined.
    [[nodiscard]] const network::Invite* invite() const noexcept {
        return attempt_ ? &attempt_->invite : nullptr;
    }

    /// A peer has said Hello: the admin of the invite is asked.
    void handle_greeting(PeerHandle peer);
    [[nodiscard]] std::optional<JoinOutcome> handle(PeerHandle peer,
                                                    const network::JoinReply& message);
    [[nodiscard]] std::optional<JoinOutcome> handle(PeerHandle peer,
                                                    const network::JoinRefusal& message);
    [[nodiscard]] std::optional<JoinOutcome> handle_deadline(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept {
        return attempt_ ? attempt_->give_up_at : base::Instant::never();
    }

  private:
    struct Attempt {
        RequestId request = 0;
        network::Invite invite;
        std::string wished_name;
        base::Instant give_up_at;
        bool asked = false;
    };
    [[nodiscard]] bool is_our_admin(PeerHandle peer) const;
    [[nodiscard]] JoinOutcome end(control::ErrorReply error);
    [[nodiscard]] base::Result<OwnMembership> accept(const network::JoinReply& message) const;

    NodeState& state_;
    NetworkOutbox& outbox_;
    std::optional<Attempt> attempt_;
};

}  // namespace qe::node
