// SPDX-License-Identifier: Apache-2.0
//
// Offsets and flags of TCP and UDP headers (RFC 9293, RFC 3168, RFC 768), from their beginning.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qe::net {

namespace tcp {
inline constexpr std::size_t kHeaderMin = 20;
inline constexpr std::size_t kSequence = 4;
inline constexpr std::size_t kAcknowledgement = 8;
inline constexpr std::size_t kDataOffset = 12;
inline constexpr std::size_t kFlags = 13;
inline constexpr std::size_t kWindow = 14;
inline constexpr std::size_t kUrgent = 18;

inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kCwr = 0x80;
}  // namespace tcp

namespace udp {
inline constexpr std::size_t kHeader = 8;
inline constexpr std::size_t kLength = 4;
}  // namespace udp

}  // namespace qe::net
