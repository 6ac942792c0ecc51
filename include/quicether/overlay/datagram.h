// SPDX-License-Identifier: Apache-2.0
//
// The overlay datagram: what one QUIC DATAGRAM frame between two nodes carries.
//
//      0 1 2 3 4 5 6 7
//     +-----+---------+
//     |type |  flags  |  then the fields the flags and the type announce, then the payload
//     +-----+---------+
//
//   type 1  Packets   one or more whole IP packets back to back; each tells its own length
//   type 2  Fragment  a piece of one IP packet: id (4 bytes), offset (2), total size (2), bytes
//   others  reserved; a receiver drops and counts them
//
//   flag 0x01  Sequence         a 4-byte sequence number follows the first byte (sessions of
//   several
//                               paths)
//   flag 0x02  ChecksumPartial  type 1 only: the TCP or UDP checksum fields of the packets have no
//                               meaning; whoever hands a packet to a host computes them. QUIC's
//                               AEAD protects the bytes meanwhile.
//   flags 0x04 … 0x10 are reserved and must be zero: a receiver drops what it does not understand
//
// The type is the upper three bits of the first byte, the flags are the lower five.
//
// Integers are big-endian. The byte-exact page is docs/protocol/overlay.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::overlay {

enum class DatagramType : std::uint8_t { Packets = 1, Fragment = 2 };

struct FragmentFields {
    std::uint32_t id = 0;      ///< Per sender and session, counts up, wraps.
    std::uint16_t offset = 0;  ///< Bytes into the packet.
    std::uint16_t total = 0;   ///< Bytes of the whole packet.
};

struct DatagramHeader {
    DatagramType type = DatagramType::Packets;
    std::optional<std::uint32_t> sequence;
    bool checksum_partial = false;  ///< Of DatagramType::Packets only.
    FragmentFields fragment;        ///< Meaningful for DatagramType::Fragment.
};

inline constexpr std::size_t kSequenceSize = 4;
inline constexpr std::size_t kDatagramHeaderMax = 1 + 4 + 8;
inline constexpr std::size_t kPacketsHeader = 1;   ///< Without a sequence number.
inline constexpr std::size_t kFragmentHeader = 9;  ///< Without a sequence number.

/// A header ready to be put in front of a payload.
struct EncodedHeader {
    std::array<std::byte, kDatagramHeaderMax> bytes{};
    std::size_t size = 0;
    [[nodiscard]] base::ByteView view() const noexcept { return base::ByteView(bytes).first(size); }
};
/// The 1 to 13 bytes of a header. Its fragment fields are written as they stand.
[[nodiscard]] EncodedHeader encode_datagram_header(const DatagramHeader& header) noexcept;

/// The one byte that is the header of a Packets datagram without a sequence number.
[[nodiscard]] constexpr std::byte packets_header(bool checksum_partial) noexcept {
    return checksum_partial ? std::byte{0x22} : std::byte{0x20};
}

struct ParsedDatagram {
    DatagramHeader header;
    base::MutableBytes payload;  ///< Part of the parsed bytes; not empty.
};
/// Errors: kTruncated (also without a payload), kBadOverlayHeader (reserved type or flag),
/// kBadFragment (offset + payload exceeds total, total 0, or a fragment that is the whole packet).
[[nodiscard]] base::Result<ParsedDatagram> parse_datagram(base::MutableBytes bytes) noexcept;

}  // namespace qe::overlay
