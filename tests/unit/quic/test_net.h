// SPDX-License-Identifier: Apache-2.0
//
// TestNet: endpoints joined by a wire in memory, in virtual time.
//
// Datagrams take `delay` to arrive, those larger than the wire's MTU vanish, and a filter may drop
// or rewrite each one. step() moves time to the next arrival or deadline, so a minute of protocol
// runs in milliseconds, the same way each time. Everything an endpoint tells is kept for the test.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quicether/quic/endpoint.h"

namespace qe::quic::testing {

inline constexpr base::UnixTime kWallNow{1'800'000'000};

/// "10.0.0.1:9000" or "[fd00::1]:9000".
[[nodiscard]] net::SocketAddress address(std::string_view text);
[[nodiscard]] base::Rng make_rng(std::uint64_t seed);
[[nodiscard]] crypto::Identity make_identity(std::uint64_t seed);
[[nodiscard]] base::Bytes make_bytes(std::size_t size, std::uint8_t fill = 0x5A);

/// A datagram on the wire; `flow` as its sender sees it.
struct WirePacket {
    base::Instant at;
    net::FlowAddresses flow;
    net::Ecn ecn = net::Ecn::NotEct;
    base::Bytes payload;
};

struct KeptDatagram {
    ConnectionHandle connection;
    base::Bytes bytes;
    bool early = false;
    base::Instant at;
};

/// One endpoint and everything it has told so far.
struct TestNode {
    crypto::Identity identity;
    std::vector<net::SocketAddress> addresses;
    EndpointOptions options;
    std::unique_ptr<Endpoint> endpoint;
    std::vector<Event> events;
    std::vector<KeptDatagram> datagrams;
    bool fetch_events = true;
    std::uint64_t packets_sent = 0;
    std::uint64_t blocks_received = 0;  ///< handle_datagrams() calls.
    std::uint64_t timeouts = 0;         ///< Times the endpoint's deadline came.
    /// A queue of the driver's own: called before each poll_transmit().
    std::function<void()> feed;

    /// All events of a type, in order.
    template <typename T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const Event& event : events) {
            if (const T* const one = std::get_if<T>(&event)) {
                found.push_back(*one);
            }
        }
        return found;
    }
    template <typename T>
    [[nodiscard]] std::optional<T> last() const {
        const std::vector<T> found = all<T>();
        return found.empty() ? std::nullopt : std::optional<T>(found.back());
    }
    [[nodiscard]] const EndpointCounters& counters() const { return endpoint->counters(); }
    /// Starts afresh as after a restart: same identity and address, no memory.
    void restart(std::uint64_t seed, base::UnixTime wall = kWallNow);
    void trust(const crypto::PublicKey& key);
    base::Status send(ConnectionHandle connection, base::ByteView bytes);
    /// Bytes of one stream, in order.
    [[nodiscard]] base::Bytes stream_bytes(ConnectionHandle connection, StreamId stream) const;

    crypto::Trust trusted;
};

class TestNet {
  public:
    base::Duration delay = base::milliseconds(10);
    std::size_t mtu = 1500;  ///< Of the IP link, bytes.
    /// A virtual link that takes a GSO send as one: if its largest segment is too large, all is
    /// lost.
    bool bursts_stay_whole = false;
    std::size_t buffer_bytes = 65536;
    std::size_t block_packets_max = 64;  ///< Datagrams that arrive together and become one block.
    /// Called for each datagram that enters the wire; false drops it.
    std::function<bool(WirePacket&)> filter;
    /// For each packet of a segmented send: (index, packets in the send); false spoils it on the
    /// way.
    std::function<bool(std::size_t, std::size_t)> segmented_fate;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_too_large = 0;

    TestNode& add(std::uint64_t seed, std::string_view address_text,
                  const EndpointOptions& options = {}, base::UnixTime wall = kWallNow);
    [[nodiscard]] base::Instant now() const { return now_; }

    /// One move: the next arrival or deadline. False when nothing will ever happen again.
    bool step();
    void run_for(base::Duration duration);
    /// Runs until `done`, at most `limit`; whether it got there.
    bool run_until(const std::function<bool()>& done, base::Duration limit = base::seconds(30));
    /// Lets what is due now happen, without moving time.
    void flush();
    void inject(const net::FlowAddresses& receiver_view, base::ByteView payload);
    [[nodiscard]] std::size_t packets_in_flight() const { return wire_.size(); }

  private:
    void transmit(TestNode& node);
    void collect(TestNode& node);
    void deliver_due();
    [[nodiscard]] base::Instant next_moment() const;
    [[nodiscard]] TestNode* owner_of(const net::SocketAddress& address);
    void put_on_wire(WirePacket packet);

    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
    std::deque<std::unique_ptr<TestNode>> nodes_;
    std::deque<WirePacket> wire_;  ///< In order of arrival, as the delay is the same for all.
};

/// Two nodes that trust each other.
struct Pair {
    TestNet net;
    TestNode& client;
    TestNode& server;

    explicit Pair(const EndpointOptions& client_options = {},
                  const EndpointOptions& server_options = {}, bool v6 = false);

    [[nodiscard]] net::FlowAddresses flow() const;
    [[nodiscard]] ConnectionHandle dial(const Resumption* resumption = nullptr);
    /// Dials and runs until both ends are connected; asserts that they are.
    void connect(const Resumption* resumption = nullptr);
    [[nodiscard]] bool both_connected() const;

    ConnectionHandle at_client;  ///< The last connection that connect() made.
    ConnectionHandle at_server;
};

}  // namespace qe::quic::testing
