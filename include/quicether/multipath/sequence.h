// SPDX-License-Identifier: Apache-2.0
//
// Lanes and their numbers: the 4-byte sequence field of an overlay datagram (overlay/datagram.h).
//
// The upper 3 bits name a lane, the lower 29 count its datagrams and wrap. Each lane of a session
// and direction counts for itself. Even lanes are loose: their datagrams are delivered as they
// come, each once. Odd ones are in order: the receiver waits, for a bounded time, for those that
// travel by slower paths or are sent again.
#pragma once

#include <compare>
#include <cstdint>

namespace qe::multipath {

using Lane = std::uint8_t;
inline constexpr Lane kLooseLane = 0;
inline constexpr Lane kLanesMax = 8;

/// Number of a datagram in its lane, 29 bits; compared in a circle (RFC 1982).
class Sequence {
  public:
    static constexpr std::uint32_t kMask = (1U << 29) - 1;

    constexpr Sequence() = default;
    constexpr explicit Sequence(std::uint32_t value) noexcept : value_(value & kMask) {}
    [[nodiscard]] constexpr std::uint32_t value() const noexcept { return value_; }
    [[nodiscard]] constexpr Sequence next(std::uint32_t steps = 1) const noexcept {
        return Sequence(value_ + steps);
    }
    /// Steps from `from` to this, negative when this lies before it.
    [[nodiscard]] constexpr std::int32_t distance_from(Sequence from) const noexcept {
        const std::uint32_t steps = (value_ - from.value_) & kMask;
        return steps <= kMask / 2
                   ? static_cast<std::int32_t>(steps)
                   : static_cast<std::int32_t>(steps) - static_cast<std::int32_t>(kMask) - 1;
    }
    friend constexpr bool operator==(Sequence, Sequence) = default;

  private:
    std::uint32_t value_ = 0;
};

struct LaneSequence {
    Lane lane = kLooseLane;
    Sequence sequence;
    friend constexpr bool operator==(const LaneSequence&, const LaneSequence&) = default;
};

[[nodiscard]] constexpr std::uint32_t encode(LaneSequence value) noexcept {
    return (std::uint32_t{value.lane} << 29) | value.sequence.value();
}
[[nodiscard]] constexpr LaneSequence decode_lane_sequence(std::uint32_t field) noexcept {
    return {static_cast<Lane>(field >> 29), Sequence(field)};
}

}  // namespace qe::multipath
