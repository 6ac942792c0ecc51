// SPDX-License-Identifier: Apache-2.0
#include "dht/starter.h"

#include <algorithm>
#include <utility>

namespace qe::dht {
namespace {

constexpr base::seconds kRetryPause{1};
/// Up to about a minute.
constexpr unsigned kRetryDoublingsMax = 6;

}  // namespace

void Starter::add(base::Instant now, std::span<const net::SocketAddress> endpoints) {
    for (const net::SocketAddress& endpoint : endpoints) {
        std::erase(endpoints_, endpoint);
        if (endpoints_.size() == kEndpointsMax) {
            endpoints_.pop_back();
        }
        endpoints_.insert(endpoints_.begin(), endpoint);
    }
    begun_ = false;
    failures_ = 0;
    next_ = now;
}

std::optional<std::vector<net::SocketAddress>> Starter::poll_start(base::Instant now,
                                                                   std::size_t contacts) {
    if (next_deadline(contacts) > now) {
        return std::nullopt;
    }
    begun_ = true;
    running_ = true;
    return endpoints_;
}

void Starter::handle_finished(base::Instant now, std::size_t contacts, unsigned deepest_bucket) {
    const bool was_bucket = buckets_left_ > 0;
    running_ = false;
    if (contacts > 0) {
        failures_ = 0;
        next_ = now;  // from when on the loss of all contacts is answered at once
        buckets_left_ = was_bucket ? buckets_left_ - 1 : deepest_bucket;
        return;
    }
    buckets_left_ = 0;
    const base::Duration pause =
        base::Duration(kRetryPause) * (1 << std::min(failures_++, kRetryDoublingsMax));
    const auto jitter =
        static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>((pause / 2).count())));
    next_ = now + pause + base::Duration(jitter);
}

std::optional<unsigned> Starter::poll_bucket() {
    if (running_ || buckets_left_ == 0) {
        return std::nullopt;
    }
    running_ = true;
    return buckets_left_ - 1;
}

base::Instant Starter::next_deadline(std::size_t contacts) const noexcept {
    const bool wanted = !endpoints_.empty() && !running_ && (contacts == 0 || !begun_);
    return wanted ? next_ : base::Instant::never();
}

}  // namespace qe::dht
