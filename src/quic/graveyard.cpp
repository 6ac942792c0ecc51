// SPDX-License-Identifier: Apache-2.0
#include "quic/graveyard.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace qe::quic {
namespace {

/// Nobody is sent more than this many times what came from there (RFC 9000, 8.1 and 10.2.1).
constexpr std::size_t kAnswerFactor = 3;

}  // namespace

void Graveyard::bury(Tombstone tombstone, base::Instant until) {
    if (graves_.size() >= kGravesMax) {
        remove(by_index_[deadlines_.next_index()]);
    }
    const TombstoneHandle handle = graves_.emplace(std::move(tombstone));
    if (handle.index >= by_index_.size()) {
        by_index_.resize(std::size_t{handle.index} + 1);
    }
    by_index_[handle.index] = handle;
    deadlines_.set(handle.index, until);
    Tombstone& placed = *graves_.find(handle);
    for (const IdKey& id : placed.ids) {
        cids_.redirect(id, {.connection = {}, .tombstone = handle});
    }
    enqueue(handle, placed);
}

void Graveyard::enqueue(TombstoneHandle handle, Tombstone& tombstone) {
    if (!tombstone.packet.empty() && !tombstone.queued) {
        tombstone.queued = true;
        queue_.push_back(handle);
    }
}

void Graveyard::disturb(TombstoneHandle handle, const net::FlowAddresses& flow, std::size_t size) {
    Tombstone* const tombstone = graves_.find(handle);
    if (tombstone == nullptr || tombstone->queued ||
        tombstone->packet.size() > kAnswerFactor * size) {
        return;
    }
    // After 1, 2, 4, 8 … packets (RFC 9000, 10.2.1).
    if (std::has_single_bit(++tombstone->answered)) {
        tombstone->flow = flow;
        enqueue(handle, *tombstone);
    }
}

void Graveyard::handle_timeout(base::Instant now) {
    while (deadlines_.next() <= now && !deadlines_.empty()) {
        remove(by_index_[deadlines_.next_index()]);
    }
}

void Graveyard::remove(TombstoneHandle handle) {
    if (const Tombstone* const tombstone = graves_.find(handle)) {
        for (const IdKey& id : tombstone->ids) {
            cids_.erase(id);
        }
        deadlines_.erase(handle.index);
        graves_.erase(handle);
    }
}

std::optional<net::TransmitDatagrams> Graveyard::poll(base::MutableBytes buffer) {
    while (!queue_.empty()) {
        const TombstoneHandle handle = queue_.front();
        queue_.pop_front();
        Tombstone* const tombstone = graves_.find(handle);
        if (tombstone == nullptr) {
            continue;
        }
        tombstone->queued = false;
        std::copy(tombstone->packet.begin(), tombstone->packet.end(), buffer.begin());
        return net::TransmitDatagrams{.flow = tombstone->flow,
                                      .ecn = net::Ecn::NotEct,
                                      .segment_size = tombstone->packet.size(),
                                      .size = tombstone->packet.size()};
    }
    return std::nullopt;
}

}  // namespace qe::quic
