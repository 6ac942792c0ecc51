// SPDX-License-Identifier: Apache-2.0
#include "node/membership/spreading.h"

#include <algorithm>
#include <utility>

#include "quicether/network/directory_sync.h"

namespace qe::node {
namespace {

std::vector<network::Item> items_except(const std::vector<NewsItem>& news, PeerHandle source) {
    std::vector<network::Item> items;
    for (const NewsItem& one : news) {
        if (source.is_null() || one.source != source) {
            items.push_back(one.item);
        }
    }
    return items;
}

}  // namespace

void Spreading::begin(base::Instant now) {
    compare_at_ = network_ ? now + kComparisonInterval : base::Instant::never();
    compared_.clear();
    catch_up_.reset();
}

void Spreading::compare(PeerHandle handle) {
    const Peer* const peer = state_.peers.get(handle);
    if (peer != nullptr && network_.has_member(peer->id)) {
        compared_.insert(peer->id);
        outbox_.send(handle, network::digest_of(network_->directory));
    }
}

void Spreading::handle(PeerHandle peer, const network::Digest& message) {
    outbox_.send(peer, network::answer_digest(network_->directory, message));
}

void Spreading::handle(PeerHandle peer, const network::Summary& message) {
    outbox_.send(peer, network::answer_summary(network_->directory, message));
}

void Spreading::handle(PeerHandle peer, const network::Wanted& message) {
    outbox_.send(peer, network::answer_wanted(network_->directory, message));
}

void Spreading::handle(base::Instant now, PeerHandle handle, const network::News& message) {
    const crypto::NodeId sender = state_.peers.get(handle)->id;
    if (network_.merge(message.items, handle) > 0 && !catch_up_ && compared_.contains(sender)) {
        catch_up_ = CatchUp{handle, now + kCatchUpPause};
    }
}

void Spreading::spread() {
    const std::vector<NewsItem> news = network_.take_news();
    if (news.empty()) {
        return;
    }
    std::vector<PeerHandle> others;
    state_.peers.for_each([&](PeerHandle handle, const Peer& peer) {
        // Who has just been revoked is told why its sessions end.
        if (!peer.connected() ||
            (!network_.has_member(peer.id) && !network_->directory.is_revoked(peer.id))) {
            return;
        }
        if (std::ranges::find(news, handle, &NewsItem::source) == news.end()) {
            others.push_back(handle);
        } else {
            send({handle}, items_except(news, handle));
        }
    });
    send(others, items_except(news, {}));
}

void Spreading::send(const std::vector<PeerHandle>& to, std::vector<network::Item> items) {
    if (to.empty()) {
        return;
    }
    for (network::News& page : network::news_of(std::move(items))) {
        outbox_.send_all(to, std::move(page));
    }
}

void Spreading::handle_deadline(base::Instant now) {
    if (catch_up_ && catch_up_->at <= now) {
        const PeerHandle peer = std::exchange(catch_up_, std::nullopt)->peer;
        if (const Peer* const known = state_.peers.get(peer)) {
            compared_.erase(known->id);
        }
        compare(peer);
    }
    if (compare_at_ <= now) {
        compare_at_ = now + kComparisonInterval;
        compared_.clear();
        std::vector<PeerHandle> members;
        state_.peers.for_each([&](PeerHandle handle, const Peer& peer) {
            if (peer.connected() && network_.has_member(peer.id)) {
                members.push_back(handle);
            }
        });
        if (!members.empty()) {
            compare(members[state_.rng.below(members.size())]);
        }
        forget_expired();
    }
}

void Spreading::forget_expired() {
    for (const crypto::NodeId& id : network_->directory.expire(state_.wall_now)) {
        network_.note(id);
        network_.store_soon();
    }
    if (network_->invites.expire(state_.wall_now)) {
        network_.store_soon();
    }
    if (network_.is_admin()) {
        network_.note_trust();  // an invite's time may be over
    }
}

base::Instant Spreading::next_deadline() const noexcept {
    return catch_up_ ? std::min(catch_up_->at, compare_at_) : compare_at_;
}

}  // namespace qe::node
