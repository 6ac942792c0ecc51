// SPDX-License-Identifier: Apache-2.0
#include "node/membership/message_budgets.h"

#include <algorithm>

namespace qe::node {

bool MessageBudgets::take(base::Instant now, const crypto::NodeId& from,
                          const network::NetworkMessage& message) {
    Budget& budget = budgets_[from];
    const auto* const news = std::get_if<network::News>(&message);
    const bool taken = news == nullptr
                           ? budget.questions.take(now)
                           : budget.items.take(now, static_cast<std::uint32_t>(news->items.size()));
    dropped_ += taken ? 0U : 1U;
    return taken;
}

void MessageBudgets::forget_absent(const NodeState& state) {
    std::erase_if(budgets_, [&state](const auto& entry) {
        const Peer* const peer = state.peers.get(state.peers.find(entry.first));
        return peer == nullptr || !peer->connected();
    });
}

}  // namespace qe::node
