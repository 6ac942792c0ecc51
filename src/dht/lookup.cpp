// SPDX-License-Identifier: Apache-2.0
#include "dht/lookup.h"

#include <algorithm>

#include "dht/subnet.h"
#include "quicether/dht/secure_id.h"

namespace qe::dht {
namespace {

/// A path never stops at fewer nodes.
constexpr std::size_t kPathWidthMin = 3;

std::size_t divided_up(std::size_t value, std::size_t by) noexcept { return (value + by - 1) / by; }

}  // namespace

Lookup::Lookup(const NodeId& own, const NodeId& target, net::Family family,
               const DhtConfig& config) noexcept
    : own_(own),
      target_(target),
      family_(family),
      diversity_(config.diversity),
      secure_ids_(config.require_secure_ids),
      path_count_(static_cast<std::uint8_t>(std::clamp<int>(config.lookup_paths, 1, 16))),
      width_(std::clamp<std::size_t>(config.bucket_size, 1, kBucketSizeMax)),
      path_width_(std::max(divided_up(width_, path_count_), std::min(width_, kPathWidthMin))),
      path_parallel_(divided_up(std::max<std::size_t>(config.lookup_parallel, 1), path_count_)) {}

void Lookup::add_seed(const Contact& contact) { add(contact, next_seed_path_, 1, true); }

void Lookup::add_seed(const net::SocketAddress& endpoint) {
    add(Contact{antipode(target_), endpoint}, next_seed_path_, 1, false);
}

bool Lookup::may_join(const Contact& contact) const noexcept {
    const net::IpAddress& ip = contact.endpoint.ip;
    if (contact.id == own_ || ip.family() != family_) {
        return false;
    }
    const bool limited = !(diversity_.exempt_local && is_local(ip));
    std::size_t neighbours = 0;
    for (const Candidate& other : candidates_) {
        if (other.contact.endpoint == contact.endpoint ||
            (other.id_known && other.contact.id == contact.id)) {
            return false;
        }
        if (limited && other.state != State::Silent) {
            neighbours += subnet_of(other.contact.endpoint.ip) == subnet_of(ip) ? 1U : 0U;
        }
    }
    return neighbours < diversity_.per_subnet_in_lookup;
}

void Lookup::add(const Contact& contact, std::uint8_t path, std::uint8_t depth, bool id_known) {
    if (!may_join(contact) ||
        (id_known && secure_ids_ && !is_secure_id(contact.id, contact.endpoint.ip)) ||
        !make_room(contact, path)) {
        return;
    }
    Candidate candidate;
    candidate.contact = contact;
    candidate.id_known = id_known;
    candidate.path = path;
    candidate.depth = depth;
    // Indices of asked candidates are known outside: only a place never asked is used again.
    if (candidates_.size() < kCandidatesMax) {
        candidates_.push_back(std::move(candidate));
    } else {
        const auto farthest = std::ranges::find_if(candidates_, [&](const Candidate& other) {
            return other.state == State::Unasked && other.path == UINT8_MAX;
        });
        *farthest = std::move(candidate);
    }
    if (depth == 1) {
        next_seed_path_ = static_cast<std::uint8_t>((next_seed_path_ + 1) % path_count_);
    }
}

/// Marks the farthest unasked candidate of the path, if it is farther than the newcomer.
bool Lookup::make_room(const Contact& contact, std::uint8_t path) noexcept {
    if (candidates_.size() < kCandidatesMax) {
        return true;
    }
    Candidate* farthest = nullptr;
    for (Candidate& other : candidates_) {
        if (other.state == State::Unasked && other.path == path &&
            (farthest == nullptr || is_closer(target_, farthest->contact.id, other.contact.id))) {
            farthest = &other;
        }
    }
    if (farthest == nullptr || !is_closer(target_, contact.id, farthest->contact.id)) {
        return false;
    }
    farthest->path = UINT8_MAX;
    return true;
}

std::size_t Lookup::in_flight(std::uint8_t path) const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(candidates_, [&](const Candidate& c) {
        return c.path == path && c.state == State::Asked;
    }));
}

std::optional<std::size_t> Lookup::next_of(std::optional<std::uint8_t> path,
                                           std::size_t rank_max) const noexcept {
    const auto counts = [&](const Candidate& c) {
        return c.state != State::Silent && (!path || c.path == *path);
    };
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        const Candidate& c = candidates_[i];
        if (counts(c) && c.state == State::Unasked &&
            (!best || is_closer(target_, c.contact.id, candidates_[*best].contact.id))) {
            best = i;
        }
    }
    if (!best) {
        return std::nullopt;
    }
    const NodeId& id = candidates_[*best].contact.id;
    const auto ahead = std::ranges::count_if(candidates_, [&](const Candidate& c) {
        return counts(c) && c.id_known && is_closer(target_, c.contact.id, id);
    });
    return static_cast<std::size_t>(ahead) < rank_max ? best : std::nullopt;
}

std::optional<std::size_t> Lookup::poll_candidate() {
    std::optional<std::size_t> next;
    for (std::uint8_t path = 0; path < path_count_ && !next; ++path) {
        if (in_flight(path) < path_parallel_) {
            next = next_of(path, path_width_);
        }
    }
    if (!next && asked_ == 0) {
        next = next_of(std::nullopt, width_);
    }
    if (next) {
        candidates_[*next].state = State::Asked;
        ++asked_;
    }
    return next;
}

void Lookup::handle_named(std::size_t index, const Contact& contact) {
    const Candidate& source = candidates_[index];
    const auto depth = static_cast<std::uint8_t>(std::min(source.depth + 1, UINT8_MAX));
    add(contact, source.path, depth, true);
}

void Lookup::handle_answer(std::size_t index, const NodeId& id, base::ByteView token,
                           bool has_value) {
    Candidate& candidate = candidates_[index];
    candidate.state = State::Answered;
    candidate.contact.id = id;
    candidate.id_known = true;
    candidate.has_value = has_value;
    candidate.token.assign(token.begin(), token.end());
    --asked_;
}

void Lookup::handle_silence(std::size_t index) {
    candidates_[index].state = State::Silent;
    --asked_;
}

bool Lookup::is_finished() const noexcept {
    if (asked_ > 0 || next_of(std::nullopt, width_)) {
        return false;
    }
    for (std::uint8_t path = 0; path < path_count_; ++path) {
        if (next_of(path, path_width_)) {
            return false;
        }
    }
    return true;
}

std::vector<std::size_t> Lookup::nearest_answered(std::size_t count_max) const {
    std::vector<std::size_t> answered;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (candidates_[i].state == State::Answered) {
            answered.push_back(i);
        }
    }
    std::ranges::sort(answered, [&](std::size_t a, std::size_t b) {
        return is_closer(target_, candidates_[a].contact.id, candidates_[b].contact.id);
    });
    answered.resize(std::min(answered.size(), count_max));
    return answered;
}

std::size_t Lookup::answered_count() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count(candidates_, State::Answered, &Candidate::state));
}

}  // namespace qe::dht
