// SPDX-License-Identifier: Apache-2.0
//
// Fragmenter: cuts a packet that does not fit one overlay datagram into the fewest equal pieces.
//
// Stateless but for the fragment id. Pieces are views into the packet, hence valid as long as it.
// There are always two pieces at least, because no fragment may be a whole packet; and each leaves
// room for a sequence number, which the caller may add to a piece's header.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/overlay/datagram.h"

namespace qe::overlay {

/// A packet of 65,535 bytes over a 576-byte path makes 125 pieces. One that needs more is refused.
inline constexpr std::size_t kFragmentsMax = 128;

/// One cut of one packet; ask `piece(0) … piece(count - 1)`.
class FragmentPlan {
  public:
    struct Piece {
        DatagramHeader header;
        base::ByteView payload;
    };

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// `index < count()`, asserted.
    [[nodiscard]] Piece piece(std::size_t index) const noexcept;

  private:
    friend class Fragmenter;
    base::ByteView packet_;
    std::uint32_t id_ = 0;
    std::size_t piece_size_ = 0;
    std::size_t count_ = 0;
};

class Fragmenter {
  public:
    explicit Fragmenter(std::uint32_t first_id) noexcept : next_id_(first_id) {}

    /// `datagram_bytes_max` is what one QUIC datagram may hold, header included. Each call that
    /// succeeds uses up one id.
    /// Errors: kTooLarge (over 65,535 bytes or over kFragmentsMax pieces), kInvalidArgument (a
    /// packet below 2 bytes).
    [[nodiscard]] base::Result<FragmentPlan> cut(base::ByteView packet,
                                                 std::size_t datagram_bytes_max) noexcept;

  private:
    std::uint32_t next_id_;
};

}  // namespace qe::overlay
