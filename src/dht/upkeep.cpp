// SPDX-License-Identifier: Apache-2.0
#include "dht/upkeep.h"

#include <algorithm>

namespace qe::dht {
namespace {

constexpr std::size_t kProspectsMax = 16;
constexpr base::seconds kMinute{60};
/// Between two checks of contacts.
constexpr base::milliseconds kCheckGap{500};
/// Doublings of the gap when nobody answers: up to 64 seconds.
constexpr unsigned kGapDoublingsMax = 7;

}  // namespace

Upkeep::Upkeep(const DhtConfig& config, base::Rng& rng, base::Instant now, Tables& tables,
               Courier& courier) noexcept
    : rng_(rng),
      tables_(tables),
      courier_(courier),
      pace_limit_(
          RateLimit::of(config.new_endpoints_per_minute, kMinute, config.new_endpoints_per_minute)),
      refresh_interval_(config.refresh_interval),
      next_refresh_(now + refresh_interval_) {}

void Upkeep::consider(const Contact& contact) {
    const NodeTable* const table = tables_.of(contact.endpoint.ip.family());
    if (table == nullptr || prospects_.size() >= kProspectsMax || !table->has_room_for(contact) ||
        courier_.transactions().has_open(contact.endpoint) ||
        std::ranges::find(prospects_, contact.endpoint, &Contact::endpoint) != prospects_.end()) {
        return;
    }
    prospects_.push_back(contact);
}

void Upkeep::handle_deadline(base::Instant now) {
    check_contacts(now);
    meet_prospects(now);
}

void Upkeep::check_contacts(base::Instant now) {
    if (next_check() > now) {
        return;
    }
    bool was_due = false;
    const bool heard = courier_.transactions().last_heard() >= last_check_;
    tables_.for_each_table([&](net::Family, NodeTable& table) {
        const TableEntry* const entry = table.most_due();
        if (entry == nullptr || table.check_due(*entry) > now) {
            return;
        }
        was_due = true;
        const Contact contact = entry->contact;
        const bool for_contacts = table.bucket_has_room(contact.id);
        if (ask(now, contact, for_contacts)) {
            table.handle_asked(now, contact.endpoint);
        }
    });
    if (!was_due) {
        return;
    }
    unanswered_ = heard ? 0 : std::min(unanswered_ + 1, kGapDoublingsMax);
    last_check_ = now;
    earliest_check_ = now + kCheckGap * (1 << unanswered_);
}

bool Upkeep::ask(base::Instant now, const Contact& contact, bool for_contacts) {
    Query query;
    if (for_contacts) {
        query.method = Method::FindNode;
        query.target =
            random_id_at(courier_.id(), common_prefix_bits(courier_.id(), contact.id), rng_);
    }
    Transaction transaction;
    transaction.id_known = true;
    transaction.purpose.kind = Purpose::Kind::Check;
    return courier_.send_query(now, contact, query, transaction);
}

void Upkeep::meet_prospects(base::Instant now) {
    while (!prospects_.empty() && pace_.allows(now, pace_limit_)) {
        const Contact contact = prospects_.front();
        prospects_.erase(prospects_.begin());
        const NodeTable* const table = tables_.of(contact.endpoint.ip.family());
        if (table != nullptr && table->has_room_for(contact) && ask(now, contact, false)) {
            pace_.count(now, pace_limit_);
        }
    }
    if (prospects_.empty()) {
        prospects_.shrink_to_fit();
    }
}

base::Instant Upkeep::next_check() const noexcept {
    base::Instant due = base::Instant::never();
    tables_.for_each_table(
        [&](net::Family, const NodeTable& table) { due = std::min(due, table.no_check_before()); });
    return std::max(due, earliest_check_);
}

base::Instant Upkeep::next_deadline() const noexcept {
    const base::Instant meet =
        prospects_.empty() ? base::Instant::never() : pace_.next_allowed(pace_limit_);
    const base::Instant refresh = tables_.size() == 0 ? base::Instant::never() : next_refresh_;
    return std::min({next_check(), meet, refresh});
}

bool Upkeep::poll_refresh(base::Instant now) {
    if (now < next_refresh_ || tables_.size() == 0) {
        return false;
    }
    // Between three quarters and five quarters of the interval, so that swarms do not beat in time.
    const auto quarter = static_cast<std::uint64_t>((refresh_interval_ / 4).count());
    const auto jitter = static_cast<std::int64_t>(rng_.below(2 * quarter + 1));
    next_refresh_ = now + (refresh_interval_ * 3) / 4 + base::Duration(jitter);
    return pace_.allows(now, pace_limit_);
}

}  // namespace qe::dht
