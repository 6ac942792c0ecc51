// SPDX-License-Identifier: Apache-2.0
#include "dht/dht_impl.h"

#include <algorithm>
#include <utility>

#include "dht/compact.h"

namespace qe::dht {
namespace {

/// Larger than any message that is answered otherwise than by dropping it.
constexpr std::size_t kDatagramBytesMax = 2048;
constexpr base::seconds kExpiryInterval{60};

}  // namespace

Dht::Impl::Impl(const DhtConfig& config, base::Rng rng, base::Instant now)
    : config_(config),
      rng_(std::move(rng)),
      tables_(config_),
      courier_(config_, rng_),
      responder_(config_, rng_, now, tables_, courier_),
      upkeep_(config_, rng_, now, tables_, courier_),
      operations_(config_, tables_, courier_, upkeep_, responder_.items()),
      publications_(config_, rng_),
      starter_(rng_),
      votes_(config_.address_votes),
      next_expiry_(now + kExpiryInterval) {}

bool Dht::Impl::may_pass(base::Instant now, const net::SocketAddress& from, base::ByteView bytes) {
    DhtCounters& counters = courier_.counters();
    ++counters.messages_received;
    counters.bytes_received += bytes.size();
    if (bytes.size() > kDatagramBytesMax) {
        ++counters.dropped_oversized;
        return false;
    }
    if (!looks_like_krpc(bytes) || !is_reachable(from)) {
        ++counters.dropped_malformed;
        return false;
    }
    if (!courier_.mac().has_place(bytes)) {
        ++counters.dropped_mac;
        return false;
    }
    return is_within_limits(now, from, bytes);
}

bool Dht::Impl::is_within_limits(base::Instant now, const net::SocketAddress& from,
                                 base::ByteView bytes) {
    DhtCounters& counters = courier_.counters();
    Guard& guard = responder_.guard();
    // Answers are waited for.
    const bool is_expected = courier_.transactions().has_open(from);
    const auto standing =
        is_expected || responder_.is_validated(now, from) ? Standing::Known : Standing::Stranger;
    if (!guard.hears(now, from, standing)) {
        ++counters.dropped_flood;
        return false;
    }
    if (!courier_.mac().is_authentic(bytes)) {
        ++counters.dropped_mac;
        return false;
    }
    if (!is_expected && !guard.admits(now, from, standing)) {
        ++counters.dropped_rate;
        return false;
    }
    return true;
}

bool Dht::Impl::handle_datagram(base::Instant now, const net::SocketAddress& from,
                                base::ByteView bytes) {
    if (!may_pass(now, from, bytes)) {
        return false;
    }
    const auto message = parse_message(bytes);
    if (!message) {
        ++courier_.counters().dropped_malformed;
        return false;
    }
    dispatch(now, from, bytes.size(), *message);
    settle(now);
    return true;
}

void Dht::Impl::dispatch(base::Instant now, const net::SocketAddress& from, std::size_t size,
                         const Message& message) {
    const Responder::Received received{from, message.transaction, size};
    if (const auto* const query = std::get_if<Query>(&message.body)) {
        on_query(now, received, *query);
        return;
    }
    if (const auto* const bad = std::get_if<BadQuery>(&message.body)) {
        if (!courier_.read_only()) {
            responder_.handle_bad_query(received, *bad);
        }
        return;
    }
    const auto asked = courier_.transactions().close(now, from, message.transaction);
    if (!asked) {
        ++courier_.counters().dropped_unexpected;
        return;
    }
    if (message.external) {
        if (const auto seen = votes_.handle_vote(from, *message.external)) {
            events_.emplace_back(ExternalAddressSeen{*seen});
        }
    }
    if (const auto* const response = std::get_if<Response>(&message.body)) {
        on_response(now, *asked, *response);
    } else {
        on_error(now, *asked, std::get<ErrorReply>(message.body));
    }
    operations_.resume(now);
}

void Dht::Impl::on_query(base::Instant now, const Responder::Received& received,
                         const Query& query) {
    const Contact contact{query.id, received.from};
    if (!query.read_only) {
        if (NodeTable* const table = tables_.of(received.from.ip.family())) {
            table->handle_query(now, contact);
        }
        upkeep_.consider(contact);
    }
    if (!courier_.read_only()) {
        responder_.handle_query(now, received, query);
    }
}

void Dht::Impl::on_response(base::Instant now, const Transaction& asked, const Response& response) {
    ++courier_.counters().answers_received;
    NodeTable* const table = tables_.of(asked.to.endpoint.ip.family());
    responder_.handle_validated(now, asked.to.endpoint);
    const bool is_other = asked.id_known && response.id != asked.to.id;
    // A prospect may have taken another id since it was heard of, for instance because our answer
    // told it its address (BEP 42). A contact that has become another node is known under its new
    // id.
    const bool is_wanted = !is_other || asked.purpose.kind == Purpose::Kind::Check ||
                           (table != nullptr && table->contains(asked.to.endpoint));
    if (table != nullptr && is_wanted && response.id != courier_.id()) {
        table->handle_reply(now, {response.id, asked.to.endpoint}, now - asked.sent);
    }
    if (is_other) {
        disappoint(now, asked);
        return;
    }
    if (asked.purpose.kind == Purpose::Kind::Check) {
        on_named(response);
    } else if (asked.purpose.kind != Purpose::Kind::Validate) {
        operations_.handle_answer(now, asked, response);
    }
}

void Dht::Impl::on_named(const Response& response) {
    const auto consider = [&](const Contact& contact) { upkeep_.consider(contact); };
    for_each_compact_contact(response.nodes, net::Family::V4, consider);
    for_each_compact_contact(response.nodes6, net::Family::V6, consider);
}

void Dht::Impl::on_error(base::Instant now, const Transaction& asked, const ErrorReply& error) {
    ++courier_.counters().errors_received;
    responder_.handle_validated(now, asked.to.endpoint);
    if (asked.purpose.kind == Purpose::Kind::Lookup || asked.purpose.kind == Purpose::Kind::Store) {
        operations_.handle_error(now, asked, error);
    }
}

void Dht::Impl::on_silence(base::Instant now, const Transaction& asked) {
    // While nobody answers it is our network that is silent.
    NodeTable* const table = tables_.of(asked.to.endpoint.ip.family());
    if (table != nullptr && courier_.transactions().last_heard() > asked.sent) {
        if (const auto replacement = table->handle_silence(asked.to.endpoint)) {
            upkeep_.consider(*replacement);
        }
    }
    disappoint(now, asked);
}

void Dht::Impl::disappoint(base::Instant now, const Transaction& asked) {
    if (asked.purpose.kind == Purpose::Kind::Lookup || asked.purpose.kind == Purpose::Kind::Store) {
        operations_.handle_silence(now, asked);
    }
}

void Dht::Impl::handle_deadline(base::Instant now) {
    while (const auto overdue = courier_.transactions().poll_overdue(now)) {
        ++courier_.counters().timeouts;
        on_silence(now, *overdue);
    }
    operations_.resume(now);
    if (next_expiry_ <= now) {
        next_expiry_ = now + kExpiryInterval;
        responder_.expire(now);
        responder_.items().expire(now);
        responder_.peers().expire(now);
    }
    upkeep_.handle_deadline(now);
    settle(now);
}

void Dht::Impl::begin_refresh(base::Instant now, const NodeId& target,
                              std::vector<net::SocketAddress> starts) {
    Operation operation;
    operation.kind = OperationKind::Refresh;
    operation.target = target;
    operation.starts = std::move(starts);
    if (const auto id = operations_.start(now, std::move(operation))) {
        starting_ = *id;
    } else {
        starter_.handle_finished(now, tables_.size(), 0);
    }
}

void Dht::Impl::settle(base::Instant now) {
    settle_finished(now);
    if (auto starts = starter_.poll_start(now, tables_.size())) {
        set_settled(false);
        begin_refresh(now, courier_.id(), std::move(*starts));
    } else if (const auto bits = starter_.poll_bucket()) {
        begin_refresh(now, random_id_at(courier_.id(), *bits, rng_), {});
    }
    if (upkeep_.poll_refresh(now)) {
        Operation operation;
        operation.kind = OperationKind::Refresh;
        operation.target = courier_.id();
        // When too many wait, the next interval will do.
        (void)operations_.start(now, std::move(operation));
    }
    while (auto due = publications_.poll_due(now)) {
        const NodeId target = due->target;
        if (const auto id = operations_.start(now, std::move(*due))) {
            publications_.handle_started(target, *id);
        }
    }
    settle_finished(now);
}

void Dht::Impl::settle_finished(base::Instant now) {
    while (auto operation = operations_.poll_finished()) {
        if (operation->id == starting_) {
            starting_ = {};
            starter_.handle_finished(now, tables_.size(), deepest_bucket());
        }
        if (operation->kind == OperationKind::Refresh && starter_.is_done()) {
            set_settled(true);
        }
        auto event = event_of(*operation, config_.bucket_size);
        if (!event) {
            continue;
        }
        const auto* const stored = std::get_if<StoreFinished>(&*event);
        const bool repeated = stored != nullptr && publications_.repeats(stored->operation);
        if (stored != nullptr) {
            publications_.handle_finished(now, *stored);
        }
        if (!repeated) {
            events_.push_back(std::move(*event));
        }
    }
}

void Dht::Impl::set_settled(bool settled) noexcept {
    tables_.for_each_table([&](net::Family, NodeTable& table) { table.set_settled(settled); });
}

unsigned Dht::Impl::deepest_bucket() const noexcept {
    unsigned deepest = 0;
    tables_.for_each_table(
        [&](net::Family, const NodeTable& table) { deepest = std::max(deepest, table.deepest()); });
    return deepest;
}

base::Instant Dht::Impl::next_deadline() const {
    return std::min({courier_.transactions().next_deadline(), upkeep_.next_deadline(),
                     starter_.next_deadline(tables_.size()), publications_.next_deadline(),
                     next_expiry_});
}

std::optional<Event> Dht::Impl::poll_event() {
    if (events_taken_ == events_.size()) {
        std::vector<Event>().swap(events_);
        events_taken_ = 0;
        return std::nullopt;
    }
    return std::move(events_[events_taken_++]);
}

void Dht::Impl::bootstrap(base::Instant now, std::span<const net::SocketAddress> endpoints) {
    starter_.add(now, endpoints);
    settle(now);
}

base::Result<OperationId> Dht::Impl::start(base::Instant now, Operation operation, Keep keep) {
    const NodeId target = operation.target;
    if (keep == Keep::Republish && !publications_.keep(now, operation)) {
        return base::fail(base::ErrorCode::kQueueFull, "too many items are kept alive");
    }
    auto id = operations_.start(now, std::move(operation));
    if (id && keep == Keep::Republish) {
        publications_.handle_started(target, *id);
    }
    settle(now);
    return id;
}

void Dht::Impl::set_id(base::Instant now, const NodeId& id) {
    std::vector<net::SocketAddress> endpoints;
    tables_.for_each_table([&](net::Family, const NodeTable& table) {
        table.for_each(
            [&](const TableEntry& entry) { endpoints.push_back(entry.contact.endpoint); });
    });
    config_.id = id;
    tables_ = Tables(config_);
    courier_.set_id(id);
    operations_.set_id(id);
    responder_.items().set_own(id);
    responder_.peers().set_own(id);
    bootstrap(now, endpoints);
}

DhtStatus Dht::Impl::status() const {
    DhtStatus status;
    status.counters = courier_.counters();
    status.id = courier_.id();
    status.read_only = courier_.read_only();
    tables_.for_each_table([&](net::Family family, const NodeTable& table) {
        (family == net::Family::V4 ? status.contacts_v4 : status.contacts_v6) = table.size();
        status.buckets += table.bucket_count();
        status.replacements += table.replacement_count();
    });
    status.items_stored = responder_.items().size();
    status.item_bytes_stored = responder_.items().bytes();
    status.peers_stored = responder_.peers().size();
    status.operations = operations_.size();
    status.publications = publications_.size();
    status.rtt_mean = courier_.transactions().rtt().mean();
    status.external = votes_.agreed();
    return status;
}

std::vector<NodeInfo> Dht::Impl::nodes(base::Instant now) const {
    std::vector<NodeInfo> nodes;
    tables_.for_each_table([&](net::Family, const NodeTable& table) {
        table.for_each([&](const TableEntry& entry) {
            NodeInfo info;
            info.contact = entry.contact;
            info.good = table.health(now, entry) == Health::Good;
            info.rtt_ms = entry.rtt_ms;
            info.silent = now - std::max(entry.last_reply, entry.last_query);
            info.prefix_bits = common_prefix_bits(courier_.id(), entry.contact.id);
            nodes.push_back(info);
        });
    });
    return nodes;
}

}  // namespace qe::dht
