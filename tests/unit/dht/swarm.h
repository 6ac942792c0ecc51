// SPDX-License-Identifier: Apache-2.0
//
// Swarm: many Dht instances that exchange datagrams over an imagined network, one event after the
// other. Each pair of nodes has a round-trip time of its own; datagrams may be lost. Repeats
// exactly from its seed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "quicether/dht/dht.h"

namespace qe::testing {

struct SwarmOptions {
    std::uint8_t seed = 1;
    std::uint32_t rtt_min_ms = 10;
    std::uint32_t rtt_max_ms = 200;
    double loss = 0;  ///< Share of datagrams.
    dht::DhtConfig config;
};

class Swarm {
  public:
    explicit Swarm(const SwarmOptions& options);

    /// A node with a random id and an address in a subnet of its own, without contacts.
    std::size_t add();
    std::size_t add(const dht::DhtConfig& config);
    /// A node that begins with one that is there already.
    std::size_t join(std::size_t through);
    /// It falls silent for good.
    void kill(std::size_t node);

    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
    [[nodiscard]] bool is_alive(std::size_t node) const { return nodes_[node].dht != nullptr; }
    [[nodiscard]] dht::Dht& dht(std::size_t node) { return *nodes_[node].dht; }
    [[nodiscard]] const net::SocketAddress& endpoint(std::size_t node) const {
        return nodes_[node].endpoint;
    }
    [[nodiscard]] const dht::NodeId& id(std::size_t node) const { return nodes_[node].id; }
    [[nodiscard]] base::Instant now() const noexcept { return now_; }
    [[nodiscard]] base::Rng& rng() noexcept { return rng_; }
    [[nodiscard]] std::uint64_t datagrams() const noexcept { return datagrams_; }

    void run_for(base::Duration duration);
    /// What a node of this swarm hands out after an operation or any other input.
    void settle(std::size_t node);
    /// Runs until the operation has ended; its event. Nothing after a minute.
    [[nodiscard]] std::optional<dht::Event> finish(std::size_t node, dht::OperationId operation);
    /// Removes the end of an operation from the events kept.
    [[nodiscard]] std::optional<dht::Event> take(std::size_t node, dht::OperationId operation);
    void send(std::size_t from, const net::SocketAddress& to, base::ByteView bytes);

    /// Called with what arrives at a node; true: it is dealt with, and the node does not see it.
    std::function<bool(std::size_t node, const net::SocketAddress& from, base::ByteView bytes)>
        intercept;

  private:
    struct Node {
        std::unique_ptr<dht::Dht> dht;
        net::SocketAddress endpoint;
        dht::NodeId id;
        base::Instant wakes = base::Instant::never();
        std::vector<dht::Event> events;
    };
    /// A datagram that arrives, or without bytes a deadline.
    struct Happening {
        base::Instant at;
        std::uint64_t number = 0;
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        base::Bytes bytes;
    };

    void push(Happening happening);
    void happen(const Happening& happening);
    [[nodiscard]] base::Duration delay(std::size_t a, std::size_t b) const noexcept;

    SwarmOptions options_;
    base::Rng rng_;
    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
    std::uint64_t numbers_ = 0;
    std::uint64_t datagrams_ = 0;
    std::vector<Node> nodes_;
    std::vector<Happening> heap_;
    std::unordered_map<net::SocketAddress, std::uint32_t> by_endpoint_;
};

}  // namespace qe::testing
