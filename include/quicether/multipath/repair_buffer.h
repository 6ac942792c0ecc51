// SPDX-License-Identifier: Apache-2.0
//
// RepairBuffer: copies of a session's datagrams in flight, to be sent again when a path loses them.
//
// A datagram is kept from when it is sent until a path acknowledges it. When QUIC declares it lost,
// or its path fails, it queues to be sent again, on whichever path the caller likes best, unless
// the receiver cannot be waiting for it any more (older than `age_max`) or it was sent again
// kRepairsMax times. Bounded in bytes, and in how far the oldest may lie behind the newest: when
// full, the oldest is forgotten, which costs nothing but its repair. What is asked of it costs the
// same however much it holds, except when a path fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "quicether/multipath/buffer_pool.h"
#include "quicether/multipath/fifo.h"

namespace qe::multipath {

/// Names a path within its session.
using PathIndex = std::uint8_t;

/// Names a datagram in the buffer, for QUIC to report its fate under. Counts up and wraps; never 0.
using RepairToken = std::uint32_t;

struct RepairCounters {
    std::uint64_t kept = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t repaired = 0;   ///< Sent again.
    std::uint64_t abandoned = 0;  ///< Lost, but too old, lost too often, or given up by the caller.
    std::uint64_t forgotten = 0;  ///< For want of room.
};

class RepairBuffer {
  public:
    static constexpr std::uint8_t kRepairsMax = 3;
    /// The oldest may lie one token behind the newest for each so many bytes of room (64 at least).
    static constexpr std::size_t kBytesPerEntry = 256;

    /// `bytes_max`: datagram bytes. `first`: the token to begin with, not 0.
    explicit RepairBuffer(std::size_t bytes_max, RepairToken first = 1) noexcept;

    /// Remembers a datagram that leaves by `path` now; `parts` is its content, header and all.
    [[nodiscard]] RepairToken keep(base::Instant now, PathIndex path,
                                   std::span<const base::ByteView> parts);
    /// The datagram leaves again, by `path`.
    void handle_sent_again(RepairToken token, PathIndex path) noexcept;
    /// What QUIC says became of it. Unknown tokens are ignored. So is a loss on a path by which the
    /// datagram did not leave last: it was repaired since.
    void handle_acknowledged(RepairToken token) noexcept;
    void handle_lost(RepairToken token, PathIndex path);
    /// The caller does not want to send it again.
    void handle_given_up(RepairToken token) noexcept;
    /// Everything in flight on this path is to be sent again.
    void handle_path_failed(PathIndex path);

    struct Repair {
        RepairToken token = 0;
        PathIndex lost_on = 0;
        base::ByteView bytes;  ///< Valid until the next call of a non-const function.
    };
    /// The datagram to send again: of those lost, the one that was reported first. The caller
    /// answers with handle_sent_again() or handle_given_up(); until then it is returned again.
    [[nodiscard]] std::optional<Repair> next(base::Instant now);
    /// How old a datagram may be and still be of use to the receiver.
    void set_age_max(base::Duration age) noexcept { age_max_ = age; }

    [[nodiscard]] std::size_t bytes_held() const noexcept { return bytes_; }
    [[nodiscard]] const RepairCounters& counters() const noexcept { return counters_; }

  private:
    enum class Fate : std::uint8_t { Free, InFlight, Lost };
    struct Entry {
        base::Bytes bytes;
        base::Instant sent_at;  ///< For the first time.
        PathIndex path = 0;
        std::uint8_t repairs = 0;
        Fate fate = Fate::Free;
    };

    [[nodiscard]] Entry* find(RepairToken token) noexcept;
    [[nodiscard]] Entry& at(RepairToken token) noexcept;
    [[nodiscard]] std::size_t span() const noexcept { return next_token_ - oldest_; }
    void make_room(std::size_t bytes);
    void forget_oldest();
    void grow();
    void on_lost(RepairToken token, Entry& entry);
    void release(Entry& entry) noexcept;
    void drop_settled() noexcept;

    std::size_t bytes_max_;
    std::size_t span_max_;
    base::Duration age_max_ = base::milliseconds(500);
    std::vector<Entry> entries_;  ///< A ring by token, a power of two; grows to the span.
    RepairToken oldest_;          ///< Not free, unless nothing is kept.
    RepairToken next_token_;
    Fifo<RepairToken> lost_;  ///< Those behind the front may be settled already; once each.
    std::size_t bytes_ = 0;
    BufferPool pool_;
    RepairCounters counters_;
};

}  // namespace qe::multipath
