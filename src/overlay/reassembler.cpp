// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/reassembler.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "overlay/fragment_check.h"
#include "quicether/base/assert.h"
#include "quicether/overlay/fragmenter.h"

namespace qe::overlay {

namespace {

using base::ErrorCode;

/// A slot keeps a buffer up to this size for its next packet; larger ones are given back, so that
/// a burst of 64 KiB packets does not pin memory beyond bytes_max for ever.
constexpr std::size_t kBufferKeptMax = 2048;
/// But one up to this size, enough for jumbo frames, is kept for whichever packet needs it next.
constexpr std::size_t kSpareMax = 16U << 10;

}  // namespace

Reassembler::Reassembler(const ReassemblyOptions& options) : options_(options) {
    QE_ASSERT(options.packets_max > 0);
}

base::Result<std::optional<base::ByteView>> Reassembler::handle_fragment(
    base::Instant now, const FragmentFields& fields, base::ByteView payload) {
    ++counters_.fragments;
    handle_timeout(now);
    if (!is_possible_fragment(fields, payload.size())) {
        ++counters_.rejected;
        return base::fail(ErrorCode::kBadFragment, "no packet has this fragment");
    }
    if (fields.total > options_.bytes_max) {
        ++counters_.rejected;
        return base::fail(ErrorCode::kReassemblyFull, "packet exceeds the reassembly buffer");
    }
    std::size_t index = find(fields.id);
    if (index == open_.size()) {
        if (is_closed(fields.id)) {
            ++counters_.duplicates;
            return std::optional<base::ByteView>();
        }
        index = open(now, fields);
    }
    Partial& partial = slots_[open_[index].slot];
    switch (place(partial, fields, payload)) {
        case Placement::Stored:
            break;
        case Placement::Duplicate:
            ++counters_.duplicates;
            return std::optional<base::ByteView>();
        case Placement::Contradiction:
            ++counters_.rejected;
            close(index);
            return base::fail(ErrorCode::kBadFragment, "fragments contradict each other");
    }
    if (partial.received < partial.total) {
        return std::optional<base::ByteView>();
    }
    return std::optional(finish(index));
}

void Reassembler::handle_timeout(base::Instant now) {
    while (!open_.empty() && slots_[open_.front().slot].expires <= now) {
        ++counters_.expired;
        close(0);
    }
}

base::Instant Reassembler::next_deadline() const noexcept {
    return open_.empty() ? base::Instant::never() : slots_[open_.front().slot].expires;
}

std::size_t Reassembler::find(std::uint32_t id) const noexcept {
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [id](const Open& entry) { return entry.id == id; });
    return static_cast<std::size_t>(found - open_.begin());
}

bool Reassembler::is_closed(std::uint32_t id) const noexcept {
    const auto end =
        closed_.begin() + static_cast<std::ptrdiff_t>(std::min(closed_count_, kClosedIdsMax));
    return std::find(closed_.begin(), end, id) != end;
}

/// Makes room, the oldest first, and starts a packet as the youngest.
std::size_t Reassembler::open(base::Instant now, const FragmentFields& fields) {
    while (open_.size() >= options_.packets_max ||
           bytes_held_ + fields.total > options_.bytes_max) {
        ++counters_.evicted;
        close(0);
    }
    const std::uint32_t slot = take_slot();
    Partial& partial = slots_[slot];
    if (partial.bytes.size() < fields.total && partial.bytes.size() < spare_.size()) {
        partial.bytes.swap(spare_);
    }
    if (partial.bytes.size() < fields.total) {
        partial.bytes.resize(fields.total);
    }
    partial.total = fields.total;
    partial.have.clear();
    partial.received = 0;
    partial.expires = now + options_.lifetime;
    bytes_held_ += fields.total;
    open_.push_back({fields.id, slot});
    return open_.size() - 1;
}

Reassembler::Placement Reassembler::place(Partial& partial, const FragmentFields& fields,
                                          base::ByteView payload) {
    if (fields.total != partial.total) {
        return Placement::Contradiction;
    }
    const std::size_t begin = fields.offset;
    const std::size_t end = begin + payload.size();
    // The first range that ends behind our beginning: the only one that can be equal to ours, and
    // if it begins before our end, the two overlap.
    const auto next = std::find_if(partial.have.begin(), partial.have.end(),
                                   [begin](const Range& range) { return range.end > begin; });
    std::byte* const target = partial.bytes.data() + begin;
    if (next != partial.have.end() && next->begin < end) {
        const bool same = next->begin == begin && next->end == end &&
                          std::memcmp(target, payload.data(), payload.size()) == 0;
        return same ? Placement::Duplicate : Placement::Contradiction;
    }
    if (partial.have.size() == kFragmentsMax) {
        return Placement::Contradiction;
    }
    std::memcpy(target, payload.data(), payload.size());
    partial.have.insert(next,
                        Range{static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end)});
    partial.received += payload.size();
    return Placement::Stored;
}

base::ByteView Reassembler::finish(std::size_t index) {
    ++counters_.packets;
    Partial& partial = slots_[open_[index].slot];
    std::swap(finished_, partial.bytes);
    const base::ByteView whole = base::ByteView(finished_).first(partial.total);
    close(index);
    return whole;
}

void Reassembler::close(std::size_t index) {
    const Open entry = open_[index];
    Partial& partial = slots_[entry.slot];
    bytes_held_ -= partial.total;
    if (partial.bytes.capacity() > spare_.capacity() && partial.bytes.capacity() <= kSpareMax) {
        partial.bytes.swap(spare_);
    }
    if (partial.bytes.capacity() > kBufferKeptMax) {
        base::Bytes().swap(partial.bytes);
    }
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
    free_slots_.push_back(entry.slot);
    closed_[closed_count_++ % kClosedIdsMax] = entry.id;
}

std::uint32_t Reassembler::take_slot() {
    if (free_slots_.empty()) {
        slots_.emplace_back();
        return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
}

}  // namespace qe::overlay
