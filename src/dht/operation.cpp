// SPDX-License-Identifier: Apache-2.0
#include "dht/operation.h"

#include <algorithm>

#include "dht/compact.h"

namespace qe::dht {
namespace {

/// Peers kept of one search.
constexpr std::size_t kPeersMax = 256;

std::int64_t seq_of(const std::optional<Item>& item) noexcept {
    return item && item->owner ? item->owner->seq : -1;
}

void take_peers(Operation& operation, const BencodeValue& values) {
    BencodeCursor cursor = values.children();
    for (std::size_t i = 0; i < kPeersPerReplyMax * 4; ++i) {
        const auto value = cursor.next();
        if (!value || operation.peers.size() >= kPeersMax) {
            return;
        }
        const auto bytes = value->string();
        const auto peer = bytes ? parse_compact_endpoint(*bytes) : std::nullopt;
        if (peer && is_reachable(*peer) &&
            std::ranges::find(operation.peers, *peer) == operation.peers.end()) {
            operation.peers.push_back(*peer);
        }
    }
}

/// Whether an item is what lies under the target, vouched for by hash or signature. `salt` is not
/// in the answer: who asks knows it.
bool is_genuine(const Operation& operation, ItemView item) {
    if (!item.owner) {
        return immutable_target(item.value) == operation.target;
    }
    const bool put = operation.kind == OperationKind::PutItem;
    item.salt = put ? base::ByteView(operation.item->salt) : base::ByteView(operation.salt);
    return mutable_target(item.owner->key, item.salt) == operation.target &&
           has_valid_signature(item);
}

Item copy_of(const ItemView& view, base::ByteView salt) {
    return {{view.value.begin(), view.value.end()}, {salt.begin(), salt.end()}, view.owner};
}

void take_item(Operation& operation, const ItemView& view, std::uint32_t depth) {
    const bool put = operation.kind == OperationKind::PutItem;
    const std::int64_t known = std::max(seq_of(operation.item), seq_of(operation.newer));
    const bool is_news = view.owner ? view.owner->seq > known : !operation.item;
    // Verifying is dear, and what is not newer is of no use.
    if (!is_news || !is_genuine(operation, view)) {
        return;
    }
    const base::Bytes salt = put ? operation.item->salt : operation.salt;
    (put ? operation.newer : operation.item) = copy_of(view, view.owner ? salt : base::Bytes());
    operation.hops_to_value = depth;
    operation.has_answer = !put && !view.owner;
}

std::vector<Contact> nearest_of(const Operation& operation, std::size_t count_max) {
    std::vector<Contact> nearest;
    for (const Lookup& lookup : operation.lookups) {
        for (const std::size_t index : lookup.nearest_answered(count_max)) {
            nearest.push_back(lookup.candidate(index).contact);
        }
    }
    std::ranges::sort(nearest, [&](const Contact& a, const Contact& b) {
        return is_closer(operation.target, a.id, b.id);
    });
    nearest.erase(std::unique(nearest.begin(), nearest.end()), nearest.end());
    nearest.resize(std::min(nearest.size(), count_max));
    return nearest;
}

std::uint32_t hops_of(const Operation& operation) {
    if (operation.hops_to_value > 0) {
        return operation.hops_to_value;
    }
    for (const Lookup& lookup : operation.lookups) {
        const auto nearest = lookup.nearest_answered(1);
        if (!nearest.empty()) {
            return lookup.candidate(nearest.front()).depth;
        }
    }
    return 0;
}

}  // namespace

Query search_query(const Operation& operation) {
    Query query;
    query.target = operation.target;
    if (operation.searches_item()) {
        query.method = Method::Get;
        if (const std::int64_t seq = seq_of(operation.item); seq >= 0) {
            query.seq = seq;
        }
    } else {
        query.method = operation.searches_peers() ? Method::GetPeers : Method::FindNode;
    }
    return query;
}

bool take_values(Operation& operation, const Response& response, std::uint32_t depth) {
    if (operation.searches_peers() && response.values) {
        take_peers(operation, *response.values);
    }
    if (!operation.searches_item()) {
        return false;
    }
    if (response.item) {
        take_item(operation, *response.item, depth);
    }
    return response.item || response.seq;
}

std::optional<Event> event_of(Operation& operation, std::size_t nearest_max) {
    if (operation.kind == OperationKind::Refresh) {
        return std::nullopt;
    }
    if (operation.stores()) {
        return StoreFinished{operation.id,      operation.target,     operation.accepted,
                             operation.refused, operation.last_error, std::move(operation.newer)};
    }
    LookupFinished finished;
    finished.operation = operation.id;
    finished.target = operation.target;
    finished.nearest = nearest_of(operation, nearest_max);
    finished.peers = std::move(operation.peers);
    finished.item = std::move(operation.item);
    finished.queries = operation.queries;
    finished.hops = hops_of(operation);
    return finished;
}

}  // namespace qe::dht
