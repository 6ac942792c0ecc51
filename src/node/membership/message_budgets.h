// SPDX-License-Identifier: Apache-2.0
//
// MessageBudgets: how much work messages about the network may make us do, for each peer that sends
// them: questions, each of which may cost 128 KiB of answers or a signature, and items of news,
// each of which costs a verification. What goes beyond is dropped and counted; a later comparison
// makes up for it.
#pragma once

#include <cstdint>
#include <map>

#include "node/node_state.h"
#include "node/token_bucket.h"
#include "quicether/network/network_message.h"

namespace qe::node {

inline constexpr std::uint32_t kQuestionsPerSecond = 4;
inline constexpr std::uint32_t kQuestionsAtOnce = 96;
inline constexpr std::uint32_t kNewsItemsPerSecond = 256;
inline constexpr std::uint32_t kNewsItemsAtOnce = 4096;

class MessageBudgets {
  public:
    /// False: the message is to be dropped.
    [[nodiscard]] bool take(base::Instant now, const crypto::NodeId& from,
                            const network::NetworkMessage& message);
    /// Budgets of those who are not connected end: as many remain as there are sessions.
    void forget_absent(const NodeState& state);
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] std::size_t size() const noexcept { return budgets_.size(); }

  private:
    struct Budget {
        TokenBucket questions{kQuestionsPerSecond, kQuestionsAtOnce};
        TokenBucket items{kNewsItemsPerSecond, kNewsItemsAtOnce};
    };

    std::map<crypto::NodeId, Budget> budgets_;
    std::uint64_t dropped_ = 0;
};

}  // namespace qe::node
