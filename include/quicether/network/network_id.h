// SPDX-License-Identifier: Apache-2.0
//
// NetworkId: which network, as the first 128 bits of SHA-256 of its authority's public key.
//
// Not a NodeId, because it must not be found twice: whoever holds the id (from an invite) accepts
// the authority's key that fits it. The network's IPv6 prefix follows from it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "quicether/base/result.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace qe::network {

struct NetworkId {
    static constexpr std::size_t kSize = 16;
    std::array<std::byte, kSize> bytes{};

    [[nodiscard]] std::string to_string() const;  ///< 32 hex digits
    friend auto operator<=>(const NetworkId&, const NetworkId&) = default;
};

[[nodiscard]] NetworkId network_id_of(const crypto::PublicKey& authority);

/// 32 hex digits. Errors: kMalformed.
[[nodiscard]] base::Result<NetworkId> parse_network_id(std::string_view text);

/// fd00::/8 and the first 40 bits of the id: a ULA /48 (RFC 4193).
[[nodiscard]] net::Prefix overlay_ipv6_network(const NetworkId& id) noexcept;

}  // namespace qe::network
