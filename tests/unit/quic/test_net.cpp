// SPDX-License-Identifier: Apache-2.0
#include "test_net.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace qe::quic::testing {

net::SocketAddress address(std::string_view text) { return *net::parse_socket_address(text, 9000); }

base::Rng make_rng(std::uint64_t seed) {
    base::Rng::Seed bytes{};
    base::ByteWriter(bytes).u64(seed);
    return base::Rng(bytes);
}

crypto::Identity make_identity(std::uint64_t seed) {
    base::Rng rng = make_rng(seed ^ 0x1DE171717ULL);
    return crypto::Identity::generate(rng);
}

base::Bytes make_bytes(std::size_t size, std::uint8_t fill) {
    return base::Bytes(size, std::byte{fill});
}

void TestNode::restart(std::uint64_t seed, base::UnixTime wall) {
    auto made = Endpoint::make(options, identity, make_rng(seed), base::Log(), wall);
    ASSERT_TRUE(made) << made.error().text;
    endpoint = std::move(*made);
    endpoint->set_trust(trusted);
    events.clear();
    datagrams.clear();
}

void TestNode::trust(const crypto::PublicKey& key) {
    trusted.allow(key);
    endpoint->set_trust(trusted);
}

base::Status TestNode::send(ConnectionHandle connection, base::ByteView bytes) {
    return endpoint->send_datagram(connection, std::array{bytes});
}

base::Bytes TestNode::stream_bytes(ConnectionHandle connection, StreamId stream) const {
    base::Bytes bytes;
    for (const StreamData& data : all<StreamData>()) {
        if (data.connection == connection && data.stream == stream) {
            bytes.insert(bytes.end(), data.bytes.begin(), data.bytes.end());
        }
    }
    return bytes;
}

TestNode& TestNet::add(std::uint64_t seed, std::string_view address_text,
                       const EndpointOptions& options, base::UnixTime wall) {
    auto node = std::unique_ptr<TestNode>(new TestNode{.identity = make_identity(seed),
                                                       .addresses = {address(address_text)},
                                                       .options = options,
                                                       .endpoint = {},
                                                       .events = {},
                                                       .datagrams = {},
                                                       .feed = {},
                                                       .trusted = {}});
    node->restart(seed, wall);
    nodes_.push_back(std::move(node));
    return *nodes_.back();
}

TestNode* TestNet::owner_of(const net::SocketAddress& wanted) {
    for (const auto& node : nodes_) {
        if (std::ranges::find(node->addresses, wanted) != node->addresses.end()) {
            return node.get();
        }
    }
    return nullptr;
}

void TestNet::put_on_wire(WirePacket packet) {
    ++packets_sent;
    const std::size_t headers = packet.flow.remote.ip.is_v4() ? 28 : 48;
    if (packet.payload.size() + headers > mtu) {
        ++packets_too_large;
        return;
    }
    if (!filter || filter(packet)) {
        wire_.push_back(std::move(packet));
    }
}

void TestNet::transmit(TestNode& node) {
    std::vector<std::byte> buffer(buffer_bytes);
    const auto next = [&] {
        if (node.feed) {
            node.feed();
        }
        return node.endpoint->poll_transmit(now_, buffer);
    };
    while (const auto sent = next()) {
        ASSERT_GT(sent->segment_size, 0U);
        ASSERT_LE(sent->size, buffer.size());
        const std::size_t headers = sent->flow.remote.ip.is_v6() ? 48 : 28;
        if (bursts_stay_whole && sent->segment_size + headers > mtu) {
            continue;
        }
        for (std::size_t at = 0; at < sent->size; at += sent->segment_size) {
            const std::size_t size = std::min(sent->segment_size, sent->size - at);
            ++node.packets_sent;
            if (segmented_fate && sent->segmentation_offload && sent->size > sent->segment_size &&
                !segmented_fate(at / sent->segment_size,
                                (sent->size + sent->segment_size - 1) / sent->segment_size)) {
                continue;
            }
            const auto begin = buffer.begin() + static_cast<std::ptrdiff_t>(at);
            put_on_wire({.at = now_ + delay,
                         .flow = sent->flow,
                         .ecn = sent->ecn,
                         .payload = {begin, begin + static_cast<std::ptrdiff_t>(size)}});
        }
    }
}

void TestNet::collect(TestNode& node) {
    for (const ReceivedDatagram& datagram : node.endpoint->datagrams()) {
        node.datagrams.push_back({datagram.connection,
                                  {datagram.bytes.begin(), datagram.bytes.end()},
                                  datagram.early,
                                  now_});
    }
    node.endpoint->clear_datagrams();
    while (node.fetch_events) {
        auto event = node.endpoint->poll_event();
        if (!event) {
            break;
        }
        node.events.push_back(std::move(*event));
    }
}

void TestNet::flush() {
    for (const auto& node : nodes_) {
        collect(*node);
        transmit(*node);
        collect(*node);
    }
}

void TestNet::deliver_due() {
    while (!wire_.empty() && wire_.front().at <= now_) {
        const WirePacket first = std::move(wire_.front());
        wire_.pop_front();
        // As GRO does: equal datagrams of one flow that arrive together become one block.
        base::Bytes block = first.payload;
        const std::size_t block_bytes_max = block_packets_max * block.size();
        while (block.size() < block_bytes_max && !wire_.empty() && wire_.front().at <= now_ &&
               wire_.front().flow == first.flow && wire_.front().ecn == first.ecn &&
               wire_.front().payload.size() == first.payload.size()) {
            block.insert(block.end(), wire_.front().payload.begin(), wire_.front().payload.end());
            wire_.pop_front();
        }
        if (TestNode* const receiver = owner_of(first.flow.remote)) {
            ++receiver->blocks_received;
            receiver->endpoint->handle_datagrams(
                now_, {.flow = {.local = first.flow.remote, .remote = first.flow.local},
                       .ecn = first.ecn,
                       .segment_size = first.payload.size(),
                       .payload = block});
            collect(*receiver);
        }
    }
}

void TestNet::inject(const net::FlowAddresses& receiver_view, base::ByteView payload) {
    if (TestNode* const receiver = owner_of(receiver_view.local)) {
        receiver->endpoint->handle_datagrams(now_, {.flow = receiver_view,
                                                    .ecn = net::Ecn::NotEct,
                                                    .segment_size = payload.size(),
                                                    .payload = payload});
        collect(*receiver);
    }
}

base::Instant TestNet::next_moment() const {
    base::Instant next = wire_.empty() ? base::Instant::never() : wire_.front().at;
    for (const auto& node : nodes_) {
        next = std::min(next, node->endpoint->next_deadline());
    }
    return next;
}

bool TestNet::step() {
    flush();
    const base::Instant next = next_moment();
    if (next.is_never()) {
        return false;
    }
    now_ = std::max(now_, next);
    for (const auto& node : nodes_) {
        node->timeouts += node->endpoint->next_deadline() <= now_ ? 1U : 0U;
    }
    deliver_due();
    for (const auto& node : nodes_) {
        if (node->endpoint->next_deadline() <= now_) {
            node->endpoint->handle_timeout(now_);
        }
    }
    flush();
    return true;
}

void TestNet::run_for(base::Duration duration) {
    const base::Instant end = now_ + duration;
    flush();
    while (next_moment() <= end) {
        step();
    }
    now_ = end;
}

bool TestNet::run_until(const std::function<bool()>& done, base::Duration limit) {
    const base::Instant end = now_ + limit;
    flush();
    while (!done()) {
        if (next_moment() > end || !step()) {
            return false;
        }
    }
    return true;
}

Pair::Pair(const EndpointOptions& client_options, const EndpointOptions& server_options, bool v6)
    : client(net.add(1, v6 ? "[fd00::1]:9000" : "10.0.0.1:9000", client_options)),
      server(net.add(2, v6 ? "[fd00::2]:9000" : "10.0.0.2:9000", server_options)) {
    client.trust(server.identity.public_key());
    server.trust(client.identity.public_key());
}

net::FlowAddresses Pair::flow() const {
    return {.local = client.addresses.front(), .remote = server.addresses.front()};
}

ConnectionHandle Pair::dial(const Resumption* resumption) {
    const auto handle = client.endpoint->connect(
        net.now(),
        {.flow = flow(), .expected = server.identity.node_id(), .resumption = resumption});
    EXPECT_TRUE(handle);
    return handle ? *handle : ConnectionHandle{};
}

bool Pair::both_connected() const {
    const auto here = client.last<Connected>();
    return here && here->connection == at_client && !server.all<Connected>().empty();
}

void Pair::connect(const Resumption* resumption) {
    const std::size_t before = server.all<Connected>().size();
    at_client = dial(resumption);
    const bool done =
        net.run_until([&] { return both_connected() && server.all<Connected>().size() > before; });
    ASSERT_TRUE(done) << "the handshake did not finish";
    at_server = server.last<Connected>()->connection;
}

}  // namespace qe::quic::testing
