// SPDX-License-Identifier: Apache-2.0
#include "dht/peer_store.h"

#include <algorithm>

#include "dht/subnet.h"
#include "quicether/dht/distance.h"

namespace qe::dht {

std::optional<KrpcError> PeerStore::announce(base::Instant now, const NodeId& info_hash,
                                             const net::SocketAddress& peer) {
    const auto place = hashes_.find(info_hash);
    if (place != hashes_.end()) {
        const auto known = std::ranges::find(place->second, peer, &Peer::endpoint);
        if (known != place->second.end()) {
            known->until = now + limits_.peer_lifetime;
            return std::nullopt;
        }
    }
    const std::uint64_t subnet = subnet_of(peer.ip);
    if (subnets_.of(subnet) >= limits_.peers_per_subnet_max) {
        expire(now);
    }
    if (subnets_.of(subnet) >= limits_.peers_per_subnet_max || !make_room(now, info_hash)) {
        return KrpcError::Server;
    }
    hashes_[info_hash].push_back({peer, now + limits_.peer_lifetime});
    subnets_.add(subnet);
    ++size_;
    return std::nullopt;
}

bool PeerStore::make_room(base::Instant now, const NodeId& info_hash) {
    const auto has_room = [&] {
        const auto place = hashes_.find(info_hash);
        return place == hashes_.end() ? hashes_.size() < limits_.hashes_max
                                      : place->second.size() < limits_.peers_per_hash_max;
    };
    if (has_room()) {
        return true;
    }
    expire(now);
    if (has_room()) {
        return true;
    }
    if (const auto place = hashes_.find(info_hash); place != hashes_.end()) {
        // The one that has been silent longest makes room.
        const auto silent = std::ranges::min_element(place->second, {}, &Peer::until);
        forget(*silent);
        place->second.erase(silent);
        return true;
    }
    const auto farthest = std::ranges::max_element(
        hashes_, [&](const auto& a, const auto& b) { return is_closer(own_, a.first, b.first); });
    if (farthest == hashes_.end() || !is_closer(own_, info_hash, farthest->first)) {
        return false;
    }
    erase(farthest);
    return true;
}

void PeerStore::erase(Map::iterator place) {
    for (const Peer& peer : place->second) {
        forget(peer);
    }
    hashes_.erase(place);
}

void PeerStore::forget(const Peer& peer) noexcept {
    subnets_.remove(subnet_of(peer.endpoint.ip));
    --size_;
}

std::vector<net::SocketAddress> PeerStore::find(base::Instant now, const NodeId& info_hash,
                                                net::Family family, std::size_t count_max,
                                                base::Rng& rng) const {
    std::vector<net::SocketAddress> found;
    const auto place = hashes_.find(info_hash);
    if (place == hashes_.end()) {
        return found;
    }
    for (const Peer& peer : place->second) {
        if (peer.until > now && peer.endpoint.ip.family() == family) {
            found.push_back(peer.endpoint);
        }
    }
    for (std::size_t i = 0; i < count_max && found.size() > count_max; ++i) {
        std::swap(found[i], found[i + rng.below(found.size() - i)]);
    }
    found.resize(std::min(found.size(), count_max));
    return found;
}

void PeerStore::expire(base::Instant now) {
    for (auto place = hashes_.begin(); place != hashes_.end();) {
        const auto next = std::next(place);
        std::erase_if(place->second, [&](const Peer& peer) {
            const bool gone = peer.until <= now;
            if (gone) {
                forget(peer);
            }
            return gone;
        });
        if (place->second.empty()) {
            hashes_.erase(place);
        }
        place = next;
    }
}

}  // namespace qe::dht
