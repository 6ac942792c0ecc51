// SPDX-License-Identifier: Apache-2.0
#include "dht/lookup.h"

#include <algorithm>
#include <utility>

#include "dht/subnet.h"
#include "quicether/dht/secure_id.h"

namespace qe::dht {
namespace {

/// A path never stops at fewer nodes.
constexpr std::size_t kPathWidthMin = 3;

/// Nodes of each path that an item is stored on at the least.
constexpr std::size_t kStoresPerPath = 3;

/// Questions beyond the nearest that answered, in multiples of k.
constexpr std::size_t kFurther = 1;

bool was_asked(const Lookup::Candidate& candidate) noexcept {
    return candidate.state != Lookup::State::Unasked && candidate.state != Lookup::State::Passed;
}

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
      path_parallel_(divided_up(std::max<std::size_t>(config.lookup_parallel, 1), path_count_)),
      parallel_(path_parallel_ * path_count_),
      further_(kFurther * width_) {}

void Lookup::add_seed(const Contact& contact) {
    if (add(contact, next_seed_path_, 1, true)) {
        next_seed_path_ = static_cast<std::uint8_t>((next_seed_path_ + 1) % path_count_);
    }
}

void Lookup::add_seed(const net::SocketAddress& endpoint) {
    if (add(Contact{antipode(target_), endpoint}, next_seed_path_, 1, false)) {
        next_seed_path_ = static_cast<std::uint8_t>((next_seed_path_ + 1) % path_count_);
    }
}

bool Lookup::may_join(const Contact& contact, std::uint8_t path) const noexcept {
    if (contact.id == own_ || contact.endpoint.ip.family() != family_) {
        return false;
    }
    return std::ranges::none_of(candidates_, [&](const Candidate& other) {
        return (other.path == path || was_asked(other)) &&
               (other.contact.endpoint == contact.endpoint ||
                (other.id_known && other.contact.id == contact.id));
    });
}

/// Whether a subnet has not had its share of the questions yet.
bool Lookup::may_ask(const Candidate& candidate) const noexcept {
    const net::IpAddress& ip = candidate.contact.endpoint.ip;
    if (diversity_.exempt_local && is_local(ip)) {
        return true;
    }
    const auto neighbours = std::ranges::count_if(candidates_, [&](const Candidate& other) {
        return was_asked(other) && other.state != State::Silent &&
               subnet_of(other.contact.endpoint.ip) == subnet_of(ip);
    });
    return static_cast<std::size_t>(neighbours) < diversity_.per_subnet_in_lookup;
}

bool Lookup::add(const Contact& contact, std::uint8_t path, std::uint8_t depth, bool id_known) {
    if (!may_join(contact, path) ||
        (id_known && secure_ids_ && !is_secure_id(contact.id, contact.endpoint.ip))) {
        return false;
    }
    Candidate* const place = make_place(contact, path);
    if (place == nullptr) {
        return false;
    }
    *place = Candidate{};
    place->contact = contact;
    place->id_known = id_known;
    place->path = path;
    place->depth = depth;
    return true;
}

/// Made-up ids must not drive out honest ones by their number.
bool Lookup::gives_way_before(const Candidate& a, const Candidate& b) const noexcept {
    return a.doubted != b.doubted ? a.doubted : is_closer(target_, b.contact.id, a.contact.id);
}

Lookup::Candidate* Lookup::make_place(const Contact& contact, std::uint8_t path) {
    std::size_t in_path = 0;
    Candidate* farthest = nullptr;
    for (Candidate& other : candidates_) {
        if (other.path != path) {
            continue;
        }
        ++in_path;
        // Indices of those asked are known outside: only a place never asked is used again.
        if (other.state == State::Unasked &&
            (farthest == nullptr || gives_way_before(other, *farthest))) {
            farthest = &other;
        }
    }
    if (in_path < kCandidatesMax / path_count_) {
        return &candidates_.emplace_back();
    }
    const bool gives_way =
        farthest != nullptr &&
        (farthest->doubted || is_closer(target_, contact.id, farthest->contact.id));
    return gives_way ? farthest : nullptr;
}

std::size_t Lookup::in_flight(std::uint8_t path) const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(candidates_, [&](const Candidate& c) {
        return c.path == path && c.state == State::Asked;
    }));
}

std::optional<std::size_t> Lookup::next_of(std::optional<std::uint8_t> path,
                                           std::size_t rank_max) const noexcept {
    const auto counts = [&](const Candidate& c) {
        return c.state != State::Silent && c.state != State::Passed && !c.doubted &&
               (!path || c.path == *path);
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

/// By Kademlia's rule: of a path, then of all.
std::optional<std::size_t> Lookup::next_in_turn() const noexcept {
    for (std::uint8_t path = 0; path < path_count_; ++path) {
        if (in_flight(path) < path_parallel_) {
            if (const auto next = next_of(path, path_width_)) {
                return next;
            }
        }
    }
    return asked_ == 0 ? next_of(std::nullopt, width_) : std::nullopt;
}

std::optional<std::size_t> Lookup::next_further() const {
    return further_ > 0 && (is_thorough_ || is_thin()) ? next_of(std::nullopt, kCandidatesMax)
                                                       : std::nullopt;
}

std::optional<std::size_t> Lookup::poll_next() {
    if (const auto next = next_in_turn()) {
        return next;
    }
    goes_further_ = goes_further_ || asked_ == 0;
    if (!goes_further_ || asked_ >= parallel_) {
        return std::nullopt;
    }
    const auto next = next_further();
    further_ -= next ? 1U : 0U;
    return next;
}

/// Liars name their friends, who lie at larger distances than the nearest of all.
bool Lookup::is_thin() const {
    const auto nearest = nearest_answered(width_);
    return density_.is_known() && nearest.size() == width_ &&
           density_.is_thin(width_, share_within(target_, candidates_[nearest.back()].contact.id));
}

/// From the nearest on: who would be one too many within his distance is not believed to lie there.
/// One with the very id that is looked for is no matter of chance.
void Lookup::doubt_made_up_ids() {
    if (!density_.is_known()) {
        return;
    }
    std::vector<std::pair<double, Candidate*>> near;
    for (Candidate& candidate : candidates_) {
        const double share = share_within(target_, candidate.contact.id);
        if (candidate.id_known && candidate.contact.id != target_ &&
            candidate.state != State::Silent &&
            density_.plausible_max(share) < static_cast<double>(kCandidatesMax)) {
            near.emplace_back(share, &candidate);
        }
    }
    std::ranges::sort(near, {}, &std::pair<double, Candidate*>::first);
    const auto k = static_cast<double>(width_);
    double believed = 0;
    const Candidate* last = nullptr;
    for (const auto& [share, candidate] : near) {
        const bool is_twin = last != nullptr && last->contact.id == candidate->contact.id;
        candidate->doubted = is_twin ? last->doubted : believed + 1 > density_.plausible_max(share);
        believed += is_twin || candidate->doubted ? 0 : 1;
        is_crowded_ = is_crowded_ || (candidate->doubted && 2 * believed >= k);
        last = candidate;
    }
}

std::optional<std::size_t> Lookup::poll_candidate() {
    while (const auto next = poll_next()) {
        if (!may_ask(candidates_[*next])) {
            candidates_[*next].state = State::Passed;
            continue;
        }
        candidates_[*next].state = State::Asked;
        ++asked_;
        pass_twins(*next);
        return next;
    }
    return std::nullopt;
}

/// The same node on other paths. Endpoints without a known id all stand under the same one.
void Lookup::pass_twins(std::size_t asked) noexcept {
    const Candidate& first = candidates_[asked];
    for (Candidate& other : candidates_) {
        const bool same_id =
            first.id_known && other.id_known && other.contact.id == first.contact.id;
        if (other.state == State::Unasked &&
            (other.contact.endpoint == first.contact.endpoint || same_id)) {
            other.state = State::Passed;
        }
    }
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
    doubt_made_up_ids();
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
    return !next_further();
}

std::vector<std::size_t> Lookup::nearest_answered(std::size_t count_max) const {
    std::vector<std::size_t> answered;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (candidates_[i].state == State::Answered && !candidates_[i].doubted) {
            answered.push_back(i);
        }
    }
    std::ranges::sort(answered, [&](std::size_t a, std::size_t b) {
        return is_closer(target_, candidates_[a].contact.id, candidates_[b].contact.id);
    });
    answered.resize(std::min(answered.size(), count_max));
    return answered;
}

std::vector<std::size_t> Lookup::store_places() const {
    std::vector<std::size_t> places;
    std::vector<std::size_t> of_path(path_count_);
    for (const std::size_t index : nearest_answered(candidates_.size())) {
        const bool is_near = places.size() < width_;
        if (is_near || of_path[candidates_[index].path] < kStoresPerPath) {
            places.push_back(index);
        }
        ++of_path[candidates_[index].path];
    }
    return places;
}

std::size_t Lookup::answered_count() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count(candidates_, State::Answered, &Candidate::state));
}

}  // namespace qe::dht
