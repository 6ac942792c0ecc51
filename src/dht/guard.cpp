// SPDX-License-Identifier: Apache-2.0
#include "dht/guard.h"

#include <algorithm>

#include "dht/subnet.h"

namespace qe::dht {
namespace {

constexpr base::seconds kKeyLifetime{300};
constexpr base::seconds kValidatedLifetime{600};
/// Cells for strangers, by those for nodes that are known.
constexpr std::size_t kStrangersPerKnown = 8;

std::uint64_t mix(std::uint64_t value) noexcept {
    // The finalizer of SplitMix64.
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

/// All bits of an address, folded.
std::uint64_t folded(const net::IpAddress& ip) noexcept {
    std::uint64_t value = 0;
    for (const std::byte b : ip.bytes()) {
        value = value * 0x100000001b3ULL + std::to_integer<std::uint64_t>(b) + 1;
    }
    return value;
}

RateLimit per_source(const SourceLimits& limits) noexcept {
    return RateLimit::of(limits.per_source_per_second, base::seconds(1), limits.per_source_burst);
}

}  // namespace

RateSketch::RateSketch(const RateLimit& limit, std::size_t cells) noexcept
    : limit_(limit), row_size_(std::max<std::size_t>(cells / 2, 1)) {}

bool RateSketch::take(base::Instant now, std::uint64_t hash) {
    if (cells_.empty()) {
        cells_.resize(2 * row_size_);
    }
    Rate& first = cells_[(hash & UINT32_MAX) % row_size_];
    Rate& second = cells_[row_size_ + (hash >> 32) % row_size_];
    // The smaller count is the truer one; the other cell has been used by somebody else too.
    Rate& truer = first.worked_off() <= second.worked_off() ? first : second;
    if (!truer.take(now, limit_)) {
        return false;
    }
    first.raise_to(truer.worked_off());
    second.raise_to(truer.worked_off());
    return true;
}

SourceGate::SourceGate(const SourceLimits& limits, std::size_t cells) noexcept
    : known_(per_source(limits), cells / kStrangersPerKnown),
      sources_(per_source(limits), cells),
      subnets_(
          RateLimit::of(limits.per_subnet_per_second, base::seconds(1), limits.per_subnet_burst),
          cells),
      total_limit_(RateLimit::of(limits.total_per_second, base::seconds(1), limits.total_burst)) {}

bool SourceGate::take(base::Instant now, const Hashes& hashes, Standing standing) {
    if (standing == Standing::Known) {
        return known_.take(now, hashes.source);
    }
    return sources_.take(now, hashes.source) && subnets_.take(now, hashes.subnet) &&
           total_.take(now, total_limit_);
}

void SourceGate::forget_sources() noexcept {
    known_.clear();
    sources_.clear();
    subnets_.clear();
}

Guard::Guard(const GuardLimits& limits, base::Rng& rng) noexcept
    : rng_(rng),
      heard_(limits.heard, limits.cells),
      answered_(limits.answered, limits.cells),
      key_{rng.u64(), rng.u64()},
      validated_max_(limits.validated_max) {}

std::uint64_t Guard::hash(std::uint64_t value) const noexcept {
    return mix(mix(value ^ key_[0]) + key_[1]);
}

void Guard::change_key(base::Instant now) {
    if (key_until_ <= now) {
        key_ = {rng_.u64(), rng_.u64()};
        key_until_ = now + kKeyLifetime;
        heard_.forget_sources();
        answered_.forget_sources();
    }
}

SourceGate::Hashes Guard::hashes_of(const net::IpAddress& ip) const noexcept {
    return {hash(folded(ip)), hash(~subnet_of(ip))};
}

bool Guard::hears(base::Instant now, const net::SocketAddress& from, Standing standing) {
    change_key(now);
    return heard_.take(now, hashes_of(from.ip), standing);
}

bool Guard::admits(base::Instant now, const net::SocketAddress& from, Standing standing) {
    change_key(now);
    return answered_.take(now, hashes_of(from.ip), standing);
}

void Guard::handle_validated(base::Instant now, const net::SocketAddress& endpoint) {
    auto slot = std::ranges::find(validated_, endpoint, &Validated::endpoint);
    if (slot == validated_.end() && validated_.size() < validated_max_) {
        slot = validated_.emplace(validated_.end());
    } else if (slot == validated_.end()) {
        slot = std::ranges::min_element(validated_, {}, &Validated::until);
    }
    if (slot != validated_.end()) {
        *slot = {endpoint, now + kValidatedLifetime};
    }
}

bool Guard::is_validated(base::Instant now, const net::SocketAddress& endpoint) const {
    const auto slot = std::ranges::find(validated_, endpoint, &Validated::endpoint);
    return slot != validated_.end() && slot->until > now;
}

}  // namespace qe::dht
