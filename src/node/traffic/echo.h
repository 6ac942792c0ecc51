// SPDX-License-Identifier: Apache-2.0
//
// Echo: overlay pings on behalf of control requests. One EchoRequest on the active link's control
// stream for each; answered, or given up at its deadline. Bounded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "node/links/conversation.h"
#include "quicether/node/node.h"

namespace qe::node {

inline constexpr std::size_t kEchoesWaitingMax = 128;

class Echo {
  public:
    Echo(NodeState& state, Conversation& conversation)
        : state_(state), conversation_(conversation) {}

    /// Sends an echo. The reply if it fails at once.
    [[nodiscard]] std::optional<control::Reply> start(base::Instant now, RequestId id,
                                                      const control::PingRequest& request);
    [[nodiscard]] std::optional<ControlReply> handle_arrival(base::Instant now,
                                                             const EchoArrival& arrival);
    /// An echo whose time is over.
    [[nodiscard]] std::optional<ControlReply> poll_timeout(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;

  private:
    struct Waiting {
        RequestId id = 0;
        PeerHandle peer;
        base::Instant sent_at;
        base::Instant deadline;
    };

    NodeState& state_;
    Conversation& conversation_;
    std::map<std::uint64_t, Waiting> waiting_;  ///< By nonce.
};

}  // namespace qe::node
