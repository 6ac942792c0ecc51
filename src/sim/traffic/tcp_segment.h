// SPDX-License-Identifier: Apache-2.0
//
// TCP segments as the reliable flow sends them: RFC 9293 headers with the options MSS, window scale
// (RFC 7323) and SACK (RFC 2018), and the flags of ECN (RFC 3168).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quicether/base/bytes.h"

namespace qe::sim {

inline constexpr std::size_t kTcpHeader = 20;
/// Shift of the window field of all but SYN segments.
inline constexpr unsigned kTcpWindowScale = 10;

struct TcpSegment {
    struct Block {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;  ///< Exclusive.
        friend bool operator==(const Block&, const Block&) = default;
    };
    static constexpr std::size_t kBlocksMax = 4;

    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledged = 0;
    bool syn = false;
    bool ack = false;
    bool push = false;
    bool congestion_seen = false;     ///< ECE
    bool congestion_handled = false;  ///< CWR
    std::uint32_t window = 0;         ///< Bytes; rounded down to the scale.
    std::uint16_t mss = 0;            ///< Of a SYN; 0: no option.
    std::vector<Block> sacked;        ///< At most kBlocksMax.
    base::ByteView payload;
};

/// Header, options and payload, with a zero checksum.
[[nodiscard]] base::Bytes encode_tcp(const TcpSegment& segment);
/// Nothing when lengths do not fit. Unknown options are skipped. The payload is a view.
[[nodiscard]] std::optional<TcpSegment> parse_tcp(base::ByteView bytes);

/// The 64-bit stream position nearest to `near` that ends in these 32 bits.
[[nodiscard]] constexpr std::uint64_t unwrap_sequence(std::uint32_t wire,
                                                      std::uint64_t near) noexcept {
    const auto difference = static_cast<std::int32_t>(wire - static_cast<std::uint32_t>(near));
    const auto moved = static_cast<std::int64_t>(near) + difference;
    return moved < 0 ? wire : static_cast<std::uint64_t>(moved);
}

}  // namespace qe::sim
