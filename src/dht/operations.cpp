// SPDX-License-Identifier: Apache-2.0
#include "dht/operations.h"

#include <algorithm>
#include <utility>

#include "dht/compact.h"

namespace qe::dht {

base::Result<OperationId> Operations::start(base::Instant now, Operation operation) {
    if (waiting_.size() >= config_.lookups_queued_max) {
        return base::fail(base::ErrorCode::kQueueFull, "too many DHT operations wait");
    }
    operation.id = OperationId{++last_id_};
    const OperationId id = operation.id;
    if (running_.size() < config_.lookups_max) {
        begin(now, std::move(operation));
    } else {
        waiting_.push_back(std::move(operation));
    }
    return id;
}

void Operations::begin(base::Instant now, Operation operation) {
    Operation& running = *running_.emplace_back(std::make_unique<Operation>(std::move(operation)));
    running.started = true;
    take_local(now, running);
    add_lookup(running, net::Family::V4, config_);
    add_lookup(running, net::Family::V6, config_);
    advance(now, running);
}

void Operations::add_lookup(Operation& operation, net::Family family, const DhtConfig& config) {
    const NodeTable* const table = tables_.of(family);
    if (table == nullptr) {
        return;
    }
    Lookup lookup(config_.id, operation.target, family, config);
    lookup.set_density(table->density());
    Nearest nearest(operation.target, config_.bucket_size);
    table->collect(nearest);
    for (const Contact& contact : nearest.view()) {
        lookup.add_seed(contact);
    }
    for (const net::SocketAddress& endpoint : operation.starts) {
        lookup.add_seed(endpoint);
    }
    if (!lookup.is_finished()) {
        operation.lookups.push_back(std::move(lookup));
    }
}

/// Where made-up ids crowd the target, on as many paths as wary swarms take, from the start.
bool Operations::widen(Operation& operation) {
    const DhtConfig wary = config_.wary();
    const bool refreshes = operation.kind == OperationKind::Refresh;
    if (std::exchange(operation.widened, true) || refreshes ||
        config_.lookup_paths >= wary.lookup_paths) {
        return false;
    }
    const std::size_t before = operation.lookups.size();
    for (std::size_t i = 0; i < before; ++i) {
        if (operation.lookups[i].is_crowded()) {
            add_lookup(operation, operation.lookups[i].family(), wary);
        }
    }
    return operation.lookups.size() > before;
}

/// What this node stores itself counts as found.
void Operations::take_local(base::Instant now, Operation& operation) {
    const Item* const item =
        operation.kind == OperationKind::GetItem ? items_.find(now, operation.target) : nullptr;
    if (item != nullptr && (item->owner || !operation.key)) {
        operation.item = *item;
        operation.salt = item->salt;  // unknown to who asks by target
        operation.has_answer = !item->owner;
    }
}

void Operations::advance(base::Instant now, Operation& operation) {
    bool open = false;
    for (std::size_t i = 0; i < operation.lookups.size() && !operation.storing; ++i) {
        Lookup& lookup = operation.lookups[i];
        lookup.set_thorough(operation.is_thorough());
        while (!operation.has_answer) {
            if (!courier_.can_ask()) {
                stalled_ = true;
                break;
            }
            const auto index = lookup.poll_candidate();
            if (!index) {
                break;
            }
            ask(now, operation, static_cast<std::uint8_t>(i), *index);
        }
        open = open || !lookup.is_finished();
    }
    if (open && !operation.has_answer) {
        return;
    }
    if (!operation.storing && !operation.has_answer && widen(operation)) {
        advance(now, operation);
        return;
    }
    if (operation.stores() && !operation.storing) {
        begin_stores(now, operation);
    }
    if (operation.stores_open == 0) {
        finish(now, operation);
    }
}

void Operations::resume(base::Instant now) {
    if (!std::exchange(stalled_, false)) {
        return;
    }
    std::vector<std::uint32_t> ids;
    for (const Running& running : running_) {
        ids.push_back(running->id.value);
    }
    for (const std::uint32_t id : ids) {
        if (Operation* const operation = find(id)) {
            advance(now, *operation);
        }
    }
}

void Operations::ask(base::Instant now, Operation& operation, std::uint8_t lookup,
                     std::size_t index) {
    const Lookup::Candidate& candidate = operation.lookups[lookup].candidate(index);
    Query query = search_query(operation);
    // Whoever begins asks for both families: it may know a way into the other one (BEP 32).
    if (!operation.starts.empty() && config_.v4 && config_.v6) {
        query.want = {true, true};
    }
    Transaction transaction;
    transaction.id_known = candidate.id_known;
    transaction.purpose = {Purpose::Kind::Lookup, false, lookup, static_cast<std::uint16_t>(index),
                           operation.id.value};
    const NodeTable* const table = tables_.of(candidate.contact.endpoint.ip.family());
    if (operation.kind == OperationKind::Refresh && operation.starts.empty() && table != nullptr &&
        !table->contains(candidate.contact.endpoint)) {
        upkeep_.count_new_endpoint(now);
    }
    ++operation.queries;
    courier_.send_query(now, candidate.contact, query, transaction);
}

Operation* Operations::find(std::uint32_t id) noexcept {
    const auto found = std::ranges::find_if(
        running_, [&](const Running& running) { return running->id.value == id; });
    return found == running_.end() ? nullptr : found->get();
}

void Operations::handle_answer(base::Instant now, const Transaction& asked,
                               const Response& response) {
    Operation* const operation = find(asked.purpose.operation);
    if (operation == nullptr) {
        return;
    }
    if (asked.purpose.kind == Purpose::Kind::Store) {
        ++operation->accepted;
        --operation->stores_open;
        advance(now, *operation);
        return;
    }
    Lookup& lookup = operation->lookups[asked.purpose.lookup];
    const std::size_t index = asked.purpose.index;
    if (lookup.candidate(index).state != Lookup::State::Asked) {
        return;
    }
    const bool has_value = take_values(*operation, response, lookup.candidate(index).depth);
    const auto name = [&](const Contact& contact) { lookup.handle_named(index, contact); };
    for_each_compact_contact(response.nodes, net::Family::V4, name);
    for_each_compact_contact(response.nodes6, net::Family::V6, name);
    const bool ask_again = response.trimmed && !response.token.empty() && !asked.purpose.again &&
                           !operation->has_answer && courier_.can_ask();
    if (ask_again) {
        ask_for_the_rest(now, *operation, asked, response.token);
    } else {
        lookup.handle_answer(index, response.id, response.token, has_value);
    }
    advance(now, *operation);
}

/// The same question once more, now with a token, which proves our address.
void Operations::ask_for_the_rest(base::Instant now, Operation& operation, const Transaction& asked,
                                  base::ByteView token) {
    Query query = search_query(operation);
    query.token = token;
    Transaction transaction;
    transaction.id_known = true;
    transaction.purpose = asked.purpose;
    transaction.purpose.again = true;
    ++operation.queries;
    courier_.send_query(now, asked.to, query, transaction);
}

void Operations::handle_error(base::Instant now, const Transaction& asked,
                              const ErrorReply& error) {
    Operation* const operation = find(asked.purpose.operation);
    if (operation != nullptr && asked.purpose.kind == Purpose::Kind::Store) {
        ++operation->refused;
        operation->last_error = error.code;
    }
    handle_silence(now, asked);
}

void Operations::handle_silence(base::Instant now, const Transaction& asked) {
    Operation* const operation = find(asked.purpose.operation);
    if (operation == nullptr) {
        return;
    }
    if (asked.purpose.kind == Purpose::Kind::Store) {
        --operation->stores_open;
    } else {
        operation->lookups[asked.purpose.lookup].handle_silence(asked.purpose.index);
    }
    advance(now, *operation);
}

void Operations::begin_stores(base::Instant now, Operation& operation) {
    operation.storing = true;
    if (operation.kind == OperationKind::PutItem) {
        store_locally(now, operation);
    }
    std::vector<net::SocketAddress> places;
    for (const Lookup& lookup : operation.lookups) {
        for (const std::size_t index : lookup.store_places()) {
            const Lookup::Candidate& node = lookup.candidate(index);
            const bool is_new = std::ranges::find(places, node.contact.endpoint) == places.end();
            if (is_new && !node.token.empty() && courier_.can_ask()) {
                places.push_back(node.contact.endpoint);
                store_at(now, operation, node);
            }
        }
    }
}

void Operations::store_at(base::Instant now, Operation& operation, const Lookup::Candidate& node) {
    Query query;
    query.token = node.token;
    query.target = operation.target;
    if (operation.kind == OperationKind::PutItem) {
        query.method = Method::Put;
        query.item = view_of(*operation.item);
        query.cas = node.has_value ? operation.cas : std::nullopt;
    } else {
        query.method = Method::AnnouncePeer;
        query.port = operation.port;
        query.implied_port = operation.port == 0;
    }
    Transaction transaction;
    transaction.id_known = true;
    transaction.purpose = {Purpose::Kind::Store, false, 0, 0, operation.id.value};
    if (courier_.send_query(now, node.contact, query, transaction)) {
        ++operation.stores_open;
    }
}

/// A node that is itself among the nearest stores as the others do.
void Operations::store_locally(base::Instant now, Operation& operation) {
    if (courier_.read_only()) {
        return;
    }
    std::size_t nearer = 0;
    for (const Lookup& lookup : operation.lookups) {
        for (const std::size_t index : lookup.nearest_answered(config_.bucket_size)) {
            const NodeId& id = lookup.candidate(index).contact.id;
            nearer += is_closer(operation.target, id, config_.id) ? 1U : 0U;
        }
    }
    if (nearer < config_.bucket_size) {
        const auto refused =
            items_.put(now, net::IpAddress(), view_of(*operation.item), operation.cas);
        operation.accepted += refused ? 0U : 1U;
    }
}

void Operations::finish(base::Instant now, Operation& operation) {
    const auto place = std::ranges::find_if(
        running_, [&](const Running& running) { return running.get() == &operation; });
    finished_.push_back(std::move(operation));
    running_.erase(place);
    if (!waiting_.empty() && running_.size() < config_.lookups_max) {
        Operation next = std::move(waiting_.front());
        waiting_.erase(waiting_.begin());
        begin(now, std::move(next));
    }
}

std::optional<Operation> Operations::poll_finished() {
    if (finished_.empty()) {
        return std::nullopt;
    }
    std::optional<Operation> first(std::move(finished_.front()));
    finished_.erase(finished_.begin());
    return first;
}

}  // namespace qe::dht
