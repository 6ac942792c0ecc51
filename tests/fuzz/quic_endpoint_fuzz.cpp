// SPDX-License-Identifier: Apache-2.0
//
// Arbitrary datagrams at an endpoint that has a live connection: whatever arrives, the endpoint
// neither crashes nor forgets its bounds, and the connection still carries data afterwards.
//
// The input is a list of records: kind (1 byte), length (2 bytes, big-endian), that many bytes.
// Kinds: 0 a datagram from the peer's address; 1 one from a stranger; 2 a short-header packet with
// the live connection's id before the bytes; 3 a genuine packet, overwritten with the bytes at an
// offset (first two bytes); 4 let milliseconds pass (first byte); 5 to the dialling end instead;
// 6 two or more segments in one block. Virtual time, fixed seeds.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "quicether/base/assert.h"
#include "quicether/quic/endpoint.h"

namespace {

using namespace qe;        // NOLINT: a test program
using namespace qe::quic;  // NOLINT

constexpr base::UnixTime kWallNow{1'800'000'000};

base::Rng make_rng(std::uint64_t seed) {
    base::Rng::Seed bytes{};
    base::ByteWriter(bytes).u64(seed);
    return base::Rng(bytes);
}

net::SocketAddress make_address(std::uint32_t ip) { return {net::IpAddress::v4(ip), 9000, 0}; }

struct Side {
    explicit Side(std::uint64_t seed, std::uint32_t ip)
        : identity([&] {
              base::Rng rng = make_rng(seed);
              return crypto::Identity::generate(rng);
          }()),
          address(make_address(ip)) {
        auto made = Endpoint::make({}, identity, make_rng(seed + 100), base::Log(), kWallNow);
        QE_ASSERT(made.has_value());
        endpoint = std::move(*made);
    }

    crypto::Identity identity;
    net::SocketAddress address;
    std::unique_ptr<Endpoint> endpoint;
    ConnectionHandle connection;
    std::size_t received = 0;
};

class World {
  public:
    World() : client_(1, 0x0A000001), server_(2, 0x0A000002), buffer_(65536) {
        crypto::Trust trust;
        trust.allow(client_.identity.public_key());
        trust.allow(server_.identity.public_key());
        client_.endpoint->set_trust(trust);
        server_.endpoint->set_trust(trust);
        const auto dialled = client_.endpoint->connect(
            now_,
            {.flow = {client_.address, server_.address}, .expected = server_.identity.node_id()});
        QE_ASSERT(dialled.has_value());
        run(20);
        QE_ASSERT(!server_.connection.is_null() && !client_.connection.is_null());
    }

    void apply(std::uint8_t kind, base::ByteView bytes) {
        const net::FlowAddresses to_server{server_.address, client_.address};
        switch (kind % 7) {
            case 0:
                feed(server_, to_server, bytes, bytes.size());
                break;
            case 1:
                feed(server_, {server_.address, make_address(0x0B000001)}, bytes, bytes.size());
                break;
            case 2:
                feed_short_header(to_server, bytes);
                break;
            case 3:
                feed_damaged(to_server, bytes);
                break;
            case 4:
                run(bytes.empty() ? 1 : std::to_integer<unsigned>(bytes[0]));
                break;
            case 5:
                feed(client_, {client_.address, server_.address}, bytes, bytes.size());
                break;
            default:
                feed(server_, to_server, bytes, bytes.size() / 2);
        }
    }

    /// The live connection must have survived: its peer never misbehaved.
    void check_alive() {
        run(50);
        const std::size_t before = server_.received;
        const std::array<std::byte, 100> text{};
        const base::ByteView view(text);
        QE_ASSERT(client_.endpoint->send_datagram(client_.connection, {&view, 1}).has_value());
        run(200);
        QE_ASSERT(server_.received == before + 1);
        QE_ASSERT(server_.endpoint->connection_count() <= 1 + kStrangersMax);
    }

  private:
    static constexpr std::size_t kStrangersMax = 1024;

    static void feed(Side& side, const net::FlowAddresses& flow, base::ByteView bytes,
                     std::size_t segment, base::Instant now) {
        side.endpoint->handle_datagrams(
            now,
            {.flow = flow, .ecn = net::Ecn::NotEct, .segment_size = segment, .payload = bytes});
    }
    void feed(Side& side, const net::FlowAddresses& flow, base::ByteView bytes,
              std::size_t segment) {
        feed(side, flow, bytes, segment, now_);
        collect(side);
    }

    void feed_short_header(const net::FlowAddresses& flow, base::ByteView bytes) {
        base::Bytes packet(genuine_.begin(), genuine_.begin() + 1 + kConnectionIdSize);
        packet.insert(packet.end(), bytes.begin(), bytes.end());
        feed(server_, flow, packet, packet.size());
    }

    void feed_damaged(const net::FlowAddresses& flow, base::ByteView bytes) {
        base::ByteReader reader(bytes);
        const std::size_t at = reader.u16() % genuine_.size();
        base::Bytes packet = genuine_;
        const base::ByteView rest = reader.rest();
        for (std::size_t i = 0; i < rest.size() && at + i < packet.size(); ++i) {
            packet[at + i] ^= rest[i];
        }
        feed(server_, flow, packet, packet.size());
    }

    void collect(Side& side) {
        side.received += side.endpoint->datagrams().size();
        side.endpoint->clear_datagrams();
        while (const auto event = side.endpoint->poll_event()) {
            if (const auto* const connected = std::get_if<Connected>(&*event)) {
                side.connection = connected->connection;
            }
            const auto* const closed = std::get_if<Closed>(&*event);
            QE_ASSERT(closed == nullptr || closed->connection != side.connection);
        }
    }

    void carry(Side& from, Side& to) {
        while (const auto sent = from.endpoint->poll_transmit(now_, buffer_)) {
            const base::ByteView bytes = base::ByteView(buffer_).first(sent->size);
            if (sent->flow.remote != to.address) {
                continue;
            }
            if (&from == &client_ && (bytes[0] & std::byte{0x80}) == std::byte{0}) {
                genuine_.assign(bytes.begin(),
                                bytes.begin() + static_cast<std::ptrdiff_t>(sent->segment_size));
            }
            feed(to, {sent->flow.remote, sent->flow.local}, bytes, sent->segment_size);
        }
        collect(from);
    }

    void run(unsigned milliseconds) {
        for (unsigned i = 0; i <= milliseconds; ++i) {
            carry(client_, server_);
            carry(server_, client_);
            now_ = now_ + base::milliseconds(1);
            client_.endpoint->handle_timeout(now_);
            server_.endpoint->handle_timeout(now_);
        }
    }

    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
    Side client_;
    Side server_;
    std::vector<std::byte> buffer_;
    base::Bytes genuine_;  ///< The last short-header packet of the client.
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    World world;
    base::ByteReader reader(base::from_u8(data, size));
    for (int records = 0; records < 64 && reader.remaining() > 0; ++records) {
        const std::uint8_t kind = reader.u8();
        const std::size_t length = std::min<std::size_t>(reader.u16(), reader.remaining());
        world.apply(kind, reader.take(length));
    }
    world.check_alive();
    return 0;
}
