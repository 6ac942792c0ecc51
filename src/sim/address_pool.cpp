// SPDX-License-Identifier: Apache-2.0
#include "sim/address_pool.h"

#include <algorithm>
#include <array>

namespace qe::sim {
namespace {

constexpr unsigned kNumberBitsMax = 32;  // of IPv6 prefixes no more than this is used

}  // namespace

AddressPool::AddressPool(const net::Prefix& prefix) : prefix_(prefix.network()) {
    const unsigned bits = std::min(prefix.address().bit_count() - prefix.length(), kNumberBitsMax);
    last_ = (std::uint64_t{1} << bits) - 1;
    if (bits >= 2) {
        first_ = 2;
        --last_;
    }
    next_ = first_;
}

std::optional<net::IpAddress> AddressPool::take() {
    for (std::uint64_t tried = first_; tried <= last_; ++tried) {
        const net::IpAddress candidate = address(next_);
        next_ = next_ == last_ ? first_ : next_ + 1;
        if (taken_.insert(candidate).second) {
            return candidate;
        }
    }
    return std::nullopt;
}

net::IpAddress AddressPool::address(std::uint64_t number) const {
    const base::ByteView network = prefix_.address().bytes();
    std::array<std::byte, 16> bytes{};
    std::copy(network.begin(), network.end(), bytes.begin());
    for (std::size_t i = network.size(); i-- > 0 && number > 0; number >>= 8) {
        bytes[i] |= static_cast<std::byte>(number);
    }
    return net::IpAddress::from_bytes(base::ByteView(bytes).first(network.size()));
}

}  // namespace qe::sim
