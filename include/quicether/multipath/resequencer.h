// SPDX-License-Identifier: Apache-2.0
//
// Resequencer: gives the datagrams of one lane to the host once, and an ordered lane's in order.
//
// What comes early waits for what is missing before it, at most `patience` after the first datagram
// behind the gap arrived, and only as long as memory lasts: then the gap is given up and what
// waits behind it goes on. A datagram that comes after its gap was given up is delivered out of
// order rather than lost, once; copies are dropped. A jump of more than kWindow ahead means that
// the sender began anew: so does the lane, and what waits is dropped. Who comes from more than
// kWindow behind cannot be told from a copy and is dropped, unless nothing nearer came for
// kRestartAfter: then, too, the sender began anew.
//
//     switch (lane.arrive(now, sequence, bytes)) {
//         case Arrival::Deliver: use(bytes); …
//     }
//     while (auto next = lane.pop(now)) use(*next);   // after each arrival, and at next_deadline()
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "quicether/multipath/buffer_pool.h"
#include "quicether/multipath/fifo.h"
#include "quicether/multipath/sequence.h"

namespace qe::multipath {

struct ResequencerCounters {
    std::uint64_t in_order = 0;    ///< Delivered as they came; on a loose lane, the newest so far.
    std::uint64_t waited = 0;      ///< Held back, then delivered in order.
    std::uint64_t gaps = 0;        ///< Datagrams given up as lost; ordered lanes only.
    std::uint64_t late = 0;        ///< Delivered after later ones: its gap had been given up.
    std::uint64_t duplicates = 0;  ///< Dropped.
    std::uint64_t stale = 0;       ///< Dropped: from more than a window behind.
    std::uint64_t discarded = 0;   ///< Dropped: waited when the lane began anew.
    std::uint64_t restarts = 0;
};

enum class Arrival : std::uint8_t {
    Deliver,  ///< Its turn: use it now, then pop().
    Held,     ///< Copied; pop() gives it back when its turn comes.
    Drop,     ///< A copy of one that came before, or too old to tell.
};

class Resequencer {
  public:
    /// Numbers that are told apart as new, old or seen.
    static constexpr std::uint32_t kWindow = 16'384;
    /// A lane whose first datagram to come has a number below this begins with number 0, which a
    /// slower path may bring.
    static constexpr std::uint32_t kOpening = 256;
    static constexpr base::Duration kRestartAfter = base::milliseconds(250);

    /// `bytes_max`: datagram bytes that may wait from one arrival to the next. `ordered` false: a
    /// loose lane, nothing waits.
    Resequencer(bool ordered, std::size_t bytes_max);

    /// How long what comes early may wait, from now on.
    void set_patience(base::Duration patience) noexcept { patience_ = patience; }

    /// Precondition: pop() had nothing more after the last arrival.
    [[nodiscard]] Arrival arrive(base::Instant now, Sequence sequence, base::ByteView bytes);
    /// The next datagram whose turn has come, or whose gap has been given up by `now`. Valid until
    /// the next call.
    [[nodiscard]] std::optional<base::MutableBytes> pop(base::Instant now);
    /// When the oldest gap is given up; never() while nothing waits.
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    [[nodiscard]] std::size_t bytes_held() const noexcept { return bytes_held_; }
    [[nodiscard]] const ResequencerCounters& counters() const noexcept { return counters_; }

  private:
    struct Slot {
        base::Bytes bytes;
        bool held = false;
    };
    struct Waiting {
        Sequence sequence;
        base::Instant came_at;
    };

    [[nodiscard]] bool is_restart(base::Instant now, Sequence sequence) const noexcept;
    void restart(Sequence first) noexcept;
    [[nodiscard]] Arrival arrive_behind(Sequence sequence) noexcept;
    [[nodiscard]] Arrival arrive_loose(Sequence sequence, std::uint32_t ahead) noexcept;
    [[nodiscard]] Arrival arrive_ordered(base::Instant now, Sequence sequence,
                                         base::ByteView bytes);
    void hold(base::Instant now, Sequence sequence, base::ByteView bytes);
    void grow_slots(std::uint32_t reach);
    void give_up_gap() noexcept;
    void forget_delivered() noexcept;
    [[nodiscard]] bool must_go_on(base::Instant now) const noexcept;

    [[nodiscard]] Slot& slot(Sequence sequence) noexcept;
    [[nodiscard]] bool is_held(Sequence sequence) const noexcept;
    [[nodiscard]] bool is_seen(Sequence sequence) const noexcept;
    void pass(bool delivered) noexcept;
    void mark(Sequence sequence, bool delivered) noexcept;

    bool ordered_;
    std::size_t bytes_max_;
    base::Duration patience_ = base::milliseconds(50);
    bool begun_ = false;
    base::Instant near_at_;  ///< When something came from within the window.
    Sequence next_;  ///< Ordered: the one whose turn it is. Loose: one past the highest seen.
    Sequence end_;   ///< One past the highest seen.
    std::vector<std::uint64_t> seen_;  ///< A ring of bits: which of the kWindow before next_ came.
    std::vector<Slot> slots_;  ///< A ring from next_ on; a power of two, grows to the reach.
    Fifo<Waiting> waiting_;    ///< By arrival, each number once; its front is always held.
    std::size_t held_ = 0;
    std::size_t bytes_held_ = 0;
    BufferPool pool_;
    base::Bytes handed_out_;
    ResequencerCounters counters_;
};

}  // namespace qe::multipath
