// SPDX-License-Identifier: Apache-2.0
//
// Responder: answers the queries of others, from the tables and the stores.
//
// No address gets more than three times the bytes that came from it before it is proven to be no
// forgery: by an answer to a query of ours, or by a token of ours that it shows. Contacts and peers
// are cut to that; an item that does not fit is held back while the asker is pinged, and follows as
// the one answer to its query when the ping is answered. An asker that answers no queries (BEP 43)
// gets the answer without the item, marked, and asks again with the token.
#pragma once

#include <array>
#include <vector>

#include "dht/courier.h"
#include "dht/guard.h"
#include "dht/item_store.h"
#include "dht/peer_store.h"
#include "dht/tables.h"
#include "dht/write_tokens.h"

namespace qe::dht {

class Responder {
  public:
    Responder(const DhtConfig& config, base::Rng& rng, base::Instant now, Tables& tables,
              Courier& courier);

    struct Received {
        net::SocketAddress from;
        base::ByteView transaction;
        std::size_t bytes = 0;  ///< Of the datagram.
    };
    void handle_query(base::Instant now, const Received& received, const Query& query);
    void handle_bad_query(const Received& received, const BadQuery& query);

    /// `endpoint` has answered a query: what is held back for it goes out.
    void handle_validated(base::Instant now, const net::SocketAddress& endpoint);
    void expire(base::Instant now);
    /// Packets sent to `endpoint` reach it: a good contact, or proven lately.
    [[nodiscard]] bool is_validated(base::Instant now, const net::SocketAddress& endpoint) const;

    [[nodiscard]] Guard& guard() noexcept { return guard_; }
    [[nodiscard]] ItemStore& items() noexcept { return items_; }
    [[nodiscard]] PeerStore& peers() noexcept { return peers_; }
    [[nodiscard]] const ItemStore& items() const noexcept { return items_; }
    [[nodiscard]] const PeerStore& peers() const noexcept { return peers_; }

  private:
    /// An answer that waits for a proof; asked again of the store when it comes.
    struct Held {
        net::SocketAddress to;
        Query query;
        base::Bytes transaction;
        base::Instant until;
    };

    void answer(base::Instant now, const Courier::Answer& answer, const Query& query);
    void answer_peers(const Courier::Answer& answer, ReplyFields reply,
                      std::vector<net::SocketAddress> peers);
    void answer_item(base::Instant now, const Courier::Answer& answer, const Query& query,
                     ReplyFields reply);
    [[nodiscard]] bool hold(base::Instant now, const Courier::Answer& answer, const Query& query);
    void store(base::Instant now, const Courier::Answer& answer, const Query& query);

    base::Rng& rng_;
    Tables& tables_;
    Courier& courier_;
    std::size_t bucket_size_;
    std::size_t held_max_;
    Guard guard_;
    WriteTokens tokens_;
    ItemStore items_;
    PeerStore peers_;
    std::vector<Held> held_;
};

}  // namespace qe::dht
