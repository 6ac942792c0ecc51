// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/network_id.h"

#include <algorithm>

#include "quicether/crypto/digest.h"

namespace qe::network {
namespace {

constexpr std::size_t kGlobalIdBytes = 5;
constexpr unsigned kUlaLength = 48;

}  // namespace

std::string NetworkId::to_string() const { return base::to_hex(bytes); }

NetworkId network_id_of(const crypto::PublicKey& authority) {
    NetworkId id;
    const crypto::Sha256Digest digest = crypto::sha256(authority.bytes);
    std::copy_n(digest.begin(), NetworkId::kSize, id.bytes.begin());
    return id;
}

base::Result<NetworkId> parse_network_id(std::string_view text) {
    NetworkId id;
    if (!base::from_hex(text, id.bytes)) {
        return base::fail(base::ErrorCode::kMalformed, "a network id is 32 hexadecimal digits");
    }
    return id;
}

net::Prefix overlay_ipv6_network(const NetworkId& id) noexcept {
    std::array<std::byte, 16> address{std::byte{0xfd}};
    std::copy_n(id.bytes.begin(), kGlobalIdBytes, address.begin() + 1);
    return {net::IpAddress::v6(address), kUlaLength};
}

}  // namespace qe::network
