// SPDX-License-Identifier: Apache-2.0
//
// Super-packets and partial checksums through whole nodes.
#include <gtest/gtest.h>

#include "../net/transport_builder.h"
#include "support/world.h"

namespace qe::node {
namespace {

using base::milliseconds;
using base::seconds;
using net::Family;
using testing::World;

constexpr net::TunOffloads kAll{.checksum = true, .tcp = true, .udp = true};
constexpr std::size_t kIpv4 = 20;
constexpr std::size_t kTcp = 32;  ///< With timestamps.
constexpr std::uint16_t kMss = 1368;

class OffloadTest : public ::testing::Test {
  protected:
    void SetUp() override {
        a_ = world_.add_host("alice", {*net::parse_ip_address("10.0.0.1")});
        b_ = world_.add_host("bob", {*net::parse_ip_address("10.0.0.2")});
    }

    void start_pair() {
        world_.know_each_other({a_, b_});
        world_.start(a_);
        world_.start(b_);
        ASSERT_TRUE(world_.run_until(
            [&] { return world_.connected(a_, b_) && world_.connected(b_, a_); }, seconds(5)));
        world_.run_for(seconds(5));  // PLPMTUD settles
    }

    /// A TCP packet from alice to bob as the kernel hands it to a device that segments.
    base::Bytes super_packet(std::size_t payload) {
        source_ = world_.overlay_address(a_, Family::V4).to_string();
        destination_ = world_.overlay_address(b_, Family::V4).to_string();
        const net::test::PacketOptions options{
            .source = source_, .destination = destination_, .fragment_word = 0x4000};
        return net::test::begun(
            net::test::make_tcp(options, {.flags = 0x18}, net::test::stream_bytes(0, payload)),
            kIpv4, net::test::kTcpNumber);
    }

    /// The payloads of TCP packets, one after another, each packet being whole and right.
    static base::Bytes stream_of(const std::vector<base::Bytes>& packets) {
        base::Bytes stream;
        std::uint32_t expected = 1;
        for (const base::Bytes& packet : packets) {
            EXPECT_TRUE(net::test::checksums_hold(packet, kIpv4, net::test::kTcpNumber));
            EXPECT_EQ(net::test::u32_at(packet, kIpv4 + 4), expected);
            stream.insert(stream.end(), packet.begin() + kIpv4 + kTcp, packet.end());
            expected = 1 + static_cast<std::uint32_t>(stream.size());
        }
        return stream;
    }

    static net::Offload tcp_offload(std::uint16_t segment_bytes = kMss) {
        return {.segmentation = net::Segmentation::Tcp,
                .checksum_partial = true,
                .segment_bytes = segment_bytes,
                .transport_offset = kIpv4};
    }

    World world_;
    World::HostId a_ = 0;
    World::HostId b_ = 0;
    std::string source_;
    std::string destination_;
};

TEST_F(OffloadTest, ADeviceWithoutOffloadsGetsWholePacketsWithChecksums) {
    start_pair();
    world_.send_ip(a_, super_packet(20'000), tcp_offload());
    world_.run_for(milliseconds(200));
    const auto packets = world_.take_received(b_);
    EXPECT_EQ(packets.size(), (20'000U + kMss - 1) / kMss);
    EXPECT_EQ(stream_of(packets), net::test::stream_bytes(0, 20'000));
    EXPECT_EQ(world_.counter(a_, "fragments_sent"), 0U);
}

TEST_F(OffloadTest, ADeviceThatSegmentsGetsOneSuperPacket) {
    start_pair();
    world_.node(b_).set_tun_offloads(kAll);
    const base::Bytes sent = super_packet(2'600);  // within the first burst
    world_.send_ip(a_, sent, tcp_offload());
    world_.run_until([&] { return world_.received_count(b_) > 0; }, seconds(1));
    const auto offloads = world_.received_offloads(b_);
    const auto packets = world_.take_received(b_);
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0], sent);
    EXPECT_EQ(offloads[0], tcp_offload());
}

TEST_F(OffloadTest, ANarrowPathGetsSmallerSegmentsInsteadOfFragments) {
    world_.set_underlay_mtu(1280);
    start_pair();
    world_.send_ip(a_, super_packet(20'000), tcp_offload());
    world_.send_ip(a_, super_packet(1300),
                   {.segmentation = net::Segmentation::None,
                    .checksum_partial = true,
                    .segment_bytes = 0,
                    .transport_offset = kIpv4});
    world_.run_for(milliseconds(200));
    auto packets = world_.take_received(b_);
    ASSERT_GT(packets.size(), 2U);
    const std::vector<base::Bytes> single(packets.end() - 2, packets.end());
    packets.resize(packets.size() - 2);
    EXPECT_EQ(stream_of(packets), net::test::stream_bytes(0, 20'000));
    EXPECT_EQ(stream_of(single), net::test::stream_bytes(0, 1300));
    EXPECT_EQ(world_.counter(a_, "fragments_sent"), 0U);
}

TEST_F(OffloadTest, ASynAsksForSegmentsThatFitThePath) {
    world_.set_underlay_mtu(1280);
    start_pair();
    source_ = world_.overlay_address(a_, Family::V4).to_string();
    destination_ = world_.overlay_address(b_, Family::V4).to_string();
    const net::test::TcpFields syn{.flags = 0x02, .options = net::test::hex("020405b4")};
    base::Bytes packet = net::test::begun(
        net::test::make_tcp({.source = source_, .destination = destination_}, syn, {}), kIpv4,
        net::test::kTcpNumber);
    world_.send_ip(a_, packet,
                   {.segmentation = net::Segmentation::None,
                    .checksum_partial = true,
                    .segment_bytes = 0,
                    .transport_offset = kIpv4});
    world_.run_for(milliseconds(200));
    const auto packets = world_.take_received(b_);
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_TRUE(net::test::checksums_hold(packets[0], kIpv4, net::test::kTcpNumber));
    EXPECT_LT(net::test::u16_at(packets[0], kIpv4 + 22), 1280 - 40);
}

TEST_F(OffloadTest, AFragmentedDatagramCarriesItsChecksum) {
    world_.set_underlay_mtu(1280);
    start_pair();
    source_ = world_.overlay_address(a_, Family::V4).to_string();
    destination_ = world_.overlay_address(b_, Family::V4).to_string();
    const base::Bytes whole = net::test::make_udp({.source = source_, .destination = destination_},
                                                  1111, net::test::stream_bytes(0, 1380));
    world_.send_ip(a_, net::test::begun(whole, kIpv4, net::test::kUdpNumber),
                   {.segmentation = net::Segmentation::None,
                    .checksum_partial = true,
                    .segment_bytes = 0,
                    .transport_offset = kIpv4});
    world_.run_for(milliseconds(200));
    EXPECT_EQ(world_.take_received(b_), std::vector<base::Bytes>{whole});
    EXPECT_GT(world_.counter(a_, "fragments_sent"), 0U);
}

TEST_F(OffloadTest, UdpSuperPacketsKeepTheirDatagrams) {
    start_pair();
    source_ = world_.overlay_address(a_, Family::V4).to_string();
    destination_ = world_.overlay_address(b_, Family::V4).to_string();
    const base::Bytes all = net::test::make_udp({.source = source_, .destination = destination_},
                                                1111, net::test::stream_bytes(0, 2050));
    world_.send_ip(a_, net::test::begun(all, kIpv4, net::test::kUdpNumber),
                   {.segmentation = net::Segmentation::Udp,
                    .checksum_partial = true,
                    .segment_bytes = 500,
                    .transport_offset = kIpv4});
    world_.run_for(milliseconds(200));
    const auto packets = world_.take_received(b_);
    ASSERT_EQ(packets.size(), 5U);
    std::size_t at = 0;
    for (const base::Bytes& packet : packets) {
        EXPECT_TRUE(net::test::checksums_hold(packet, kIpv4, net::test::kUdpNumber));
        const std::size_t size = packet.size() - kIpv4 - 8;
        EXPECT_EQ(base::Bytes(packet.begin() + kIpv4 + 8, packet.end()),
                  net::test::stream_bytes(at, size));
        at += size;
    }
    EXPECT_EQ(at, 2050U);
}

TEST_F(OffloadTest, ABulkTransferDoesNotHoldUpAPing) {
    start_pair();
    for (int i = 0; i < 60; ++i) {
        world_.send_ip(a_, super_packet(60'000), tcp_offload());
    }
    const base::Bytes ping = net::test::make_udp({.source = source_, .destination = destination_},
                                                 7, net::test::stream_bytes(0, 32));
    world_.send_ip(a_, ping);
    std::size_t before_it = 0;
    bool found = false;
    world_.run_until(
        [&] {
            for (const base::Bytes& packet : world_.take_received(b_)) {
                found = found || packet == ping;
                before_it += found ? 0U : packet.size();
            }
            return found;
        },
        seconds(10));
    EXPECT_TRUE(found);
    // What had left or was on its way into the endpoint, not the 3.6 MB that waited.
    EXPECT_LT(before_it, 300'000U);
}

}  // namespace
}  // namespace qe::node
