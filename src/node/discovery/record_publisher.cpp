// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/record_publisher.h"

#include <algorithm>

#include "node/discovery/own_record.h"

namespace qe::node {
namespace {

constexpr base::Duration kRetryFirst = base::seconds(2);
constexpr unsigned kRetryDoublingsMax = 8;

}  // namespace

void RecordPublisher::set_addresses(base::Instant now, std::vector<net::SocketAddress> addresses) {
    if (addresses == addresses_ || addresses.empty()) {
        return;
    }
    addresses_ = std::move(addresses);
    publish_soon(now);
}

bool RecordPublisher::says_the_same() const {
    return sent_record_ == own_record(state_, addresses_) && sent_network_ == state_.network;
}

void RecordPublisher::handle_change(base::Instant now) {
    if (sent_record_ && !says_the_same()) {
        publish_soon(now);
    }
}

void RecordPublisher::publish_soon(base::Instant now) {
    failures_ = 0;
    const base::Instant earliest = sent_at_ == base::Instant() ? now : sent_at_ + kRecordInterval;
    next_at_ = std::max(now + kRecordSettle, earliest);
}

void RecordPublisher::begin_anew(base::Instant now) {
    failures_ = 0;
    if (!addresses_.empty() && !running_) {
        next_at_ = now;
    }
}

void RecordPublisher::handle_deadline(base::Instant now, dht::Dht& dht) {
    if (now < next_at_ || running_) {
        return;
    }
    next_at_ = base::Instant::never();
    const auto operation = put(now, dht);
    if (!operation) {
        next_at_ = now + retry_pause();
        return;
    }
    running_ = *operation;
    sent_ = addresses_;
    sent_record_ = own_record(state_, addresses_);
    sent_network_ = state_.network;
    sent_at_ = now;
}

base::Result<dht::OperationId> RecordPublisher::put(base::Instant now, dht::Dht& dht) {
    const std::int64_t number = next_number();
    QE_TRY(const base::Bytes value, make_own_record(state_, addresses_, number));
    QE_TRY(const dht::Item item, dht::make_mutable_item(state_.identity, {}, number, value));
    return dht.put(now, item, dht::Keep::Once);
}

bool RecordPublisher::handle_finished(base::Instant now, const dht::StoreFinished& finished) {
    if (running_ != finished.operation) {
        return false;
    }
    running_.reset();
    const bool changed = !says_the_same();
    if (finished.newer && finished.newer->owner) {
        // Published with a clock that was ahead of ours.
        last_number_ = std::max(last_number_, finished.newer->owner->seq);
        next_at_ = now;
    } else if (finished.accepted == 0) {
        next_at_ = now + retry_pause();
    } else {
        failures_ = 0;
        published_ = sent_;
        published_at_ = now;
        stored_on_ = finished.accepted;
        const auto tenth =
            static_cast<std::uint64_t>((base::Duration(kRecordLifetime) / 10).count());
        const auto jitter = static_cast<std::int64_t>(state_.rng.below(tenth));
        next_at_ = now + base::Duration(kRecordLifetime) / 2 - base::Duration(jitter);
    }
    if (changed) {
        next_at_ = std::min(next_at_, std::max(now, sent_at_ + kRecordInterval));
    }
    return true;
}

std::int64_t RecordPublisher::next_number() noexcept {
    last_number_ = std::max(last_number_ + 1, state_.wall_now.seconds);
    return last_number_;
}

base::Duration RecordPublisher::retry_pause() {
    const base::Duration step =
        std::min(kRetryFirst * (1 << std::min(failures_++, kRetryDoublingsMax)), kRecordRetryMax);
    const auto half = static_cast<std::uint64_t>((step / 2).count());
    return step / 2 + base::Duration(static_cast<std::int64_t>(state_.rng.below(half + 1)));
}

}  // namespace qe::node
