// SPDX-License-Identifier: Apache-2.0
//
// FlowRecord: what happened to one flow of the simulated applications, kept in full so that any
// span of the run can be judged afterwards.
//
// All times are those of the world's clock. A span is half open: [from, until).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "quicether/base/time.h"

namespace qe::sim {

struct Span {
    base::Instant from;
    base::Instant until = base::Instant::never();

    [[nodiscard]] bool contains(base::Instant t) const noexcept { return from <= t && t < until; }
};

/// One echo request, or one datagram of a constant-rate flow.
struct Probe {
    base::Instant sent;
    /// Of the reply, or of the datagram at the other end; never(): lost.
    base::Instant arrived = base::Instant::never();

    [[nodiscard]] bool delivered() const noexcept { return !arrived.is_never(); }
    /// Round trip of an echo, one way of a datagram.
    [[nodiscard]] base::Duration delay() const noexcept { return arrived - sent; }
};

class FlowRecord {
  public:
    static constexpr base::Duration kSlot = base::milliseconds(100);

    std::vector<Probe> probes;  ///< By number; empty for reliable flows.
    std::uint64_t duplicates = 0;
    std::uint64_t altered = 0;    ///< Arrived with bytes that were not sent.
    std::uint64_t reordered = 0;  ///< Arrived after one that was sent later.
    std::uint64_t retransmissions = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t congestion_marks = 0;  ///< CE seen by the receiver.
    std::uint64_t delivered_bytes = 0;   ///< Application data, in order, once.
    std::optional<base::Instant> finished;

    void add_delivered(base::Instant when, std::uint64_t bytes);

    /// Share of the probes sent in the span that arrived; 1 when none was sent.
    [[nodiscard]] double delivery(const Span& span) const;
    [[nodiscard]] std::size_t sent(const Span& span) const;
    /// Delays of the probes sent in the span that arrived, sorted.
    [[nodiscard]] std::vector<base::Duration> delays(const Span& span) const;
    /// Bits of application data per second, averaged over the span.
    [[nodiscard]] double goodput_bps(const Span& span) const;
    /// The longest time within the span in which nothing arrived, its ends included. Exact for
    /// probes, in steps of kSlot for reliable flows.
    [[nodiscard]] base::Duration longest_gap(const Span& span) const;
    /// Application bytes delivered in each slot since the clock's origin.
    [[nodiscard]] const std::vector<std::uint64_t>& slots() const noexcept { return slots_; }

  private:
    [[nodiscard]] std::vector<base::Instant> arrivals(const Span& span) const;

    std::vector<std::uint64_t> slots_;
};

/// The value below which `share` of a sorted list lies; zero when the list is empty.
[[nodiscard]] base::Duration percentile(const std::vector<base::Duration>& sorted, double share);

}  // namespace qe::sim
