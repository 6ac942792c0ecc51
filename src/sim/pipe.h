// SPDX-License-Identifier: Apache-2.0
//
// Pipe: one direction of a link. What enters waits in a queue, leaves it at the link's rate, may be
// lost, doubled, corrupted or held back, and arrives after the delay.
//
//   enter ─► up? ─► MTU ─► queue (drop-tail or CoDel) ─► rate ─► loss ─► corruption ─► delay ─► to
//
// Every condition may change while packets are under way: those already past a stage are not
// concerned. Nothing is handed on within receive(), always from an event of the pipe's own. No
// packet is ever unaccounted for: entered + duplicated = delivered + lost_* + inside().
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "sim/codel.h"
#include "sim/packet.h"
#include "sim/ring.h"
#include "sim/scheduler.h"

namespace qe::sim {

/// Losses come singly and in bursts (Gilbert 1960, Elliott 1963): a Markov chain with a good and a
/// bad state, asked once for each packet, which moves first. With good = 0 and bad = 1 the share
/// to_bad / (to_bad + to_good) is lost, in bursts of 1 / to_good packets on average.
struct LossModel {
    double good = 0;     ///< Probability of loss in the good state.
    double bad = 0;      ///< And in the bad one.
    double to_bad = 0;   ///< Probability of leaving the good state, for each packet.
    double to_good = 1;  ///< And of leaving the bad one.

    friend bool operator==(const LossModel&, const LossModel&) = default;
};

enum class QueueKind : std::uint8_t { DropTail, CoDel };

struct PipeOptions {
    bool up = true;
    std::size_t mtu = 1500;      ///< Bytes of an IP packet; larger ones vanish without a word.
    std::uint64_t rate_bps = 0;  ///< Bits per second of IP packets; 0: no limit, hence no queue.
    QueueKind queue = QueueKind::DropTail;
    std::size_t queue_bytes = 256U << 10;  ///< Of waiting packets, without the one being sent.
    base::Duration delay{0};               ///< One way.
    base::Duration jitter{0};  ///< Added, uniform in [0, jitter]; packets keep their order.
    LossModel loss;
    double reorder = 0;            ///< Probability of being held back, and so overtaken,
    base::Duration reorder_by{0};  ///< for this long.
    double duplicate = 0;          ///< Probability of arriving twice.
    double corrupt = 0;            ///< Probability of a flipped bit that the checksum misses.

    friend bool operator==(const PipeOptions&, const PipeOptions&) = default;
};

struct PipeCounters {
    std::uint64_t entered = 0;
    std::uint64_t delivered = 0;
    std::uint64_t delivered_bytes = 0;  ///< Of IP packets.
    std::uint64_t lost_down = 0;
    std::uint64_t lost_mtu = 0;
    std::uint64_t lost_queue = 0;
    std::uint64_t lost_random = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t corrupted = 0;
    std::uint64_t marked = 0;  ///< CE set by CoDel instead of a drop (RFC 8289, RFC 3168).

    [[nodiscard]] std::uint64_t lost() const noexcept {
        return lost_down + lost_mtu + lost_queue + lost_random;
    }
    [[nodiscard]] std::uint64_t inside() const noexcept {
        return entered + duplicated - delivered - lost();
    }
    PipeCounters& operator+=(const PipeCounters& other) noexcept;
};

class Pipe final : public Receiver {
  public:
    /// `to` must outlive the pipe, and the pipe what it has scheduled (see idle()).
    Pipe(Scheduler& scheduler, base::Rng rng, const PipeOptions& options, Receiver& to);
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void receive(Packet packet) override;
    void set_options(const PipeOptions& options) noexcept;
    [[nodiscard]] const PipeOptions& options() const noexcept { return options_; }
    [[nodiscard]] const PipeCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_; }
    /// Packets that wait or fly, counted one by one.
    [[nodiscard]] std::size_t inside() const noexcept;
    /// Whether no event of this pipe is scheduled, so that it may be destroyed.
    [[nodiscard]] bool idle() const noexcept { return !serving_ && !landing_ && held_.empty(); }

  private:
    struct Waiting {
        Packet packet;
        base::Instant since;
    };
    struct Flying {
        Packet packet;
        base::Instant arrives;
        std::uint64_t number = 0;  ///< Of those held back, for ties.
    };
    static bool lands_later(const Flying& a, const Flying& b) noexcept;
    void enqueue(Packet packet);
    void schedule_service();
    void serve();
    void send(Packet packet);
    [[nodiscard]] base::Duration sending_time(std::size_t bytes) noexcept;
    [[nodiscard]] bool condemned(Waiting& head);
    void depart(Packet packet);
    void fly(Packet packet);
    void schedule_landing();
    void on_landing();
    void on_held_landing();
    void deliver(Packet packet);
    void flip_bit(Packet& packet);
    [[nodiscard]] bool lost_to_noise();
    [[nodiscard]] bool chance(double probability) noexcept;

    Scheduler& scheduler_;
    base::Rng rng_;
    PipeOptions options_;
    Receiver& to_;
    Ring<Waiting> queue_;
    std::size_t queued_bytes_ = 0;
    CoDelLaw codel_;
    bool serving_ = false;             ///< An event is scheduled for the queue.
    base::Instant line_free_at_;       ///< When the last packet on the line has left it.
    std::uint64_t bit_remainder_ = 0;  ///< Nanoseconds × rate that rounding left over.
    bool in_bad_state_ = false;
    base::Instant last_arrival_;
    Ring<Flying> flying_;       ///< In order of arrival.
    bool landing_ = false;      ///< An event is scheduled for the first of them.
    std::vector<Flying> held_;  ///< Held back; an event each. A heap, the first to arrive on top.
    PipeCounters counters_;
};

}  // namespace qe::sim
