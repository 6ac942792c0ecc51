// SPDX-License-Identifier: Apache-2.0
#include "dht/responder.h"

#include <algorithm>

#include "dht/compact.h"

namespace qe::dht {
namespace {

/// The limit of RFC 9000, 8.1, which is ours as well.
constexpr std::size_t kAmplificationMax = 3;
constexpr base::seconds kHoldTime{3};

/// Contacts are wanted of the family that the query came over, unless it says otherwise (BEP 32).
Want wanted(const Query& query, const net::SocketAddress& from) noexcept {
    if (query.want.any()) {
        return query.want;
    }
    return from.ip.is_v4() ? Want{true, false} : Want{false, true};
}

bool is_search(Method method) noexcept {
    return method == Method::FindNode || method == Method::GetPeers || method == Method::Get;
}

bool is_write(Method method) noexcept {
    return method == Method::AnnouncePeer || method == Method::Put;
}

}  // namespace

Responder::Responder(const DhtConfig& config, base::Rng& rng, base::Instant now, Tables& tables,
                     Courier& courier)
    : rng_(rng),
      tables_(tables),
      courier_(courier),
      bucket_size_(config.bucket_size),
      held_max_(config.guard.held_answers_max),
      guard_(config.guard, rng),
      tokens_(rng, now),
      items_(config.id, config.store),
      peers_(config.id, config.store) {}

bool Responder::is_validated(base::Instant now, const net::SocketAddress& endpoint) const {
    const NodeTable* const table = tables_.of(endpoint.ip.family());
    const TableEntry* const entry = table == nullptr ? nullptr : table->find(endpoint);
    return (entry != nullptr && table->health(now, *entry) == Health::Good) ||
           guard_.is_validated(now, endpoint);
}

void Responder::handle_query(base::Instant now, const Received& received, const Query& query) {
    ++courier_.counters().queries_received[static_cast<std::size_t>(query.method)];
    const bool shows_token =
        !query.token.empty() && tokens_.accepts(now, received.from.ip, query.token);
    if (shows_token) {
        guard_.handle_validated(now, received.from);
    }
    Courier::Answer to{received.from, received.transaction, kMessageBytesMax};
    if (!shows_token && !is_validated(now, received.from)) {
        to.bytes_max = std::min(to.bytes_max, kAmplificationMax * received.bytes);
    }
    if (is_write(query.method) && !shows_token) {
        courier_.send_error(to, KrpcError::Protocol, "bad token");
        return;
    }
    answer(now, to, query);
}

void Responder::handle_bad_query(const Received& received, const BadQuery& query) {
    courier_.send_error({received.from, received.transaction, kAmplificationMax * received.bytes},
                        query.code, query.text);
}

void Responder::answer(base::Instant now, const Courier::Answer& to, const Query& query) {
    ReplyFields reply;
    reply.id = courier_.id();
    if (is_write(query.method)) {
        store(now, to, query);
        return;
    }
    if (!is_search(query.method)) {
        courier_.send_response(to, reply);
        return;
    }
    const Want want = wanted(query, to.to);
    Nearest nearest4(query.target, bucket_size_);
    Nearest nearest6(query.target, bucket_size_);
    if (const NodeTable* const table = tables_.of(net::Family::V4); table != nullptr && want.v4) {
        table->collect(nearest4);
    }
    if (const NodeTable* const table = tables_.of(net::Family::V6); table != nullptr && want.v6) {
        table->collect(nearest6);
    }
    reply.nodes = nearest4.view();
    reply.nodes6 = nearest6.view();
    const WriteTokens::Token token =
        query.method == Method::FindNode ? WriteTokens::Token{} : tokens_.issue(now, to.to.ip);
    if (query.method == Method::FindNode) {
        courier_.send_response(to, reply);
        return;
    }
    reply.token = token;
    if (query.method == Method::GetPeers) {
        answer_peers(to, reply,
                     peers_.find(now, query.target, to.to.ip.family(), kPeersPerReplyMax, rng_));
    } else {
        answer_item(now, to, query, reply);
    }
}

void Responder::answer_peers(const Courier::Answer& to, ReplyFields reply,
                             std::vector<net::SocketAddress> peers) {
    // What peers get at the least is a share of the answer; contacts have the rest.
    const std::size_t bytes = peers.size() * (compact_endpoint_size(to.to.ip.family()) + 3);
    reply.peers = peers;
    reply.trimmed = bytes > to.bytes_max / 3 && to.bytes_max < kMessageBytesMax;
    courier_.counters().answers_trimmed += reply.trimmed ? 1U : 0U;
    courier_.send_response(to, reply);
}

void Responder::answer_item(base::Instant now, const Courier::Answer& to, const Query& query,
                            ReplyFields reply) {
    const Item* const item = items_.find(now, query.target);
    if (item == nullptr) {
        courier_.send_response(to, reply);
        return;
    }
    if (item->owner) {
        reply.seq = item->owner->seq;
    }
    const bool is_known = item->owner && query.seq && item->owner->seq <= *query.seq;
    if (is_known) {
        courier_.send_response(to, reply);
        return;
    }
    const ItemView view = view_of(*item);
    reply.item = &view;
    if (courier_.send_response(to, reply)) {
        return;
    }
    if (to.bytes_max < kMessageBytesMax && !query.read_only && hold(now, to, query)) {
        return;
    }
    reply.item = nullptr;
    reply.trimmed = true;
    ++courier_.counters().answers_trimmed;
    courier_.send_response(to, reply);
}

bool Responder::hold(base::Instant now, const Courier::Answer& to, const Query& query) {
    expire(now);
    const bool waits = std::ranges::find(held_, to.to, &Held::to) != held_.end();
    if (waits || held_.size() >= held_max_) {
        return false;
    }
    Transaction ping;
    ping.purpose.kind = Purpose::Kind::Validate;
    ping.id_known = true;
    if (!courier_.send_query(now, {query.id, to.to}, Query{}, ping)) {
        return false;
    }
    Held held{to.to, query, {to.transaction.begin(), to.transaction.end()}, now + kHoldTime};
    held.query.token = {};
    held_.push_back(std::move(held));
    ++courier_.counters().answers_held;
    return true;
}

void Responder::handle_validated(base::Instant now, const net::SocketAddress& endpoint) {
    const auto held = std::ranges::find(held_, endpoint, &Held::to);
    if (held == held_.end()) {
        return;
    }
    guard_.handle_validated(now, endpoint);
    const Held ready = std::move(*held);
    held_.erase(held);
    answer(now, {ready.to, ready.transaction, kMessageBytesMax}, ready.query);
}

void Responder::expire(base::Instant now) {
    std::erase_if(held_, [&](const Held& held) { return held.until <= now; });
}

void Responder::store(base::Instant now, const Courier::Answer& to, const Query& query) {
    std::optional<KrpcError> refused;
    if (query.method == Method::Put) {
        refused = items_.put(now, to.to.ip, query.item, query.cas);
    } else {
        net::SocketAddress peer = to.to;
        peer.port = query.implied_port ? peer.port : query.port;
        refused = peers_.announce(now, query.target, peer);
    }
    if (refused) {
        courier_.send_error(to, *refused, to_text(*refused));
        return;
    }
    ReplyFields reply;
    reply.id = courier_.id();
    courier_.send_response(to, reply);
}

}  // namespace qe::dht
