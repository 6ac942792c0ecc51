// SPDX-License-Identifier: Apache-2.0
//
// Reassembler: puts the fragments of one peer's packets together again, within fixed bounds.
//
// One per session. Holds at most `bytes_max` of unfinished packets and `packets_max` of them; the
// oldest goes first. A packet not whole after `lifetime` is dropped. Overlapping or contradicting
// fragments (another total, or other bytes for the same range) drop the whole packet (as RFC 5722
// demands of IPv6); an exact duplicate of a fragment is ignored. What arrives late for a packet
// that is finished or dropped is ignored too, for the last kClosedIdsMax of them, so that a session
// that sends everything over two paths does not start each packet a second time. All drops are
// counted. Buffers of common packets are kept and used again: no allocation in the steady state.
// Whether the result is an IP packet is for the caller to see.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/overlay/datagram.h"

namespace qe::overlay {

struct ReassemblyOptions {
    std::size_t bytes_max = 256U << 10;  ///< Sum of the announced sizes of unfinished packets.
    std::size_t packets_max = 64;        ///< At least 1.
    base::Duration lifetime = base::seconds(5);
};

struct ReassemblyCounters {
    std::uint64_t fragments = 0;   ///< Taken in, whatever became of them.
    std::uint64_t packets = 0;     ///< Made whole.
    std::uint64_t expired = 0;     ///< Packets dropped by age.
    std::uint64_t evicted = 0;     ///< Packets dropped for younger ones.
    std::uint64_t rejected = 0;    ///< Overlaps, contradictions, fragments no packet has.
    std::uint64_t duplicates = 0;  ///< Fragments held already, or of a packet already closed.
};

class Reassembler {
  public:
    static constexpr std::size_t kClosedIdsMax = 64;

    explicit Reassembler(const ReassemblyOptions& options = {});

    /// Takes one fragment. Returns the whole packet when this was its last missing piece; the view
    /// is valid until the next call, and moves with the Reassembler. Errors: kBadFragment (dropped
    /// and counted), kReassemblyFull (one packet alone exceeds bytes_max).
    [[nodiscard]] base::Result<std::optional<base::ByteView>> handle_fragment(
        base::Instant now, const FragmentFields& fields, base::ByteView payload);

    /// Drops what is too old. To be called at next_deadline(), harmless at any other time.
    void handle_timeout(base::Instant now);
    /// When the oldest unfinished packet expires, or never().
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    [[nodiscard]] const ReassemblyCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t bytes_held() const noexcept { return bytes_held_; }

  private:
    struct Range {
        std::uint16_t begin = 0;
        std::uint16_t end = 0;
    };
    /// One unfinished packet. Slots and what they allocated are used again.
    struct Partial {
        base::Bytes bytes;        ///< At least `total`; the packet is its beginning.
        std::vector<Range> have;  ///< Disjoint, sorted by begin, at most kFragmentsMax.
        std::size_t total = 0;
        std::size_t received = 0;
        base::Instant expires;
    };
    struct Open {
        std::uint32_t id = 0;
        std::uint32_t slot = 0;
    };
    enum class Placement : std::uint8_t { Stored, Duplicate, Contradiction };

    [[nodiscard]] std::size_t find(std::uint32_t id) const noexcept;
    [[nodiscard]] bool is_closed(std::uint32_t id) const noexcept;
    std::size_t open(base::Instant now, const FragmentFields& fields);
    [[nodiscard]] static Placement place(Partial& partial, const FragmentFields& fields,
                                         base::ByteView payload);
    base::ByteView finish(std::size_t index);
    void close(std::size_t index);
    std::uint32_t take_slot();

    ReassemblyOptions options_;
    std::vector<Partial> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<Open> open_;  ///< By age: the oldest is first to expire and first to go.
    std::array<std::uint32_t, kClosedIdsMax> closed_{};  ///< A ring of ids.
    std::size_t closed_count_ = 0;                       ///< Ever closed; the ring's position.
    base::Bytes finished_;
    base::Bytes spare_;  ///< The largest buffer that was left over lately.
    std::size_t bytes_held_ = 0;
    ReassemblyCounters counters_;
};

}  // namespace qe::overlay
