// SPDX-License-Identifier: Apache-2.0
#include "dht/courier.h"

#include <algorithm>
#include <array>
#include <utility>

namespace qe::dht {
namespace {

/// Datagrams that wait for the shell, which fetches them after every input.
constexpr std::size_t kOutboxMax = 1024;

}  // namespace

Courier::Courier(const DhtConfig& config, base::Rng& rng) noexcept
    : id_(config.id), read_only_(config.read_only), mac_(config.network_key), transactions_(rng) {}

bool Courier::enqueue(const net::SocketAddress& to, base::MutableBytes message) {
    if (outbox_.size() - sent_ >= kOutboxMax) {
        ++counters_.dropped_unsent;
        return false;
    }
    mac_.seal(message);
    ++counters_.messages_sent;
    counters_.bytes_sent += message.size();
    outbox_.push_back({to, base::Bytes(message.begin(), message.end())});
    return true;
}

bool Courier::send_query(base::Instant now, const Contact& to, Query query,
                         Transaction transaction) {
    transaction.to = to;
    transaction.method = query.method;
    const Transaction* const opened = transactions_.open(now, transaction);
    if (opened == nullptr) {
        return false;
    }
    query.id = id_;
    query.read_only = read_only_;
    const auto wire_id = Transactions::wire_id(opened->id);
    std::array<std::byte, kMessageBytesMax> buffer;
    const std::size_t size = encode_query(buffer, {wire_id, nullptr, mac_.enabled()}, query);
    // What could not be sent is found out like what was lost: by its time-out.
    if (size > 0 && enqueue(to.endpoint, base::MutableBytes(buffer).first(size))) {
        ++counters_.queries_sent[static_cast<std::size_t>(query.method)];
    }
    return true;
}

bool Courier::send_response(const Answer& answer, const ReplyFields& reply) {
    std::array<std::byte, kMessageBytesMax> buffer;
    const auto room = base::MutableBytes(buffer).first(std::min(answer.bytes_max, buffer.size()));
    const std::size_t size =
        encode_response(room, {answer.transaction, &answer.to, mac_.enabled()}, reply);
    return size > 0 && enqueue(answer.to, room.first(size));
}

void Courier::send_error(const Answer& answer, KrpcError code, std::string_view text) {
    std::array<std::byte, kMessageBytesMax> buffer;
    const auto room = base::MutableBytes(buffer).first(std::min(answer.bytes_max, buffer.size()));
    const std::size_t size =
        encode_error(room, {answer.transaction, &answer.to, mac_.enabled()}, code, text);
    if (size > 0 && enqueue(answer.to, room.first(size))) {
        ++counters_.errors_sent;
    }
}

std::optional<Transmit> Courier::poll_transmit() {
    if (sent_ == outbox_.size()) {
        // Empty most of the time: an idle node shall not keep what a busy moment needed.
        std::vector<Transmit>().swap(outbox_);
        sent_ = 0;
        return std::nullopt;
    }
    return std::move(outbox_[sent_++]);
}

}  // namespace qe::dht
