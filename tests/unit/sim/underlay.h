// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the simulated underlay share: packets, a place where they arrive, seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"
#include "sim/packet.h"
#include "sim/scheduler.h"

namespace qe::sim {

inline base::Rng seeded(std::uint8_t number) {
    base::Rng::Seed seed{};
    seed[0] = static_cast<std::byte>(number);
    return base::Rng(seed);
}

/// "192.0.2.1:7"
inline net::SocketAddress endpoint(std::string_view text) {
    return net::parse_socket_address(text, 0).value();
}

inline net::Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }

inline net::IpAddress address(std::string_view text) { return net::parse_ip_address(text).value(); }

/// `wire_bytes` counts the headers of IPv4 and UDP, 28 in all.
inline Packet packet_of(std::size_t wire_bytes, std::uint64_t number = 0) {
    Packet packet;
    packet.source = endpoint("192.0.2.1:1000");
    packet.destination = endpoint("198.51.100.1:2000");
    packet.number = number;
    packet.payload.resize(wire_bytes - 28);
    return packet;
}

inline Packet packet_between(const net::SocketAddress& from, const net::SocketAddress& to) {
    Packet packet;
    packet.source = from;
    packet.destination = to;
    packet.payload.resize(100);
    return packet;
}

/// Keeps what arrives, with the time.
class Arrivals final : public Receiver {
  public:
    struct Arrival {
        Packet packet;
        base::Instant at;
    };

    explicit Arrivals(const Scheduler& scheduler) : scheduler_(scheduler) {}
    void receive(Packet packet) override { all.push_back({std::move(packet), scheduler_.now()}); }

    [[nodiscard]] std::vector<std::uint64_t> numbers() const {
        std::vector<std::uint64_t> found;
        for (const Arrival& arrival : all) {
            found.push_back(arrival.packet.number);
        }
        return found;
    }
    /// Exactly one packet since the last call.
    Packet take_one() {
        EXPECT_EQ(all.size(), 1U);
        Packet packet = all.empty() ? Packet{} : std::move(all.front().packet);
        all.clear();
        return packet;
    }

    std::vector<Arrival> all;

  private:
    const Scheduler& scheduler_;
};

/// Until nothing is left to happen. The clock stays at the last event.
inline void drain(Scheduler& scheduler) {
    while (scheduler.events_waiting() > 0) {
        scheduler.step(base::Instant::never());
    }
}

}  // namespace qe::sim
