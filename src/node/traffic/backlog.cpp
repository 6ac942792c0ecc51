// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/backlog.h"

#include <algorithm>

namespace qe::node {

bool Backlog::drop_fattest() noexcept {
    const auto fattest = std::max_element(
        queues_.begin(), queues_.end(),
        [](const auto& a, const auto& b) { return (a ? a->bytes() : 0) < (b ? b->bytes() : 0); });
    return *fattest && (*fattest)->drop_fattest();
}

std::size_t Backlog::clear() noexcept {
    std::size_t dropped = 0;
    for (const auto& queue : queues_) {
        dropped += queue ? queue->clear() : 0;
    }
    return dropped;
}

FlowQueueCounters Backlog::counters() const noexcept {
    FlowQueueCounters sum;
    for (const auto& queue : queues_) {
        if (queue) {
            sum += queue->counters();
        }
    }
    return sum;
}

}  // namespace qe::node
