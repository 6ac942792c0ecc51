// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/flow_record.h"

#include <algorithm>
#include <cmath>

namespace qe::sim {
namespace {

std::size_t slot_of(base::Instant when) {
    return when.nanoseconds() / static_cast<std::uint64_t>(FlowRecord::kSlot.count());
}

base::Instant begin_of(std::size_t slot) {
    return base::Instant::from_nanoseconds(slot *
                                           static_cast<std::uint64_t>(FlowRecord::kSlot.count()));
}

}  // namespace

void FlowRecord::add_delivered(base::Instant when, std::uint64_t bytes) {
    const std::size_t slot = slot_of(when);
    if (slots_.size() <= slot) {
        slots_.resize(slot + 1);
    }
    slots_[slot] += bytes;
    delivered_bytes += bytes;
}

std::size_t FlowRecord::sent(const Span& span) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(probes, [&](const Probe& p) { return span.contains(p.sent); }));
}

double FlowRecord::delivery(const Span& span) const {
    const std::size_t all = sent(span);
    const auto arrived = std::ranges::count_if(
        probes, [&](const Probe& p) { return span.contains(p.sent) && p.delivered(); });
    return all == 0 ? 1.0 : static_cast<double>(arrived) / static_cast<double>(all);
}

std::vector<base::Duration> FlowRecord::delays(const Span& span) const {
    std::vector<base::Duration> out;
    for (const Probe& probe : probes) {
        if (span.contains(probe.sent) && probe.delivered()) {
            out.push_back(probe.delay());
        }
    }
    std::ranges::sort(out);
    return out;
}

double FlowRecord::goodput_bps(const Span& span) const {
    const double seconds = std::chrono::duration<double>(span.until - span.from).count();
    const std::size_t end = std::min(slots_.size(), slot_of(span.until));
    std::uint64_t bytes = 0;
    for (std::size_t slot = slot_of(span.from); slot < end; ++slot) {
        bytes += slots_[slot];
    }
    constexpr double kBits = 8;
    return seconds <= 0 ? 0 : static_cast<double>(bytes) * kBits / seconds;
}

std::vector<base::Instant> FlowRecord::arrivals(const Span& span) const {
    std::vector<base::Instant> out;
    for (const Probe& probe : probes) {
        if (probe.delivered() && span.contains(probe.arrived)) {
            out.push_back(probe.arrived);
        }
    }
    for (std::size_t slot = 0; probes.empty() && slot < slots_.size(); ++slot) {
        if (slots_[slot] > 0 && span.contains(begin_of(slot))) {
            out.push_back(begin_of(slot));
        }
    }
    std::ranges::sort(out);
    return out;
}

base::Duration FlowRecord::longest_gap(const Span& span) const {
    base::Duration longest{0};
    base::Instant last = span.from;
    for (const base::Instant when : arrivals(span)) {
        longest = std::max(longest, when - last);
        last = when;
    }
    return std::max(longest, span.until - last);
}

base::Duration percentile(const std::vector<base::Duration>& sorted, double share) {
    if (sorted.empty()) {
        return base::Duration(0);
    }
    const double rank = std::ceil(share * static_cast<double>(sorted.size()));
    const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
    return sorted[std::min(index, sorted.size() - 1)];
}

}  // namespace qe::sim
