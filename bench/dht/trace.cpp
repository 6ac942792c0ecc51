// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <algorithm>

namespace qe::bench {

void Trace::observe(std::size_t node, base::ByteView bytes) {
    const auto message = dht::parse_message(bytes);
    const auto* const query = message ? std::get_if<dht::Query>(&message->body) : nullptr;
    if (query == nullptr) {
        return;
    }
    if (query->method == dht::Method::Put) {
        trails_[dht::immutable_target(query->item.value)].holders.insert(node);
    } else if (query->method == dht::Method::Get) {
        trails_[query->target].asked.insert(node);
    }
}

void Trace::begin_gets() {
    for (auto& [target, trail] : trails_) {
        trail.asked_by_put = trail.asked.size();
        trail.asked.clear();
    }
}

void Trace::count(const dht::NodeId& target, bool found) {
    const Trail& trail = trails_[target];
    const auto is_honest = [&](std::size_t node) { return !colluders_.contains(node); };
    const auto has_it = [&](std::size_t node) { return is_honest(node) && swarm_.is_alive(node); };
    const auto holders = std::ranges::count_if(trail.holders, has_it);
    const auto asked = std::ranges::count_if(trail.asked, is_honest);
    sums_.honest_holders += static_cast<double>(holders);
    sums_.hostile_holders += static_cast<double>(trail.holders.size()) -
                             static_cast<double>(std::ranges::count_if(trail.holders, is_honest));
    sums_.asked_by_put += static_cast<double>(trail.asked_by_put);
    sums_.honest_asked += static_cast<double>(asked);
    sums_.hostile_asked += static_cast<double>(trail.asked.size()) - static_cast<double>(asked);
    ++counted_;
    if (found) {
        return;
    }
    const bool holder_asked = std::ranges::any_of(trail.asked, [&](std::size_t node) {
        return has_it(node) && trail.holders.contains(node);
    });
    ++sums_.failed;
    ++(holders == 0   ? sums_.stored_nowhere
       : holder_asked ? sums_.nothing_came_back
                      : sums_.no_holder_asked);
}

TraceFigures Trace::figures() const {
    TraceFigures figures = sums_;
    const double each = counted_ == 0 ? 0 : 1 / static_cast<double>(counted_);
    figures.honest_holders *= each;
    figures.hostile_holders *= each;
    figures.asked_by_put *= each;
    figures.honest_asked *= each;
    figures.hostile_asked *= each;
    return figures;
}

}  // namespace qe::bench
