// SPDX-License-Identifier: Apache-2.0
#include "dht/item_store.h"

#include <algorithm>

#include "dht/subnet.h"
#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

Item copy_of(const ItemView& view) {
    return {
        {view.value.begin(), view.value.end()}, {view.salt.begin(), view.salt.end()}, view.owner};
}

std::size_t size_of(const Item& item) noexcept { return item.value.size() + item.salt.size(); }

/// The checks that need no state, cheapest first.
std::optional<KrpcError> check(const ItemView& item) {
    if (item.value.size() > kItemValueBytesMax) {
        return KrpcError::ValueTooBig;
    }
    if (item.salt.size() > kItemSaltBytesMax) {
        return KrpcError::SaltTooBig;
    }
    if (item.owner && !has_valid_signature(item)) {
        return KrpcError::BadSignature;
    }
    return std::nullopt;
}

}  // namespace

std::optional<KrpcError> ItemStore::put(base::Instant now, const net::IpAddress& from,
                                        const ItemView& item, std::optional<std::int64_t> cas) {
    if (const auto refused = check(item)) {
        return refused;
    }
    const NodeId target =
        item.owner ? mutable_target(item.owner->key, item.salt) : immutable_target(item.value);
    const auto place = items_.find(target);
    if (place != items_.end() && place->second.until > now) {
        return replace(now, place->second, item, cas);
    }
    if (place != items_.end()) {
        erase(place);
    }
    const std::uint64_t subnet = subnet_of(from);
    if (!make_room(now, target, subnet)) {
        return KrpcError::Server;
    }
    Stored& stored = items_[target];
    stored = {copy_of(item), subnet, now + limits_.item_lifetime};
    bytes_ += size_of(stored.item);
    subnets_.add(subnet);
    return std::nullopt;
}

std::optional<KrpcError> ItemStore::replace(base::Instant now, Stored& stored, const ItemView& item,
                                            std::optional<std::int64_t> cas) {
    const auto& current = stored.item.owner;
    if (current && item.owner) {
        if (cas && *cas != current->seq) {
            return KrpcError::CasMismatch;
        }
        const bool same_value = std::ranges::equal(stored.item.value, item.value);
        if (item.owner->seq < current->seq || (item.owner->seq == current->seq && !same_value)) {
            return KrpcError::SeqTooSmall;
        }
        bytes_ -= size_of(stored.item);
        stored.item = copy_of(item);
        bytes_ += size_of(stored.item);
    }
    stored.until = now + limits_.item_lifetime;
    return std::nullopt;
}

bool ItemStore::make_room(base::Instant now, const NodeId& target, std::uint64_t subnet) {
    if (items_.size() >= limits_.items_max || subnets_.of(subnet) >= limits_.items_per_subnet_max) {
        expire(now);
    }
    if (subnets_.of(subnet) >= limits_.items_per_subnet_max) {
        return false;
    }
    if (items_.size() < limits_.items_max) {
        return true;
    }
    const auto farthest = std::ranges::max_element(
        items_, [&](const auto& a, const auto& b) { return is_closer(own_, a.first, b.first); });
    if (farthest == items_.end() || !is_closer(own_, target, farthest->first)) {
        return false;
    }
    erase(farthest);
    return true;
}

void ItemStore::erase(Map::iterator place) {
    bytes_ -= size_of(place->second.item);
    subnets_.remove(place->second.subnet);
    items_.erase(place);
}

const Item* ItemStore::find(base::Instant now, const NodeId& target) const {
    const auto place = items_.find(target);
    return place != items_.end() && place->second.until > now ? &place->second.item : nullptr;
}

void ItemStore::expire(base::Instant now) {
    for (auto place = items_.begin(); place != items_.end();) {
        const auto next = std::next(place);
        if (place->second.until <= now) {
            erase(place);
        }
        place = next;
    }
}

}  // namespace qe::dht
