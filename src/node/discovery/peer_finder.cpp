// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/peer_finder.h"

#include <algorithm>

#include "node/discovery/own_record.h"
#include "node/links/close_text.h"

namespace qe::node {
namespace {

/// The item is what the peer itself has signed.
bool is_own_record(const Peer& peer, const dht::Item& item) {
    return item.owner && item.salt.empty() && crypto::node_id_of(item.owner->key) == peer.id &&
           (!peer.key || *peer.key == item.owner->key);
}

}  // namespace

void PeerFinder::handle_deadline(base::Instant now, dht::Dht& dht) {
    while (running_.size() < kSearchesMax) {
        const auto handle = state_.searches.pop_due(now);
        if (!handle) {
            return;
        }
        Peer* peer = state_.peers.get(*handle);
        if (peer == nullptr) {
            continue;
        }
        peer->search.next_at = base::Instant::never();
        if (peer->connected() || !peer->is_wanted()) {
            peer->search.pause = {};
        } else if (!peer->search.running) {
            search(now, dht, *handle, *peer);
        }
    }
}

void PeerFinder::search(base::Instant now, dht::Dht& dht, PeerHandle handle, Peer& peer) {
    const auto operation =
        peer.key ? dht.get_mutable(now, *peer.key, {}) : dht.get_immutable(now, peer.id);
    if (!operation) {
        schedule_next(now, handle, peer);
        return;
    }
    ++counters_.searches;
    peer.search.running = true;
    running_.emplace(*operation, handle);
}

bool PeerFinder::handle_finished(base::Instant now, const dht::LookupFinished& finished) {
    const auto place = running_.find(finished.operation);
    if (place == running_.end()) {
        return false;
    }
    const PeerHandle handle = place->second;
    running_.erase(place);
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return true;
    }
    peer->search.running = false;
    if (!peer->connected() && peer->is_wanted()) {
        schedule_next(now, handle, *peer);
    }
    if (!finished.item) {
        return true;
    }
    const auto record = parse_node_record(finished.item->value, state_.network);
    if (!record || !is_own_record(*peer, *finished.item) ||
        record->key != finished.item->owner->key) {
        ++counters_.refused;
        return true;
    }
    ++counters_.found;
    state_.log.debug("{} says that it is at {} addresses", describe(*peer),
                     record->underlay.size());
    dialer_.learn(now, handle, record->underlay);
    return true;
}

void PeerFinder::schedule_next(base::Instant now, PeerHandle handle, Peer& peer) {
    base::Duration& pause = peer.search.pause;
    pause = std::clamp(pause * 2, kSearchPauseFirst, kSearchPauseMax);
    // From the upper half, so that peers that lost each other together do not search in step.
    const auto half = static_cast<std::uint64_t>(pause.count() / 2);
    const auto wait = static_cast<std::int64_t>(half + state_.rng.below(half + 1));
    peer.search.next_at = now + base::Duration(wait);
    state_.searches.set(handle, peer.search.next_at);
}

void PeerFinder::begin_anew(base::Instant now) {
    state_.peers.for_each([&](PeerHandle handle, Peer& peer) {
        peer.search.pause = {};
        if (!peer.search.next_at.is_never()) {
            peer.search.next_at = now;
            state_.searches.set(handle, now);
        }
    });
}

void PeerFinder::forget_running() {
    for (const auto& [operation, handle] : running_) {
        if (Peer* peer = state_.peers.get(handle)) {
            peer->search.running = false;
        }
    }
    running_.clear();
}

base::Instant PeerFinder::next_deadline() const noexcept {
    return running_.size() < kSearchesMax ? state_.searches.next_deadline()
                                          : base::Instant::never();
}

}  // namespace qe::node
