// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/dht.h"

#include <utility>

#include "dht/dht_impl.h"
#include "dht/snapshot.h"

namespace qe::dht {
namespace {

Operation search(OperationKind kind, const NodeId& target) {
    Operation operation;
    operation.kind = kind;
    operation.target = target;
    return operation;
}

}  // namespace

Dht::Dht(const DhtConfig& config, base::Rng rng, base::Instant now)
    : impl_(std::make_unique<Impl>(config, std::move(rng), now)) {}
Dht::~Dht() = default;
Dht::Dht(Dht&&) noexcept = default;
Dht& Dht::operator=(Dht&&) noexcept = default;

bool Dht::handle_datagram(base::Instant now, const net::SocketAddress& from, base::ByteView bytes) {
    return impl_->handle_datagram(now, from, bytes);
}

void Dht::handle_deadline(base::Instant now) { impl_->handle_deadline(now); }

base::Instant Dht::next_deadline() const { return impl_->next_deadline(); }

std::optional<Transmit> Dht::poll_transmit() { return impl_->poll_transmit(); }

std::optional<Event> Dht::poll_event() { return impl_->poll_event(); }

void Dht::bootstrap(base::Instant now, std::span<const net::SocketAddress> endpoints) {
    impl_->bootstrap(now, endpoints);
}

base::Result<OperationId> Dht::find_node(base::Instant now, const NodeId& target) {
    return impl_->start(now, search(OperationKind::FindNode, target), Keep::Once);
}

base::Result<OperationId> Dht::get_peers(base::Instant now, const NodeId& info_hash) {
    return impl_->start(now, search(OperationKind::GetPeers, info_hash), Keep::Once);
}

base::Result<OperationId> Dht::get_immutable(base::Instant now, const NodeId& target) {
    return impl_->start(now, search(OperationKind::GetItem, target), Keep::Once);
}

base::Result<OperationId> Dht::get_mutable(base::Instant now, const crypto::PublicKey& key,
                                           base::ByteView salt) {
    if (salt.size() > kItemSaltBytesMax) {
        return base::fail(base::ErrorCode::kTooLarge, "an item's salt has at most 64 bytes");
    }
    Operation operation = search(OperationKind::GetItem, mutable_target(key, salt));
    operation.key = key;
    operation.salt.assign(salt.begin(), salt.end());
    return impl_->start(now, std::move(operation), Keep::Once);
}

base::Result<OperationId> Dht::announce(base::Instant now, const NodeId& info_hash,
                                        std::uint16_t port, Keep keep) {
    Operation operation = search(OperationKind::Announce, info_hash);
    operation.port = port;
    return impl_->start(now, std::move(operation), keep);
}

base::Result<OperationId> Dht::put(base::Instant now, const Item& item, Keep keep,
                                   std::optional<std::int64_t> cas) {
    if (item.value.size() > kItemValueBytesMax || item.salt.size() > kItemSaltBytesMax) {
        return base::fail(base::ErrorCode::kTooLarge, "the item is too large");
    }
    if (item.owner && !has_valid_signature(view_of(item))) {
        return base::fail(base::ErrorCode::kBadSignature, "the item's signature is wrong");
    }
    Operation operation = search(OperationKind::PutItem, target_of(item));
    operation.item = item;
    operation.cas = cas;
    return impl_->start(now, std::move(operation), keep);
}

void Dht::withdraw(const NodeId& target) { impl_->withdraw(target); }

void Dht::set_read_only(bool read_only) { impl_->set_read_only(read_only); }

void Dht::set_id(base::Instant now, const NodeId& id) { impl_->set_id(now, id); }

base::Bytes Dht::snapshot() const { return encode_snapshot(impl_->tables()); }

base::Result<std::size_t> Dht::restore(base::Instant now, base::ByteView bytes) {
    QE_TRY(const std::vector<Contact> contacts, parse_snapshot(bytes));
    std::vector<net::SocketAddress> endpoints;
    for (const Contact& contact : contacts) {
        endpoints.push_back(contact.endpoint);
    }
    if (!endpoints.empty()) {
        impl_->bootstrap(now, endpoints);
    }
    return contacts.size();
}

DhtStatus Dht::status() const { return impl_->status(); }

std::vector<NodeInfo> Dht::nodes(base::Instant now) const { return impl_->nodes(now); }

}  // namespace qe::dht
