// SPDX-License-Identifier: Apache-2.0
//
// Amplification: a node sends to an address that has not been validated at most three times the
// bytes that came from there (RFC 9000, section 8.1).
//
// An address is validated for a node once a host that has received something which the node sent
// there has then sent from there: the ground truth, which no spoofed datagram can fake. An Initial
// with a token counts as well, if the address was validated before (section 8.1.3).
//
// A dialler sends before anything came. To addresses that its node knows for a peer it may send
// what its handshakes need: one at a time for each address and peer, of at most kDialFlight bytes
// (two datagrams at once, after 1 s and after 3 s, then it gives up at 5 s), the next after a
// back-off of half a second at least, and at once when the network has changed. A node that uses
// several uplinks does so from each of them besides.
//
// A node of the DHT asks whom others have named, or whom it remembers, without anything having come
// from there: kQuestions bytes of queries for each kDialsApart. What is beyond counts as sent.
//
// Judged every second. Bounded: addresses unused for a minute are forgotten when there are many.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class Amplification final : public RecordingChecker {
  public:
    static constexpr std::uint64_t kFactor = 3;
    /// Three times two datagrams of an Ethernet packet, and as much again for a peer whose address
    /// another one had before.
    static constexpr std::uint64_t kDialFlight = 18'000;
    /// A few queries of KRPC, 300 bytes at most.
    static constexpr std::uint64_t kQuestions = 1'200;
    static constexpr base::Duration kDialsApart = base::seconds(5);

    explicit Amplification(World& world) : RecordingChecker("amplification", world) {}

    void on_sent(HostId host, const Packet& packet) override;
    void on_received(HostId host, const Packet& packet) override;
    void on_host(HostId host, HostChange change) override;
    /// It may take peers from a list to whom a dial has just left.
    void on_action(std::string_view what) override;
    void on_second() override;

  private:
    /// One address as one node sees it.
    struct Contact {
        std::uint64_t sent = 0;
        std::uint64_t asked = 0;  ///< Bytes of queries, not in `sent`.
        std::uint64_t received = 0;
        base::Instant first_sent = base::Instant::never();
        base::Instant used;
        std::vector<std::uint64_t> probes;  ///< Numbers of packets sent there, the last few.
        HostId answerer = 0;                ///< Who got one of them,
        std::uint64_t answerable_from = 0;  ///< and what it sends from this number on validates.
        std::uint64_t dialled_peers = 0;    ///< The most that were known at this address.
        std::uint64_t dial_rounds = 0;      ///< Changes of the network since the first packet.
        bool validated = false;
        bool objected = false;
    };
    using Contacts = std::unordered_map<net::SocketAddress, Contact>;
    struct Probe {
        HostId sender = 0;
        net::SocketAddress to;
    };
    struct View {
        Contacts contacts;
        std::unordered_set<net::SocketAddress> touched;  ///< This second, not validated.
        std::unordered_set<net::IpAddress> trusted;      ///< Validated in any run of the node.
    };

    [[nodiscard]] View& view(HostId host);
    void note_probe(HostId host, const Packet& packet, Contact& contact);
    void validate(HostId host, const net::SocketAddress& address, Contact& contact);
    [[nodiscard]] std::uint64_t allowed(HostId host, const net::SocketAddress& address,
                                        Contact& contact);
    /// Bytes sent, without the queries that may be.
    [[nodiscard]] std::uint64_t charged(const Contact& contact) const;
    [[nodiscard]] std::uint64_t rounds_of(const Contact& contact) const;
    void forget_unused(View& view);

    std::vector<View> views_;
    std::unordered_map<std::uint64_t, Probe> probes_;  ///< By packet number.
    std::uint64_t latest_number_ = 0;
};

}  // namespace qe::sim
