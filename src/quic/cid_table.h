// SPDX-License-Identifier: Apache-2.0
//
// CidTable: which connection a datagram belongs to.
//
// Three keys lead to a connection: the ids we issued, the id a client invented for its first
// Initial, and the stateless-reset tokens the peer promised (RFC 9000, 10.3.1: a reset carries no
// id we know). A route may also lead to a tombstone, the remains of a closed connection.
// Owners remove their entries; the table never grows by itself.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>

#include "quic/cid.h"
#include "quicether/base/rng.h"
#include "quicether/base/slot_map.h"
#include "quicether/quic/types.h"

namespace qe::quic {

struct TombstoneTag;
using TombstoneHandle = base::Handle<TombstoneTag>;

/// At most one of the two is set.
struct Route {
    ConnectionHandle connection;
    TombstoneHandle tombstone;
    friend bool operator==(const Route&, const Route&) = default;
};

class CidTable {
  public:
    explicit CidTable(base::Rng& rng);

    /// A fresh id of ours that nothing uses.
    [[nodiscard]] ngtcp2_cid make_unused_id(base::Rng& rng) const;

    [[nodiscard]] std::optional<Route> find(base::ByteView id) const;
    /// False when the id is taken: the first owner keeps it.
    bool insert(const ngtcp2_cid& id, const Route& route);
    /// Points an existing id at another owner.
    void redirect(const IdKey& id, const Route& route);
    void erase(const IdKey& id) { routes_.erase(id); }

    [[nodiscard]] std::optional<ConnectionHandle> find_reset_token(base::ByteView token) const;
    void insert_reset_token(base::ByteView token, ConnectionHandle connection);
    void erase_reset_token(base::ByteView token);

    [[nodiscard]] std::size_t size() const noexcept { return routes_.size(); }
    [[nodiscard]] std::size_t reset_token_count() const noexcept { return tokens_.size(); }

  private:
    std::unordered_map<IdKey, Route, IdHash> routes_;
    std::unordered_map<IdKey, ConnectionHandle, IdHash> tokens_;
};

}  // namespace qe::quic
