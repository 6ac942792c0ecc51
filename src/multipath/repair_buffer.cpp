// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/repair_buffer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "quicether/base/assert.h"

namespace qe::multipath {

namespace {

constexpr std::size_t kEntriesMin = 64;

}  // namespace

RepairBuffer::RepairBuffer(std::size_t bytes_max, RepairToken first) noexcept
    : bytes_max_(bytes_max),
      span_max_(std::bit_ceil(std::max(bytes_max / kBytesPerEntry, kEntriesMin))),
      oldest_(first),
      next_token_(first),
      pool_(bytes_max) {
    QE_ASSERT(first != 0);
}

RepairToken RepairBuffer::keep(base::Instant now, PathIndex path,
                               std::span<const base::ByteView> parts) {
    std::size_t size = 0;
    for (const base::ByteView part : parts) {
        size += part.size();
    }
    const bool fits = size <= bytes_max_;
    make_room(fits ? size : 0);
    if (next_token_ == 0) {  // Not a token: its place stays free.
        next_token_ = 1;
        drop_settled();
    }
    const RepairToken token = next_token_++;
    ++counters_.kept;
    if (!fits) {
        ++counters_.forgotten;
        drop_settled();
        return token;
    }
    Entry& entry = at(token);
    entry.bytes = pool_.take();
    entry.bytes.reserve(size);
    for (const base::ByteView part : parts) {
        entry.bytes.insert(entry.bytes.end(), part.begin(), part.end());
    }
    entry.sent_at = now;
    entry.path = path;
    entry.repairs = 0;
    entry.fate = Fate::InFlight;
    bytes_ += size;
    return token;
}

void RepairBuffer::handle_sent_again(RepairToken token, PathIndex path) noexcept {
    Entry* const entry = find(token);
    if (entry == nullptr) {
        return;
    }
    ++counters_.repaired;
    ++entry->repairs;
    entry->path = path;
    entry->fate = Fate::InFlight;
    drop_settled();
}

void RepairBuffer::handle_acknowledged(RepairToken token) noexcept {
    if (Entry* const entry = find(token)) {
        ++counters_.acknowledged;
        release(*entry);
    }
}

void RepairBuffer::handle_lost(RepairToken token, PathIndex path) {
    Entry* const entry = find(token);
    if (entry != nullptr && entry->fate == Fate::InFlight && entry->path == path) {
        on_lost(token, *entry);
    }
}

void RepairBuffer::handle_given_up(RepairToken token) noexcept {
    if (Entry* const entry = find(token)) {
        ++counters_.abandoned;
        release(*entry);
    }
}

void RepairBuffer::handle_path_failed(PathIndex path) {
    const RepairToken end = next_token_;
    for (RepairToken token = oldest_; token != end; ++token) {
        handle_lost(token, path);
    }
}

std::optional<RepairBuffer::Repair> RepairBuffer::next(base::Instant now) {
    while (!lost_.empty()) {
        const RepairToken token = lost_.front();
        Entry& entry = at(token);
        if (now - entry.sent_at <= age_max_) {
            return Repair{token, entry.path, entry.bytes};
        }
        ++counters_.abandoned;
        release(entry);
    }
    return std::nullopt;
}

RepairBuffer::Entry* RepairBuffer::find(RepairToken token) noexcept {
    if (token - oldest_ >= span()) {
        return nullptr;
    }
    Entry& entry = at(token);
    return entry.fate == Fate::Free ? nullptr : &entry;
}

RepairBuffer::Entry& RepairBuffer::at(RepairToken token) noexcept {
    return entries_[token & (entries_.size() - 1)];
}

/// For a datagram of so many bytes, and for its token.
void RepairBuffer::make_room(std::size_t bytes) {
    while (span() != 0 && (bytes_ + bytes > bytes_max_ || span() + 1 >= span_max_)) {
        forget_oldest();
    }
    // Room for two: the number that is not a token takes a place.
    if (span() + 2 > entries_.size()) {
        grow();
    }
}

void RepairBuffer::forget_oldest() {
    ++counters_.forgotten;
    release(at(oldest_));
}

void RepairBuffer::grow() {
    std::vector<Entry> larger(std::max(kEntriesMin, 2 * entries_.size()));
    for (RepairToken token = oldest_; token != next_token_; ++token) {
        larger[token & (larger.size() - 1)] = std::move(at(token));
    }
    entries_.swap(larger);
}

void RepairBuffer::on_lost(RepairToken token, Entry& entry) {
    if (entry.repairs >= kRepairsMax) {
        ++counters_.abandoned;
        release(entry);
        return;
    }
    entry.fate = Fate::Lost;
    lost_.push(token);
}

void RepairBuffer::release(Entry& entry) noexcept {
    bytes_ -= entry.bytes.size();
    pool_.give(std::move(entry.bytes));
    entry.fate = Fate::Free;
    drop_settled();
}

/// Keeps the oldest a kept one and the front of the lost ones a lost one.
void RepairBuffer::drop_settled() noexcept {
    while (span() != 0 && at(oldest_).fate == Fate::Free) {
        ++oldest_;
    }
    while (!lost_.empty()) {
        const Entry* const entry = find(lost_.front());
        if (entry != nullptr && entry->fate == Fate::Lost) {
            return;
        }
        lost_.pop();
    }
}

}  // namespace qe::multipath
