// SPDX-License-Identifier: Apache-2.0
//
// Two QUIC endpoints joined in memory under a virtual clock, with the real time each one takes.
//
// Nothing is lost and nothing is late: what one end writes, the other reads at once, in the blocks
// in which it was written, as GSO and GRO do it. What a call into an endpoint takes is added to
// that end's account, so that both ends of one exchange can be told apart.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "quicether/quic/endpoint.h"

namespace qe::bench {

inline void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "this must not happen: %s\n", what);
        std::abort();
    }
}

struct End {
    End(unsigned number, std::string_view address_text)
        : identity(crypto::Identity::from_seed({std::byte(number)})),
          address(*net::parse_socket_address(address_text, 9000)) {
        base::Rng::Seed seed{};
        seed[0] = std::byte(number);
        auto made = quic::Endpoint::make({}, identity, base::Rng(seed), {}, {1'800'000'000});
        require(made.has_value(), "an endpoint cannot be made");
        endpoint = std::move(*made);
    }

    /// Calls `work` at this end's expense.
    template <typename Work>
    auto charge(Work&& work) {
        struct Account {
            End& end;
            std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
            ~Account() { end.spent += std::chrono::steady_clock::now() - begin; }
        } account{*this};
        return work(*endpoint);
    }

    crypto::Identity identity;
    net::SocketAddress address;
    std::unique_ptr<quic::Endpoint> endpoint;
    std::chrono::nanoseconds spent{0};
    quic::ConnectionHandle connection;
    bool connected = false;
    bool resumed = false;
    std::optional<quic::Resumption> resumption;  ///< The newest it was given.
    std::size_t datagrams = 0;                   ///< Received.
};

class EndpointPair {
  public:
    EndpointPair() {
        const auto trust = [](End& one, const End& other) {
            crypto::Trust list;
            list.allow(other.identity.public_key());
            one.endpoint->set_trust(std::move(list));
        };
        trust(client, server);
        trust(server, client);
    }

    /// A handshake from the first flight to the Connected of both ends.
    void connect(const quic::Resumption* resumption = nullptr) {
        client.connected = server.connected = false;
        const quic::ConnectRequest request{
            {client.address, server.address}, server.identity.node_id(), resumption};
        const auto handle =
            client.charge([&](quic::Endpoint& e) { return e.connect(now_, request); });
        require(handle.has_value(), "no connection can be begun");
        client.connection = *handle;
        while (!client.connected || !server.connected) {
            advance();
        }
    }

    void close() {
        client.endpoint->close(now_, client.connection, 0, "");
        run_for(base::seconds(2));
        require(server.endpoint->connection_count() == 0, "a connection does not end");
    }

    void run_for(base::Duration duration) {
        const base::Instant end = now_ + duration;
        while (now_ < end) {
            advance(end);
        }
    }

    /// Moves all that may be sent now; if there is nothing, time to the next deadline.
    void advance(base::Instant limit = base::Instant::never()) {
        if (flush(client, server) + flush(server, client) > 0) {
            return;
        }
        const base::Instant next =
            std::min(client.endpoint->next_deadline(), server.endpoint->next_deadline());
        require(!std::min(next, limit).is_never(), "both ends wait for ever");
        now_ = std::max(now_, std::min(next, limit));
        for (End* const end : {&client, &server}) {
            if (end->endpoint->next_deadline() <= now_) {
                end->charge([&](quic::Endpoint& e) { e.handle_timeout(now_); });
            }
        }
    }

    End client{1, "192.0.2.1:9000"};
    End server{2, "192.0.2.2:9000"};

  private:
    /// Blocks moved.
    std::size_t flush(End& from, End& to) {
        std::size_t blocks = 0;
        while (const auto sent =
                   from.charge([&](quic::Endpoint& e) { return e.poll_transmit(now_, buffer_); })) {
            const net::ReceivedDatagrams received{{sent->flow.remote, sent->flow.local},
                                                  sent->ecn,
                                                  sent->segment_size,
                                                  base::ByteView(buffer_).first(sent->size)};
            to.charge([&](quic::Endpoint& e) {
                e.handle_datagrams(now_, received);
                to.datagrams += e.datagrams().size();
                e.clear_datagrams();
            });
            ++blocks;
            collect(to);
            collect(from);
        }
        return blocks;
    }

    static void collect(End& end) {
        while (auto event = end.endpoint->poll_event()) {
            if (const auto* connected = std::get_if<quic::Connected>(&*event)) {
                end.connected = true;
                end.resumed = connected->resumed;
                end.connection = connected->connection;
            } else if (auto* ready = std::get_if<quic::ResumptionReady>(&*event)) {
                end.resumption = std::move(ready->resumption);
            }
        }
    }

    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
    std::array<std::byte, 64U << 10> buffer_;
};

}  // namespace qe::bench
