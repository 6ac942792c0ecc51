// SPDX-License-Identifier: Apache-2.0
//
// Neighbourhoods of addresses as numbers: what diversity limits and rate limits count by.
#pragma once

#include <cstdint>

#include "quicether/net/ip_address.h"

namespace qe::dht {

/// The /24 or /64 an address is in. Numbers of IPv4 and of routed IPv6 differ.
[[nodiscard]] std::uint64_t subnet_of(const net::IpAddress& ip) noexcept;

/// The /16 or /48 an address is in.
[[nodiscard]] std::uint64_t network_of(const net::IpAddress& ip) noexcept;

/// Loopback, link-local, private (RFC 1918, RFC 4193) and shared (RFC 6598) addresses.
[[nodiscard]] bool is_local(const net::IpAddress& ip) noexcept;

}  // namespace qe::dht
