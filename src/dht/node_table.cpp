// SPDX-License-Identifier: Apache-2.0
#include "dht/node_table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dht/subnet.h"

namespace qe::dht {
namespace {

/// Silences in a row after which a contact leaves.
constexpr unsigned kFailuresMax = 2;
/// A silent contact is asked again this soon.
constexpr base::seconds kRecheckDelay{5};
/// Its own queries excuse a contact from checks for this many lifetimes after its last reply.
constexpr int kReplyLifetimes = 4;

/// Three buckets in a row with fewer contacts are a gap; with so many or more they are a sample.
constexpr std::size_t kGapContacts = 3;
constexpr std::size_t kSampleContacts = 6;
/// What three buckets cover of the key space from the first of them on: 1/2 + 1/4 + 1/8.
constexpr double kWindowShare = 0.875;

std::uint16_t clamp_milliseconds(base::Duration rtt) noexcept {
    const auto ms = std::chrono::duration_cast<base::milliseconds>(rtt).count();
    return static_cast<std::uint16_t>(
        std::clamp<std::int64_t>(ms, 0, std::numeric_limits<std::uint16_t>::max()));
}

}  // namespace

NodeTable::NodeTable(const NodeId& own, const DhtConfig& config) noexcept
    : own_(own),
      diversity_(config.diversity),
      bucket_size_(std::clamp<std::size_t>(config.bucket_size, 1, kBucketSizeMax)),
      lifetime_(config.contact_lifetime) {}

const NodeTable::Bucket* NodeTable::bucket_for(const NodeId& id) const noexcept {
    const unsigned bits = common_prefix_bits(own_, id);
    const auto bucket = std::ranges::lower_bound(buckets_, bits, {}, &Bucket::prefix_bits);
    return bucket != buckets_.end() && bucket->prefix_bits == bits ? &*bucket : nullptr;
}

NodeTable::Bucket* NodeTable::bucket_for(const NodeId& id) noexcept {
    return const_cast<Bucket*>(std::as_const(*this).bucket_for(id));
}

NodeTable::Bucket& NodeTable::make_bucket(const NodeId& id) {
    const unsigned bits = common_prefix_bits(own_, id);
    const auto place = std::ranges::lower_bound(buckets_, bits, {}, &Bucket::prefix_bits);
    if (place != buckets_.end() && place->prefix_bits == bits) {
        return *place;
    }
    return *buckets_.insert(place, Bucket{static_cast<std::uint8_t>(bits), {}, {}});
}

const TableEntry* NodeTable::find(const net::SocketAddress& endpoint) const noexcept {
    for (const Bucket& bucket : buckets_) {
        for (const TableEntry& entry : bucket.entries) {
            if (entry.contact.endpoint == endpoint) {
                return &entry;
            }
        }
    }
    return nullptr;
}

TableEntry* NodeTable::entry_at(const net::SocketAddress& endpoint) noexcept {
    return const_cast<TableEntry*>(std::as_const(*this).find(endpoint));
}

bool NodeTable::contains(const net::SocketAddress& endpoint) const noexcept {
    return find(endpoint) != nullptr;
}

bool NodeTable::is_diverse(const Bucket* bucket, const Contact& contact) const noexcept {
    const net::IpAddress& ip = contact.endpoint.ip;
    if (diversity_.exempt_local && is_local(ip)) {
        return true;
    }
    std::size_t in_network = 0;
    for_each([&](const TableEntry& entry) {
        in_network += network_of(entry.contact.endpoint.ip) == network_of(ip) ? 1U : 0U;
    });
    const auto in_subnet =
        bucket == nullptr ? 0 : std::ranges::count_if(bucket->entries, [&](const auto& entry) {
            return subnet_of(entry.contact.endpoint.ip) == subnet_of(ip);
        });
    return in_network < diversity_.per_network_in_table &&
           static_cast<std::size_t>(in_subnet) < diversity_.per_subnet_in_bucket;
}

bool NodeTable::bucket_has_room(const NodeId& id) const noexcept {
    const Bucket* const bucket = bucket_for(id);
    return bucket == nullptr || bucket->entries.size() < bucket_size_;
}

bool NodeTable::has_room_for(const Contact& contact) const noexcept {
    if (contact.id == own_ || contains(contact.endpoint)) {
        return false;
    }
    const Bucket* const bucket = bucket_for(contact.id);
    if (bucket != nullptr) {
        const bool known = std::ranges::any_of(bucket->entries, [&](const TableEntry& entry) {
            return entry.contact.id == contact.id;
        });
        if (known || bucket->entries.size() >= bucket_size_) {
            return false;
        }
    }
    return is_diverse(bucket, contact) && is_plausible(contact);
}

void NodeTable::handle_reply(base::Instant now, const Contact& contact, base::Duration rtt) {
    TableEntry* entry = entry_at(contact.endpoint);
    if (entry != nullptr && entry->contact.id != contact.id) {
        remove(contact.endpoint);  // another node lives there now
        entry = nullptr;
    }
    if (entry == nullptr && has_room_for(contact)) {
        Bucket& bucket = make_bucket(contact.id);
        entry = &bucket.entries.emplace_back();
        entry->contact = contact;
        std::erase(bucket.replacements, contact);
        ++size_;
    }
    if (entry != nullptr) {
        entry->rtt_ms = clamp_milliseconds(rtt);
        entry->failures = 0;
        entry->last_reply = now;
        no_check_before_ = std::min(no_check_before_, check_due(*entry));
        return;
    }
    if (Bucket* const bucket = bucket_for(contact.id); bucket != nullptr && contact.id != own_) {
        remember_replacement(*bucket, contact);
    }
}

void NodeTable::remember_replacement(Bucket& bucket, const Contact& contact) {
    const bool id_is_taken = std::ranges::any_of(
        bucket.entries, [&](const TableEntry& entry) { return entry.contact.id == contact.id; });
    if (id_is_taken || !is_diverse(&bucket, contact)) {
        return;
    }
    std::erase_if(bucket.replacements, [&](const Contact& other) {
        return other.id == contact.id || other.endpoint == contact.endpoint;
    });
    const std::size_t replacements_max = bucket_size_ / 2 + 1;
    bucket.replacements.reserve(replacements_max);
    if (bucket.replacements.size() >= replacements_max) {
        bucket.replacements.erase(bucket.replacements.begin());
    }
    bucket.replacements.push_back(contact);
}

void NodeTable::handle_query(base::Instant now, const Contact& contact) noexcept {
    TableEntry* const entry = entry_at(contact.endpoint);
    if (entry != nullptr && entry->contact.id == contact.id) {
        entry->last_query = now;
    }
}

std::optional<Contact> NodeTable::handle_silence(const net::SocketAddress& endpoint) {
    TableEntry* const entry = entry_at(endpoint);
    if (entry == nullptr) {
        return std::nullopt;
    }
    if (++entry->failures < kFailuresMax) {
        no_check_before_ = std::min(no_check_before_, check_due(*entry));
        return std::nullopt;
    }
    return remove(endpoint);
}

std::optional<Contact> NodeTable::remove(const net::SocketAddress& endpoint) {
    std::optional<Contact> replacement;
    for (auto bucket = buckets_.begin(); bucket != buckets_.end(); ++bucket) {
        const auto removed = std::erase_if(bucket->entries, [&](const TableEntry& entry) {
            return entry.contact.endpoint == endpoint;
        });
        if (removed == 0) {
            continue;
        }
        size_ -= removed;
        if (!bucket->replacements.empty()) {
            replacement = bucket->replacements.back();
            bucket->replacements.pop_back();
        }
        if (bucket->entries.empty()) {
            buckets_.erase(bucket);
        }
        break;
    }
    return replacement;
}

void NodeTable::collect(Nearest& nearest) const noexcept {
    for_each([&](const TableEntry& entry) {
        if (entry.failures == 0) {
            nearest.offer(entry.contact);
        }
    });
}

std::size_t NodeTable::count_at(unsigned prefix_bits) const noexcept {
    const auto bucket = std::ranges::lower_bound(buckets_, prefix_bits, {}, &Bucket::prefix_bits);
    return bucket != buckets_.end() && bucket->prefix_bits == prefix_bits ? bucket->entries.size()
                                                                          : 0;
}

/// Full buckets say that there are at least so many, those behind them how many. Ids made up to lie
/// near ours show as contacts behind a gap, and do not count.
Density NodeTable::density() const noexcept {
    if (!is_settled_) {
        return {};
    }
    double nodes = 0;
    for (unsigned bits = 0; bits <= deepest(); ++bits) {
        const std::size_t seen = count_at(bits) + count_at(bits + 1) + count_at(bits + 2);
        if (seen < kGapContacts) {
            break;
        }
        if (seen >= kSampleContacts) {
            nodes = std::max(nodes, std::ldexp(static_cast<double>(seen) / kWindowShare,
                                               static_cast<int>(bits)));
        }
    }
    return Density(nodes);
}

/// Whether chance may have put one more node so near to us.
bool NodeTable::is_plausible(const Contact& contact) const noexcept {
    const Density expected = density();
    if (!expected.is_known()) {
        return true;
    }
    std::size_t nearer = 0;
    for_each([&](const TableEntry& entry) {
        nearer += is_closer(own_, entry.contact.id, contact.id) ? 1U : 0U;
    });
    return static_cast<double>(nearer + 1) <=
           expected.plausible_max(share_within(own_, contact.id));
}

Health NodeTable::health(base::Instant now, const TableEntry& entry) const noexcept {
    const bool heard = std::max(entry.last_reply, entry.last_query) + lifetime_ > now;
    return heard && entry.failures == 0 ? Health::Good : Health::Questionable;
}

base::Instant NodeTable::check_due(const TableEntry& entry) const noexcept {
    const base::Instant again = entry.last_asked + kRecheckDelay;
    if (entry.failures > 0) {
        return again;
    }
    const base::Instant fades = std::max(entry.last_reply, entry.last_query) + lifetime_;
    return std::max(again, std::min(fades, entry.last_reply + kReplyLifetimes * lifetime_));
}

void NodeTable::handle_asked(base::Instant now, const net::SocketAddress& endpoint) noexcept {
    if (TableEntry* const entry = entry_at(endpoint)) {
        entry->last_asked = now;
    }
}

const TableEntry* NodeTable::most_due() noexcept {
    const TableEntry* most = nullptr;
    for_each([&](const TableEntry& entry) {
        if (most == nullptr || check_due(entry) < check_due(*most)) {
            most = &entry;
        }
    });
    no_check_before_ = most == nullptr ? base::Instant::never() : check_due(*most);
    return most;
}

std::size_t NodeTable::replacement_count() const noexcept {
    std::size_t count = 0;
    for (const Bucket& bucket : buckets_) {
        count += bucket.replacements.size();
    }
    return count;
}

unsigned NodeTable::deepest() const noexcept {
    return buckets_.empty() ? 0U : buckets_.back().prefix_bits;
}

}  // namespace qe::dht
