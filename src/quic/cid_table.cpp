// SPDX-License-Identifier: Apache-2.0
#include "quic/cid_table.h"

namespace qe::quic {
namespace {

constexpr std::size_t kInitialBuckets = 16;

}  // namespace

CidTable::CidTable(base::Rng& rng)
    : routes_(kInitialBuckets, IdHash{rng.u64()}), tokens_(kInitialBuckets, IdHash{rng.u64()}) {}

ngtcp2_cid CidTable::make_unused_id(base::Rng& rng) const {
    ngtcp2_cid id = make_connection_id(rng);
    while (routes_.contains(IdKey(id))) {
        id = make_connection_id(rng);
    }
    return id;
}

std::optional<Route> CidTable::find(base::ByteView id) const {
    const auto found = routes_.find(IdKey(id));
    return found == routes_.end() ? std::nullopt : std::optional(found->second);
}

bool CidTable::insert(const ngtcp2_cid& id, const Route& route) {
    return routes_.try_emplace(IdKey(id), route).second;
}

void CidTable::redirect(const IdKey& id, const Route& route) {
    if (const auto found = routes_.find(id); found != routes_.end()) {
        found->second = route;
    }
}

std::optional<ConnectionHandle> CidTable::find_reset_token(base::ByteView token) const {
    const auto found = tokens_.find(IdKey(token));
    return found == tokens_.end() ? std::nullopt : std::optional(found->second);
}

void CidTable::insert_reset_token(base::ByteView token, ConnectionHandle connection) {
    tokens_.try_emplace(IdKey(token), connection);
}

void CidTable::erase_reset_token(base::ByteView token) { tokens_.erase(IdKey(token)); }

}  // namespace qe::quic
