// SPDX-License-Identifier: Apache-2.0
#include "dht/transactions.h"

#include <algorithm>

namespace qe::dht {

const Transaction* Transactions::open(base::Instant now, Transaction transaction) {
    if (open_.size() >= kCountMax) {
        return nullptr;
    }
    transaction.id = static_cast<std::uint32_t>(rng_.u64());
    transaction.sent = now;
    transaction.deadline = now + rtt_.timeout();
    open_.push_back(transaction);
    return &open_.back();
}

std::array<std::byte, Transactions::kIdSize> Transactions::wire_id(std::uint32_t id) noexcept {
    std::array<std::byte, kIdSize> bytes{};
    base::ByteWriter(bytes).u32(id);
    return bytes;
}

Transaction Transactions::take(std::size_t index) {
    const Transaction taken = open_[index];
    open_[index] = open_.back();
    open_.pop_back();
    if (open_.empty()) {
        open_.shrink_to_fit();  // an idle node shall be small
    }
    return taken;
}

std::optional<Transaction> Transactions::close(base::Instant now, const net::SocketAddress& from,
                                               base::ByteView wire_id) {
    if (wire_id.size() != kIdSize) {
        return std::nullopt;
    }
    const std::uint32_t id = base::ByteReader(wire_id).u32();
    const auto found = std::ranges::find_if(open_, [&](const Transaction& transaction) {
        return transaction.id == id && transaction.to.endpoint == from;
    });
    if (found == open_.end()) {
        return std::nullopt;
    }
    last_heard_ = now;
    rtt_.handle_sample(now - found->sent);
    return take(static_cast<std::size_t>(found - open_.begin()));
}

std::optional<Transaction> Transactions::poll_overdue(base::Instant now) {
    const auto found = std::ranges::find_if(
        open_, [&](const Transaction& transaction) { return transaction.deadline <= now; });
    if (found == open_.end()) {
        return std::nullopt;
    }
    return take(static_cast<std::size_t>(found - open_.begin()));
}

bool Transactions::has_open(const net::SocketAddress& endpoint) const noexcept {
    return std::ranges::any_of(
        open_, [&](const Transaction& transaction) { return transaction.to.endpoint == endpoint; });
}

base::Instant Transactions::next_deadline() const noexcept {
    base::Instant next = base::Instant::never();
    for (const Transaction& transaction : open_) {
        next = std::min(next, transaction.deadline);
    }
    return next;
}

}  // namespace qe::dht
