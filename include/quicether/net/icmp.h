// SPDX-License-Identifier: Apache-2.0
//
// ICMP and ICMPv6 errors that the overlay router sends back to a packet's source.
//
// RFC 792, 1191 (fragmentation needed with MTU), RFC 4443. Never answers another ICMP error, a
// multicast or broadcast packet, a non-first fragment, or an unspecified source (RFC 1122 3.2.2,
// RFC 4443 2.4 e). Rate limits are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/net/ip_address.h"

namespace qe::net {

enum class IcmpError : std::uint8_t {
    PacketTooBig,      ///< v4: type 3 code 4; v6: type 2.
    HopLimitExceeded,  ///< v4: type 11 code 0; v6: type 3 code 0.
    NoRoute,           ///< v4: type 3 code 0; v6: type 1 code 0.
    HostUnreachable,   ///< v4: type 3 code 1; v6: type 1 code 3.
    Prohibited,        ///< v4: type 3 code 13; v6: type 1 code 1.
};

/// RFC 4443, 2.4 c: an error stays within the minimum IPv6 MTU. IPv4 errors stay within 576 bytes.
inline constexpr std::size_t kIcmpErrorBytesMax = 1280;

/// Writes the error packet, from `source` (of the offender's family) to the offender's source, into
/// `out` (>= kIcmpErrorBytesMax) and returns its size. `mtu` is used by PacketTooBig alone, bytes;
/// raised to what a host must take seriously, 68 for IPv4 and 1280 for IPv6 (RFC 8201).
/// Errors: kUnsupported (must not be answered, or `source` has the other family), kMalformed (the
/// offender is not exactly one packet). A shorter `out` is a bug of the caller (asserted).
[[nodiscard]] base::Result<std::size_t> write_icmp_error(IcmpError error, base::ByteView offender,
                                                         const IpAddress& source, std::size_t mtu,
                                                         base::MutableBytes out);

}  // namespace qe::net
