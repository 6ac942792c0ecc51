// SPDX-License-Identifier: Apache-2.0
#include "swarm.h"

#include <algorithm>
#include <utility>

#include "quicether/dht/distance.h"

namespace qe::testing {
namespace {

constexpr double kLossScale = 1'000'000;
constexpr std::uint16_t kPort = 9000;

base::Rng::Seed seed_of(std::uint8_t number) {
    base::Rng::Seed seed{};
    seed[0] = std::byte{number};
    return seed;
}

/// Each in a /24 of its own, spread over the /16s.
net::SocketAddress endpoint_of(std::size_t node) {
    const auto spread = static_cast<std::uint32_t>((node * 40503U) & 0xffffU);
    const std::uint32_t first = 11 + (spread >> 8) % 100;
    const auto third = static_cast<std::uint32_t>((spread >> 8) / 100 + 3 * (node >> 16));
    const std::uint32_t ip = (first << 24) | ((spread & 0xffU) << 16) | (third << 8) | 1U;
    return {net::IpAddress::v4(ip), kPort, 0};
}

}  // namespace

Swarm::Swarm(const SwarmOptions& options) : options_(options), rng_(seed_of(options.seed)) {}

std::size_t Swarm::add() {
    dht::DhtConfig config = options_.config;
    config.id = dht::random_id(rng_);
    return add(config);
}

std::size_t Swarm::add(const dht::DhtConfig& config) {
    const std::size_t index = nodes_.size();
    Node& node = nodes_.emplace_back();
    node.id = config.id;
    node.endpoint = endpoint_of(index);
    node.dht = std::make_unique<dht::Dht>(config, rng_.fork("node"), now_);
    by_endpoint_[node.endpoint] = static_cast<std::uint32_t>(index);
    return index;
}

std::size_t Swarm::join(std::size_t through) {
    const std::size_t index = add();
    const net::SocketAddress start = endpoint(through);
    dht(index).bootstrap(now_, std::span(&start, 1));
    settle(index);
    return index;
}

void Swarm::kill(std::size_t node) { nodes_[node].dht.reset(); }

base::Duration Swarm::delay(std::size_t a, std::size_t b) const noexcept {
    // Half the round trip, a function of the pair.
    std::uint64_t mixed = (std::min(a, b) * 0x9e3779b97f4a7c15ULL) ^ (std::max(a, b) + 1);
    mixed = (mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9ULL;
    const std::uint64_t span = options_.rtt_max_ms - options_.rtt_min_ms + 1;
    const auto rtt = options_.rtt_min_ms + (mixed >> 33) % span;
    return base::microseconds(500) * static_cast<std::int64_t>(rtt);
}

void Swarm::push(Happening happening) {
    happening.number = numbers_++;
    heap_.push_back(std::move(happening));
    std::ranges::push_heap(heap_, [](const Happening& a, const Happening& b) {
        return std::pair(a.at, a.number) > std::pair(b.at, b.number);
    });
}

void Swarm::send(std::size_t from, const net::SocketAddress& to, base::ByteView bytes) {
    ++datagrams_;
    const auto receiver = by_endpoint_.find(to);
    const bool lost = options_.loss > 0 &&
                      static_cast<double>(rng_.below(static_cast<std::uint64_t>(kLossScale))) <
                          options_.loss * kLossScale;
    if (receiver == by_endpoint_.end() || lost) {
        return;
    }
    push({now_ + delay(from, receiver->second), 0, static_cast<std::uint32_t>(from),
          receiver->second, base::Bytes(bytes.begin(), bytes.end())});
}

void Swarm::settle(std::size_t index) {
    Node& node = nodes_[index];
    while (const auto transmit = node.dht->poll_transmit()) {
        send(index, transmit->to, transmit->bytes);
    }
    while (auto event = node.dht->poll_event()) {
        node.events.push_back(std::move(*event));
    }
    const base::Instant next = node.dht->next_deadline();
    if (next < node.wakes) {
        node.wakes = next;
        const auto self = static_cast<std::uint32_t>(index);
        push({next, 0, self, self, {}});
    }
}

void Swarm::happen(const Happening& happening) {
    Node& node = nodes_[happening.to];
    if (node.dht == nullptr) {
        return;
    }
    if (happening.bytes.empty()) {
        if (happening.at != node.wakes) {
            return;  // an earlier one was set since
        }
        node.wakes = base::Instant::never();
        if (node.dht->next_deadline() <= now_) {
            node.dht->handle_deadline(now_);
        }
    } else {
        const net::SocketAddress& from = nodes_[happening.from].endpoint;
        if (intercept && intercept(happening.to, from, happening.bytes)) {
            return;
        }
        node.dht->handle_datagram(now_, from, happening.bytes);
    }
    settle(happening.to);
}

void Swarm::run_for(base::Duration duration) {
    const base::Instant end = now_ + duration;
    while (!heap_.empty() && heap_.front().at <= end) {
        std::ranges::pop_heap(heap_, [](const Happening& a, const Happening& b) {
            return std::pair(a.at, a.number) > std::pair(b.at, b.number);
        });
        const Happening next = std::move(heap_.back());
        heap_.pop_back();
        now_ = std::max(now_, next.at);
        happen(next);
    }
    now_ = end;
}

std::optional<dht::Event> Swarm::take(std::size_t index, dht::OperationId operation) {
    std::vector<dht::Event>& events = nodes_[index].events;
    for (auto place = events.begin(); place != events.end(); ++place) {
        const auto* const found = std::get_if<dht::LookupFinished>(&*place);
        const auto* const stored = std::get_if<dht::StoreFinished>(&*place);
        if ((found != nullptr && found->operation == operation) ||
            (stored != nullptr && stored->operation == operation)) {
            std::optional<dht::Event> event(std::move(*place));
            events.erase(place);
            return event;
        }
    }
    return std::nullopt;
}

std::optional<dht::Event> Swarm::finish(std::size_t index, dht::OperationId operation) {
    settle(index);
    for (int step = 0; step < 600; ++step) {
        if (auto event = take(index, operation)) {
            return event;
        }
        run_for(base::milliseconds(100));
    }
    return std::nullopt;
}

}  // namespace qe::testing
