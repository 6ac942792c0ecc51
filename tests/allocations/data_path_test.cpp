// SPDX-License-Identifier: Apache-2.0
//
// Once warm, a packet's way through a node allocates nothing.
//
// Real nodes, 20,000 packets of each kind after as many to warm up, and all timers that fire
// meanwhile. Measured: no allocation at all, neither by us nor by ngtcp2 nor by OpenSSL, in the
// sender, the receiver and a node that forwards. Only losses still cost ngtcp2 a few: see
// kLossAllocationsMax.
#include <cstdio>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "../unit/net/transport_builder.h"
#include "node/traffic/data_plane.h"
#include "quic/cid_table.h"
#include "quic/connection.h"
#include "quic/deadline_heap.h"
#include "support/packets.h"
#include "support/world.h"
#include "wire.h"

namespace qe::node {
namespace {

using base::milliseconds;
using base::seconds;
using net::Family;
using testing::Allocator;
using testing::TunInput;
using testing::Wire;
using testing::World;

// Nor is there a virtual call on that way: no class of it has a virtual function. What is called
// through a pointer is ngtcp2's: its callbacks into ours and its congestion controller.
template <typename... Types>
constexpr bool kNoneIsPolymorphic = (!std::is_polymorphic_v<Types> && ...);
static_assert(kNoneIsPolymorphic<Node, DataPlane, Outbound, FlowQueue, Codel, PacketPool,
                                 PacketArena, PeerTable, OverlayRoutes, TokenBucket>);
static_assert(kNoneIsPolymorphic<overlay::Packer, overlay::Fragmenter, overlay::Reassembler,
                                 net::Coalescer, net::SegmentCutter>);
static_assert(kNoneIsPolymorphic<quic::Endpoint, quic::Connection, quic::DatagramQueue,
                                 quic::ReceiveArena, quic::CidTable, quic::DeadlineHeap>);

constexpr std::uint64_t kPackets = 20'000;
constexpr base::Duration kTick = milliseconds(2);

/// ngtcp2 records the gaps in the packet numbers it has received, up to 256 of them, in a tree that
/// grows by blocks until then. Two allocations were measured for one direction.
constexpr std::uint64_t kLossAllocationsMax = 4;

constexpr net::TunOffloads kAll{.checksum = true, .tcp = true, .udp = true};
constexpr std::size_t kIpv4 = 20;
constexpr std::size_t kTcp = 32;  ///< With timestamps.
constexpr std::size_t kSuperPayload = net::kPacketBytesMax - kIpv4 - kTcp;
constexpr std::uint16_t kMss = 1348;

struct Ends {
    net::IpAddress source;
    net::IpAddress destination;
    [[nodiscard]] Ends reversed() const { return {destination, source}; }
};

TunInput udp_input(const Ends& ends, std::size_t size) {
    return {testing::make_udp_packet(
                {.source = ends.source, .destination = ends.destination, .size = size}),
            {}};
}

TunInput tcp_input(const Ends& ends, std::size_t payload) {
    const std::string source = ends.source.to_string();
    const std::string destination = ends.destination.to_string();
    base::Bytes packet = net::test::begun(
        net::test::make_tcp({.source = source, .destination = destination, .fragment_word = 0x4000},
                            {.flags = 0x10}, net::test::stream_bytes(0, payload)),
        kIpv4, net::test::kTcpNumber);
    const bool is_super = payload > kMss;
    return {std::move(packet),
            {.segmentation = is_super ? net::Segmentation::Tcp : net::Segmentation::None,
             .checksum_partial = true,
             .segment_bytes = is_super ? kMss : std::uint16_t{0},
             .transport_offset = kIpv4}};
}

/// What each end's TUN device gives in each tick.
struct Load {
    std::vector<TunInput> there;
    std::vector<TunInput> back;
};

/// A stream goes on where the last packet ended. Its partial checksum does not cover this.
void advance_stream(TunInput& packet) {
    if (packet.offload.segmentation == net::Segmentation::Tcp) {
        const base::MutableBytes field = base::MutableBytes(packet.bytes).subspan(kIpv4 + 4, 4);
        const std::uint32_t next = base::ByteReader(field).u32() + kSuperPayload;
        base::ByteWriter(field).u32(next);
    }
}

class DataPathTest : public ::testing::Test {
  protected:
    static net::IpAddress underlay(World::HostId host) {
        return net::IpAddress::v4(0x0a000001 + static_cast<std::uint32_t>(host));
    }

    void SetUp() override {
        for (const char* const name : {"alice", "bob", "hub"}) {
            underlays_.push_back(underlay(underlays_.size()));
            world_.add_host(name, {underlays_.back()});
        }
    }

    void settle(const std::vector<World::HostId>& hosts) {
        for (const World::HostId host : hosts) {
            world_.start(host);
            world_.node(host).set_tun_offloads(kAll);
        }
        world_.run_for(seconds(8));  // handshakes, claims, PLPMTUD
        for (const World::HostId host : hosts) {
            ASSERT_GE(world_.peers(host).size(), 1U);
        }
    }

    Ends start_pair() {
        world_.know_each_other({kAlice, kBob});
        settle({kAlice, kBob});
        underlays_.pop_back();
        return ends();
    }

    /// Alice and Bob know only the hub, and each other's address.
    Ends start_over_hub() {
        const auto host_prefix = [&](World::HostId host) {
            world_.start(host);
            const net::Prefix prefix = net::Prefix::host(world_.overlay_address(host, Family::V4));
            world_.crash(host);
            return prefix;
        };
        config::PeerConfig hub_for_alice = world_.peer_entry(kHub);
        config::PeerConfig hub_for_bob = hub_for_alice;
        hub_for_alice.subnets = {host_prefix(kBob)};
        hub_for_bob.subnets = {host_prefix(kAlice)};
        world_.config_of(kAlice).peer = {hub_for_alice};
        world_.config_of(kBob).peer = {hub_for_bob};
        world_.config_of(kHub).peer = {world_.peer_entry(kAlice), world_.peer_entry(kBob)};
        world_.config_of(kHub).node.role = config::NodeRole::Gateway;
        settle({kHub, kAlice, kBob});
        return ends();
    }

    Ends ends() {
        return {world_.overlay_address(kAlice, Family::V4),
                world_.overlay_address(kBob, Family::V4)};
    }

    /// Sends until Alice's device has given `packets`.
    static void run(Wire& wire, Load& load, std::uint64_t packets) {
        for (std::uint64_t sent = 0; sent < packets; sent += load.there.size()) {
            for (TunInput& packet : load.there) {
                advance_stream(packet);
            }
            wire.send(kAlice, load.there);
            wire.send(kBob, load.back);
            wire.run_for(kTick);
        }
        wire.run_for(milliseconds(20));
    }

    void expect_no_allocations(const char* what, Load load, std::uint64_t packets) {
        Wire wire(world_, underlays_);
        wire.set_loss(lose_one_in_);
        run(wire, load, packets);
        wire.start_count();
        run(wire, load, packets);
        const std::uint64_t answers = packets / load.there.size() * load.back.size();
        const std::uint64_t lost = lose_one_in_ == 0 ? 0 : 5;  // percent at most
        EXPECT_GE(wire.delivered(kBob) * 100, packets * (100 - lost));
        EXPECT_GE(wire.delivered(kAlice) * 100, answers * (100 - lost));
        for (World::HostId host = 0; host < underlays_.size(); ++host) {
            expect_none(what, host, wire.count(host));
        }
        if (HasFailure()) {
            testing::print_callers();
        }
    }

    void expect_none(const char* what, World::HostId host, const testing::AllocationCount& count) {
        std::printf("%-26s %-6s %8llu %8llu %8llu\n", what,
                    world_.config_of(host).node.name.c_str(), number(count.of(Allocator::Ours)),
                    number(count.of(Allocator::Ngtcp2)), number(count.of(Allocator::Crypto)));
        EXPECT_EQ(count.of(Allocator::Ours), 0U) << what;
        EXPECT_LE(count.of(Allocator::Ngtcp2), lose_one_in_ == 0 ? 0 : kLossAllocationsMax) << what;
        EXPECT_EQ(count.of(Allocator::Crypto), 0U) << what;
    }

    static unsigned long long number(std::uint64_t value) { return value; }

    static constexpr World::HostId kAlice = 0;
    static constexpr World::HostId kBob = 1;
    static constexpr World::HostId kHub = 2;

    World world_;
    std::vector<net::IpAddress> underlays_;
    std::uint64_t lose_one_in_ = 0;
};

/// Sixteen flows.
Load udp_load(const Ends& ends, std::size_t size) {
    Load load{.there = std::vector<TunInput>(16, udp_input(ends, size)), .back = {}};
    for (std::size_t i = 0; i < load.there.size(); ++i) {
        load.there[i].bytes[kIpv4 + 1] = static_cast<std::byte>(i);  // source port; no checksum
    }
    return load;
}

Load tcp_load(const Ends& ends) {
    return {.there = {tcp_input(ends, kSuperPayload)},
            .back = std::vector<TunInput>(10, tcp_input(ends.reversed(), 0))};
}

TEST_F(DataPathTest, SmallPacketsAllocateNothing) {
    expect_no_allocations("64 bytes", udp_load(start_pair(), 64), kPackets);
}

TEST_F(DataPathTest, FullPacketsAllocateNothing) {
    expect_no_allocations("1,400 bytes", udp_load(start_pair(), 1400), kPackets);
}

TEST_F(DataPathTest, FragmentedPacketsAllocateNothing) {
    expect_no_allocations("1,500 bytes, in fragments", udp_load(start_pair(), 1500), kPackets);
}

/// For hosts whose TUN device has a larger MTU.
TEST_F(DataPathTest, JumboPacketsAllocateNothing) {
    expect_no_allocations("9,000 bytes, in fragments", udp_load(start_pair(), 9000), kPackets);
}

/// Each super-packet is 49 packets of its stream.
TEST_F(DataPathTest, SuperPacketsAllocateNothing) {
    expect_no_allocations("TCP, 64 KiB", tcp_load(start_pair()), kPackets / 10);
}

/// One batch of 200 is lost.
TEST_F(DataPathTest, LostPacketsAllocateNothing) {
    lose_one_in_ = 200;
    expect_no_allocations("1,400 bytes, losses", udp_load(start_pair(), 1400), kPackets);
}

TEST_F(DataPathTest, LostSuperPacketsAllocateNothing) {
    lose_one_in_ = 200;
    expect_no_allocations("TCP, 64 KiB, losses", tcp_load(start_pair()), kPackets / 10);
}

TEST_F(DataPathTest, AnIdleLinkAllocatesNothing) {
    start_pair();
    Wire wire(world_, underlays_);
    wire.run_for(seconds(60));
    wire.start_count();
    wire.run_for(seconds(600));
    for (const World::HostId host : {kAlice, kBob}) {
        expect_none("idle for 600 s", host, wire.count(host));
    }
}

/// What the zeros of the others are worth.
TEST_F(DataPathTest, ADialIsSeenToAllocateInEveryPart) {
    world_.know_each_other({kAlice, kBob});
    testing::AllocationCount count;
    {
        const testing::CountingScope counting(count);
        world_.start(kAlice);
    }
    EXPECT_GT(count.of(Allocator::Ours), 0U);
    EXPECT_GT(count.of(Allocator::Ngtcp2), 0U);
    EXPECT_GT(count.of(Allocator::Crypto), 0U);
}

TEST_F(DataPathTest, ForwardingSmallPacketsAllocatesNothing) {
    expect_no_allocations("64 bytes, hub", udp_load(start_over_hub(), 64), kPackets);
}

TEST_F(DataPathTest, ForwardingFullPacketsAllocatesNothing) {
    expect_no_allocations("1,400 bytes, hub", udp_load(start_over_hub(), 1400), kPackets);
}

TEST_F(DataPathTest, ForwardingSuperPacketsAllocatesNothing) {
    expect_no_allocations("TCP, 64 KiB, hub", tcp_load(start_over_hub()), kPackets / 10);
}

}  // namespace
}  // namespace qe::node

int main(int argc, char** argv) {
    if (!qe::testing::tell_crypto_apart()) {
        std::fputs("OpenSSL has allocated already\n", stderr);
        return 1;
    }
    ::testing::InitGoogleTest(&argc, argv);
    std::puts("Allocations in all:                    ours   ngtcp2   crypto");
    return RUN_ALL_TESTS();
}
