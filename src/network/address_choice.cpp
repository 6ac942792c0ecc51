// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/address_choice.h"

#include <algorithm>

#include "quicether/base/assert.h"

namespace qe::network {
namespace {

/// In a network that is nine tenths full so many draws all fail once in 10^46.
constexpr std::uint32_t kDrawsMax = 1024;
/// Then the addresses after the first candidate, one by one.
constexpr std::uint32_t kScanMax = 1U << 16;
constexpr unsigned kOneLastOctet = 24;

std::uint32_t number(const net::IpAddress& v4) noexcept {
    return base::ByteReader(v4.bytes()).u32();
}

std::uint32_t host_mask(const net::Prefix& network) noexcept {
    return ~std::uint32_t{0} >> network.length();
}

bool is_free(const net::IpAddress& address, const AddressClaims& claims,
             const AddressRules& rules) {
    return rules.is_usable(address) && !rules.is_avoided(address) &&
           claims.holder(address) == nullptr;
}

std::optional<net::IpAddress> scan(const net::IpAddress& start, const AddressClaims& claims,
                                   const AddressRules& rules) {
    const std::uint32_t mask = host_mask(rules.network);
    const std::uint32_t first = number(rules.network.network().address());
    for (std::uint32_t i = 0; i <= std::min(mask, kScanMax); ++i) {
        const net::IpAddress address = net::IpAddress::v4(first + ((number(start) + i) & mask));
        if (is_free(address, claims, rules)) {
            return address;
        }
    }
    return std::nullopt;
}

}  // namespace

AddressClaims::AddressClaims(const Directory& directory, const crypto::NodeId& except) {
    for (const auto& [id, member] : directory.members()) {
        if (id != except && member.record && member.record->value.ipv4 &&
            directory.document().ipv4.contains(*member.record->value.ipv4)) {
            add(*member.record->value.ipv4, id);
        }
    }
}

void AddressClaims::add(const net::IpAddress& address, const crypto::NodeId& claimant) {
    static_cast<void>(set(claimant, address));
}

std::vector<crypto::NodeId> AddressClaims::set(const crypto::NodeId& claimant,
                                               const std::optional<net::IpAddress>& address) {
    std::vector<crypto::NodeId> others;
    const auto before = claims_.find(claimant);
    if (before != claims_.end()) {
        if (address == before->second) {
            return others;
        }
        const auto left = claimants_.find(before->second);
        left->second.erase(claimant);
        if (left->second.empty()) {
            claimants_.erase(left);
        } else {
            others.push_back(*left->second.begin());
        }
        claims_.erase(before);
    }
    if (address) {
        std::set<crypto::NodeId>& rivals = claimants_[*address];
        if (!rivals.empty()) {
            others.push_back(*rivals.begin());
        }
        rivals.insert(claimant);
        claims_.emplace(claimant, *address);
    }
    return others;
}

const crypto::NodeId* AddressClaims::holder(const net::IpAddress& address) const {
    const auto at = claimants_.find(address);
    return at == claimants_.end() ? nullptr : &*at->second.begin();
}

bool AddressRules::is_avoided(const net::IpAddress& address) const {
    return std::ranges::any_of(avoid, [&](const net::Prefix& p) { return p.contains(address); });
}

bool AddressRules::is_usable(const net::IpAddress& address) const {
    if (!address.is_v4() || !network.contains(address) || in_use.contains(address)) {
        return false;
    }
    const std::uint32_t mask = host_mask(network);
    const std::uint32_t host = number(address) & mask;
    const std::uint32_t last_octet = number(address) & 0xffU;
    return host != 0 && host != mask &&
           (network.length() >= kOneLastOctet || (last_octet != 0 && last_octet != 0xff));
}

base::Result<net::IpAddress> choose_address(const crypto::NodeId& own,
                                            std::optional<net::IpAddress> current,
                                            const AddressClaims& claims,
                                            const AddressRules& rules) {
    QE_ASSERT(rules.derive != nullptr);
    QE_TRY(const net::IpAddress first, rules.derive(rules.network, own.bytes, 0));
    if (current && rules.is_usable(*current)) {
        const crypto::NodeId* const holder = claims.holder(*current);
        if (holder == nullptr || own < *holder) {
            return *current;
        }
    }
    for (std::uint32_t attempt = 0; attempt < kDrawsMax; ++attempt) {
        QE_TRY(const net::IpAddress candidate, rules.derive(rules.network, own.bytes, attempt));
        if (is_free(candidate, claims, rules)) {
            return candidate;
        }
    }
    const std::optional<net::IpAddress> found = scan(first, claims, rules);
    if (!found && !rules.avoid.empty()) {
        AddressRules lenient = rules;
        lenient.avoid.clear();
        return choose_address(own, current, claims, lenient);
    }
    if (!found) {
        return base::fail(base::ErrorCode::kQueueFull,
                          "the network's IPv4 prefix has no free address: choose a wider one");
    }
    return *found;
}

}  // namespace qe::network
