// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/peer_cache_keeper.h"

#include <vector>

#include "node/discovery/peer_cache.h"

namespace qe::node {
namespace {

/// Between two times that addresses are stored, and before the first.
constexpr base::Duration kInterval = base::seconds(10);
constexpr base::Duration kFirst = base::seconds(3);
constexpr base::Duration kSlack = base::seconds(2);

}  // namespace

void PeerCacheKeeper::start(base::Instant now) noexcept { due_at_ = now + kFirst; }

void PeerCacheKeeper::restore(base::Instant now, base::ByteView contents) {
    const auto cached = parse_peer_cache(contents);
    if (!cached) {
        state_.log.warn("the stored peer addresses are unreadable; starting without them");
        return;
    }
    for (const CachedPeer& entry : *cached) {
        const PeerHandle handle = state_.peers.find(entry.id);
        if (Peer* peer = state_.peers.get(handle); peer != nullptr && peer->learnt.empty()) {
            peer->learnt = entry.addresses;
            dialer_.start(now, handle);
        }
    }
}

std::optional<base::Bytes> PeerCacheKeeper::take(base::Instant now) {
    if (!state_.learnt_changed || (now < due_at_ && !state_.shutting_down)) {
        return std::nullopt;
    }
    std::vector<CachedPeer> peers;
    state_.peers.for_each([&peers](PeerHandle, const Peer& peer) {
        if (!peer.learnt.empty()) {
            peers.push_back({peer.id, peer.learnt});
        }
    });
    state_.learnt_changed = false;
    due_at_ = now + kInterval;
    base::Bytes contents = encode_peer_cache(peers);
    if (contents == stored_) {
        return std::nullopt;
    }
    stored_ = contents;
    return contents;
}

base::Instant PeerCacheKeeper::next_deadline() const noexcept {
    return state_.learnt_changed ? due_at_ + kSlack : base::Instant::never();
}

}  // namespace qe::node
