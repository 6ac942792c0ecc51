// SPDX-License-Identifier: Apache-2.0
//
// Dht: a node of a Kademlia DHT in Mainline's wire format, as a state machine.
//
// KRPC over bencode (BEP 5), IPv6 (BEP 32), ids from addresses (BEP 42), read-only nodes (BEP 43)
// and items (BEP 44); with a network key also a MAC in every message. docs/protocol/dht.md.
//
// Input: handle_datagram(), handle_deadline() and the operations. After each of them call
// poll_transmit() until it gives nothing, poll_event() likewise, and come back at next_deadline().
// It starts without contacts: give it bootstrap() endpoints, or restore() a snapshot. Everything it
// keeps is bounded by its DhtConfig; no datagram can stop it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/dht/config.h"
#include "quicether/dht/event.h"
#include "quicether/dht/item.h"
#include "quicether/dht/status.h"

namespace qe::dht {

/// A datagram to send.
struct Transmit {
    net::SocketAddress to;
    base::Bytes bytes;
};

/// Whether the Dht publishes again by itself, at half the lifetime of what is stored.
enum class Keep : std::uint8_t { Once, Republish };

class Dht {
  public:
    Dht(const DhtConfig& config, base::Rng rng, base::Instant now);
    ~Dht();
    Dht(Dht&&) noexcept;
    Dht& operator=(Dht&&) noexcept;

    /// One received UDP payload. Anything may be in it. False: it was dropped, counted, and has
    /// changed nothing; neither is there anything new to poll.
    bool handle_datagram(base::Instant now, const net::SocketAddress& from, base::ByteView bytes);
    /// Time has passed; may be called at any time.
    void handle_deadline(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const;
    [[nodiscard]] std::optional<Transmit> poll_transmit();
    [[nodiscard]] std::optional<Event> poll_event();

    /// Adds endpoints to begin with, and begins: they are asked now, and again with growing pauses
    /// whenever no contact is left. Remembers 64.
    void bootstrap(base::Instant now, std::span<const net::SocketAddress> endpoints);

    // Operations. Each ends with one event, a LookupFinished or (announce, put) a StoreFinished.
    // Error: kQueueFull when too many wait already.

    [[nodiscard]] base::Result<OperationId> find_node(base::Instant now, const NodeId& target);
    [[nodiscard]] base::Result<OperationId> get_peers(base::Instant now, const NodeId& info_hash);
    [[nodiscard]] base::Result<OperationId> get_immutable(base::Instant now, const NodeId& target);
    /// Error: kTooLarge for a salt beyond kItemSaltBytesMax.
    [[nodiscard]] base::Result<OperationId> get_mutable(base::Instant now,
                                                        const crypto::PublicKey& key,
                                                        base::ByteView salt);
    /// This node under a key, at `port`, or with 0 at the port its packets come from.
    [[nodiscard]] base::Result<OperationId> announce(base::Instant now, const NodeId& info_hash,
                                                     std::uint16_t port, Keep keep);
    /// An item from make_immutable_item() or make_mutable_item(). `cas`: only over the state with
    /// this number. A kept item replaces the one kept under the same target.
    /// Errors: kTooLarge, kBadSignature, and kQueueFull for too many kept ones.
    [[nodiscard]] base::Result<OperationId> put(base::Instant now, const Item& item, Keep keep,
                                                std::optional<std::int64_t> cas = std::nullopt);
    /// Publishes no more what is kept under this target (or info_hash).
    void withdraw(const NodeId& target);

    /// Answers queries no more, and says so to all (BEP 43).
    void set_read_only(bool read_only);
    /// Takes another id (BEP 42: once the own address is known) and sorts the contacts anew.
    void set_id(base::Instant now, const NodeId& id);

    /// The contacts as bytes, for the next start. At most kSnapshotBytesMax.
    [[nodiscard]] base::Bytes snapshot() const;
    /// Begins with the contacts of a snapshot as bootstrap() does; none of them is trusted before
    /// it has answered. Returns their number. Errors: kMalformed (also for a torn write),
    /// kUnsupported (a version of the future).
    [[nodiscard]] base::Result<std::size_t> restore(base::Instant now, base::ByteView bytes);

    [[nodiscard]] DhtStatus status() const;
    [[nodiscard]] std::vector<NodeInfo> nodes(base::Instant now) const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

inline constexpr std::size_t kSnapshotBytesMax = 64 * 1024;

}  // namespace qe::dht
