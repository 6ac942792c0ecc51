// SPDX-License-Identifier: Apache-2.0
//
// LinkModel: one direction of a link in virtual time. It decides when a packet arrives, or that it
// does not; it never sees a packet, only its handle and size, and no clock.
//
//   handle_packet ─► up? ─► MTU ─► queue (tail drop) ─► line (size × 8 / rate) ─► loss ─► delay
//                                                                       poll_arrival, poll_dropped
//                                                                       ◄─┘
//
// A handle given to handle_packet comes back exactly once, from poll_arrival or poll_dropped.
// Conditions may change at any time: those already past a stage are not concerned, those that wait
// leave at the new rate. Times passed in must not run backwards. No packet is unaccounted for:
// entered = arrived + dropped() + inside().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "conditions.h"
#include "dice.h"
#include "quicether/base/time.h"

namespace qe::linkemu {

/// The caller's name for a packet.
using PacketHandle = std::uint32_t;

struct LinkCounters {
    std::uint64_t entered = 0;
    std::uint64_t entered_bytes = 0;  ///< Of IP packets, as all bytes here.
    std::uint64_t arrived = 0;        ///< Without the second copies of duplicates.
    std::uint64_t arrived_bytes = 0;
    std::uint64_t lost_down = 0;  ///< Entered, or were inside, while the link was cut or swallowed.
    std::uint64_t lost_mtu = 0;
    std::uint64_t lost_queue = 0;
    std::uint64_t lost_random = 0;
    std::uint64_t lost_full = 0;  ///< More were inside than memory is meant for (kInsideMax).
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t queue_bytes_max = 0;
    base::Duration queue_delay_max{0};  ///< Longest wait of a packet until its first bit was sent.

    [[nodiscard]] std::uint64_t dropped() const noexcept {
        return lost_down + lost_mtu + lost_queue + lost_random + lost_full;
    }
};

struct Arrival {
    PacketHandle packet = 0;
    bool twice = false;  ///< To be handed on two times.
};

class LinkModel {
  public:
    /// Enough for 1 Gbit/s of full-size packets over three seconds.
    static constexpr std::size_t kInsideMax = 250'000;

    /// `label` ("wan1/ab") and `seed` determine all that is random.
    LinkModel(std::uint64_t seed, const std::string& label, const Conditions& conditions);

    /// An IP packet of `bytes` bytes enters.
    void handle_packet(base::Instant now, PacketHandle packet, std::size_t bytes);
    void set_conditions(base::Instant now, const Conditions& conditions);
    /// A link that is cut loses what is inside it.
    void set_up(base::Instant now, bool up);

    /// The next packet that has arrived by `now`.
    [[nodiscard]] std::optional<Arrival> poll_arrival(base::Instant now);
    /// The next packet that was dropped, whatever the reason.
    [[nodiscard]] std::optional<PacketHandle> poll_dropped();
    /// When to poll for arrivals again; not later than the next one.
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    [[nodiscard]] const Conditions& conditions() const noexcept { return conditions_; }
    [[nodiscard]] bool up() const noexcept { return up_; }
    [[nodiscard]] const LinkCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_; }
    [[nodiscard]] std::size_t inside() const noexcept {
        return queue_.size() + flying_.size() + held_.size();
    }

  private:
    struct Waiting {
        PacketHandle packet;
        std::size_t bytes;
        base::Instant since;
    };
    struct Flying {
        Arrival arrival;
        std::size_t bytes;
        base::Instant at;
        std::uint64_t number = 0;  ///< Of those held back, for ties.
    };
    static bool lands_later(const Flying& a, const Flying& b) noexcept;
    void drop(PacketHandle packet, std::uint64_t& counter);
    void enqueue(base::Instant now, PacketHandle packet, std::size_t bytes);
    [[nodiscard]] std::size_t queue_limit() const noexcept;
    void serve(base::Instant now);
    void send(const Waiting& packet, base::Instant start);
    [[nodiscard]] base::Duration sending_time(std::size_t bytes) noexcept;
    [[nodiscard]] bool lost_to_noise();
    [[nodiscard]] base::Duration drawn_delay();
    void fly(PacketHandle packet, std::size_t bytes);
    void lose_all();
    Arrival arrive(const Flying& packet);

    Conditions conditions_;
    bool up_ = true;
    Dice loss_dice_;
    Dice delay_dice_;
    Dice reorder_dice_;
    Dice duplicate_dice_;
    bool in_bad_state_ = false;
    std::deque<Waiting> queue_;
    std::size_t queued_bytes_ = 0;
    base::Instant line_free_at_;       ///< When the last packet on the line has left it.
    std::uint64_t bit_remainder_ = 0;  ///< Nanoseconds × rate that rounding left over.
    base::Instant last_arrival_;
    std::deque<Flying> flying_;  ///< In order of arrival.
    std::vector<Flying> held_;   ///< Held back; a heap, the first to arrive on top.
    std::deque<PacketHandle> dropped_;
    LinkCounters counters_;
};

}  // namespace qe::linkemu
