// SPDX-License-Identifier: Apache-2.0
//
// MemberAttributes: what the network grants a member; the attributes of its certificate.
//
// Only the authority's signature over the certificate makes them true.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/net/ip_address.h"
#include "quicether/network/member_name.h"

namespace qe::network {

/// As `node.role` of the configuration. Being an admin is apart from it.
enum class MemberRole : std::uint8_t { Full, Light, Gateway, Bootstrap };
[[nodiscard]] std::string_view to_text(MemberRole role) noexcept;

inline constexpr std::size_t kTagsMax = 16;
inline constexpr std::size_t kEntitledSubnetsMax = 32;

struct MemberAttributes {
    std::string name;  ///< Unique in the network as far as its admin knew.
    MemberRole role = MemberRole::Full;
    bool admin = false;
    std::vector<std::string> tags;     ///< Each a name (is_name).
    std::vector<net::Prefix> subnets;  ///< It may advertise these and anything inside them.

    [[nodiscard]] bool is_entitled_to(const net::Prefix& prefix) const noexcept;
    friend bool operator==(const MemberAttributes&, const MemberAttributes&) = default;
};

/// Errors: kInvalidArgument (a field out of its bounds), kTooLarge (over 1 KiB in all).
[[nodiscard]] base::Result<base::Bytes> encode_attributes(const MemberAttributes& attributes);
/// Errors: kMalformed.
[[nodiscard]] base::Result<MemberAttributes> parse_attributes(base::ByteView bytes);

}  // namespace qe::network
