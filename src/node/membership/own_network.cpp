// SPDX-License-Identifier: Apache-2.0
#include "node/membership/own_network.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace qe::node {
namespace {

/// Items whose subjects are remembered.
constexpr std::size_t kRememberedMax = 4096;

std::size_t hash_of(const network::Item& item) {
    return std::hash<std::string_view>()(base::as_text(item.bytes));
}

/// Between two writes of news of others: they would come again with the next comparison.
constexpr base::Duration kWritePause = base::seconds(1);
constexpr base::Duration kWritePausePerMember = base::milliseconds(5);

std::optional<net::IpAddress> claimed_by(const network::Member* member, const net::Prefix& ipv4) {
    if (member == nullptr || !member->record || !member->record->value.ipv4 ||
        !ipv4.contains(*member->record->value.ipv4)) {
        return std::nullopt;
    }
    return member->record->value.ipv4;
}

}  // namespace

void OwnNetwork::enter(OwnMembership membership) {
    own_.emplace(std::move(membership));
    state_.network = own_->directory.id();
    claims_ = network::AddressClaims(own_->directory, state_.id);
    news_.clear();
    note_everything();
    store_now();
}

void OwnNetwork::leave() {
    own_.reset();
    state_.network = {};
    claims_ = {};
    news_.clear();
    note_everything();
    store_now_ = store_soon_ = false;
    if (state_to_write_) {
        base::wipe(state_to_write_->contents);
    }
    state_to_write_ = PersistState{std::string(kNetworkStateName), {}, ++number_};
}

const network::Member* OwnNetwork::self() const {
    return own_ ? own_->directory.find(state_.id) : nullptr;
}

// --- Changes ------------------------------------------------------------------------------------

std::size_t OwnNetwork::merge(const std::vector<network::Item>& items, PeerHandle source) {
    std::size_t news = 0;
    for (const network::Item& item : items) {
        if (holds(item)) {
            continue;
        }
        const network::MergeOutcome outcome = own_->directory.merge(item, state_.wall_now);
        remember(item, outcome);
        if (outcome.is_news()) {
            ++news;
            news_.push_back({item, source});
            report(item, outcome);
            if (outcome.subject) {
                note(*outcome.subject);
            } else {
                claims_ = network::AddressClaims(own_->directory, state_.id);
                note_everything();
            }
            changes_.trust = changes_.trust || item.kind == network::ItemKind::Revocation;
        } else if (outcome.result == network::MergeResult::Refused) {
            state_.log.debug("news of the network refused: {}", outcome.refusal.text);
        }
    }
    store_soon_ = store_soon_ || news > 0;
    return news;
}

bool OwnNetwork::holds(const network::Item& item) const {
    const auto known = subjects_.find(hash_of(item));
    if (known == subjects_.end()) {
        return false;
    }
    const auto held = own_->directory.item(item.kind, known->second);
    return held && held->bytes == item.bytes;
}

void OwnNetwork::remember(const network::Item& item, const network::MergeOutcome& outcome) {
    if (!outcome.subject || outcome.result == network::MergeResult::Refused) {
        return;
    }
    if (subjects_.size() >= kRememberedMax) {
        subjects_.clear();
    }
    subjects_.insert_or_assign(hash_of(item), *outcome.subject);
}

void OwnNetwork::report(const network::Item& item, const network::MergeOutcome& outcome) {
    const network::Member* const member =
        outcome.subject ? own_->directory.find(*outcome.subject) : nullptr;
    if (item.kind != network::ItemKind::Record || member == nullptr) {
        return;
    }
    for (const net::Prefix& subnet : member->refused_subnets()) {
        state_.log.warn("{} advertises {} without being entitled to it: ignored",
                        member->attributes.name, subnet.to_string());
    }
}

void OwnNetwork::tell(network::Item item, PeerHandle except) {
    changes_.trust = changes_.trust || item.kind == network::ItemKind::Revocation;
    news_.push_back({std::move(item), except});
}

void OwnNetwork::note(const crypto::NodeId& id) {
    changes_.members.insert(id);
    if (own_ && own_->directory.is_revoked(id)) {
        const auto granted = state_.grants.peers.find(id);
        if (granted != state_.grants.peers.end() && !granted->second.name.empty()) {
            own_->former_names[id] = granted->second.name;
        }
    }
    if (own_ && id != state_.id) {
        update_claim(id);
    }
}

void OwnNetwork::update_claim(const crypto::NodeId& id) {
    const auto claim = claimed_by(own_->directory.find(id), own_->directory.document().ipv4);
    for (const crypto::NodeId& other : claims_.set(id, claim)) {
        changes_.members.insert(other);
    }
}

NetworkChanges OwnNetwork::take_changes() { return std::exchange(changes_, {}); }

std::vector<NewsItem> OwnNetwork::take_news() { return std::exchange(news_, {}); }

// --- Storing ------------------------------------------------------------------------------------

std::uint64_t OwnNetwork::store_now() {
    store_now_ = own_.has_value();
    return number_ + 1;
}

void OwnNetwork::handle_persisted(std::uint64_t number) noexcept {
    persisted_ = std::max(persisted_, number);
}

base::Instant OwnNetwork::next_write() const noexcept {
    const auto members = static_cast<std::int64_t>(own_ ? own_->directory.members().size() : 0);
    return written_at_ == base::Instant()
               ? base::Instant()
               : written_at_ + kWritePause + kWritePausePerMember * members;
}

void OwnNetwork::write(base::Instant now, bool all) {
    if (!own_ || (!store_now_ && (!store_soon_ || (!all && now < next_write())))) {
        return;
    }
    store_now_ = store_soon_ = false;
    written_at_ = now;
    if (state_to_write_) {
        base::wipe(state_to_write_->contents);  // never polled: out of date
    }
    state_to_write_ =
        PersistState{std::string(kNetworkStateName), encode_membership(*own_), ++number_};
}

base::Instant OwnNetwork::next_deadline() const noexcept {
    return store_soon_ ? next_write() : base::Instant::never();
}

std::optional<PersistState> OwnNetwork::poll_state() {
    return std::exchange(state_to_write_, std::nullopt);
}

}  // namespace qe::node
