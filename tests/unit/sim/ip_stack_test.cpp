// SPDX-License-Identifier: Apache-2.0
#include "sim/ip_stack.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "icmp_message.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"
#include "small_world.h"
#include "support/packets.h"

namespace qe::sim {
namespace {

using test::ip;
using test::kIdentifier;

base::Bytes icmp(std::string_view from, std::string_view to, std::uint8_t type) {
    return test::icmp_message(ip(from), ip(to), type);
}

/// A checksum over its own right value is zero.
bool checksums_are_right(base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    const base::ByteView message = packet.subspan(facts->header_size);
    if (facts->source.is_v4()) {
        return net::internet_checksum(packet.first(facts->header_size)) == 0 &&
               net::internet_checksum(message) == 0;
    }
    return net::checksum_fold(net::checksum_sum(message) +
                              net::pseudo_header_sum(facts->source, facts->destination, 58,
                                                     message.size())) == 0xffff;
}

void expect_reply(base::ByteView request, std::byte type) {
    const auto reply = make_echo_reply(request);
    ASSERT_TRUE(reply.has_value());
    const auto asked = net::parse_packet(request);
    const auto answered = net::parse_packet(*reply);
    ASSERT_TRUE(answered.has_value());
    EXPECT_EQ(answered->source, asked->destination);
    EXPECT_EQ(answered->destination, asked->source);
    EXPECT_EQ((*reply)[answered->header_size], type);
    EXPECT_TRUE(checksums_are_right(*reply));
    const std::size_t payload = asked->header_size + 4;
    EXPECT_TRUE(std::equal(request.begin() + static_cast<std::ptrdiff_t>(payload), request.end(),
                           reply->begin() + static_cast<std::ptrdiff_t>(payload)));
}

TEST(IpStack, AnswersEchoRequestsOfBothFamilies) {
    expect_reply(icmp("100.64.0.1", "100.64.0.2", 8), std::byte{0});
    expect_reply(icmp("fd00::1", "fd00::2", 128), std::byte{129});
}

TEST(IpStack, AnswersNothingElse) {
    EXPECT_FALSE(make_echo_reply(icmp("100.64.0.1", "100.64.0.2", 0)).has_value());
    EXPECT_FALSE(make_echo_reply(icmp("100.64.0.1", "100.64.0.2", 3)).has_value());
    EXPECT_FALSE(make_echo_reply(base::Bytes(10)).has_value());
    EXPECT_FALSE(make_echo_reply(qe::testing::make_udp_packet({ip("10.0.0.1"), ip("10.0.0.2")}))
                     .has_value());
}

TEST(IpStack, TellsFlowsByPortOrIdentifier) {
    EXPECT_EQ(flow_of(qe::testing::make_udp_packet({ip("10.0.0.1"), ip("10.0.0.2")})),
              (FlowKey{17, 2222}));
    EXPECT_EQ(flow_of(icmp("100.64.0.1", "100.64.0.2", 0)), (FlowKey{1, kIdentifier}));
    EXPECT_EQ(flow_of(icmp("fd00::1", "fd00::2", 129)), (FlowKey{58, kIdentifier}));
    EXPECT_FALSE(flow_of(icmp("100.64.0.1", "100.64.0.2", 8)).has_value());
    EXPECT_FALSE(flow_of(base::Bytes(3)).has_value());
}

TEST(IpStack, CutsSuperPacketsIntoCompletePackets) {
    base::Bytes super =
        qe::testing::make_udp_packet({ip("10.0.0.1"), ip("10.0.0.2"), 20 + 8 + 2500});
    net::begin_checksum(super, 20, net::kProtocolUdp);
    const net::Offload offload{net::Segmentation::Udp, true, 1000, 20};
    std::vector<base::Bytes> packets;
    EXPECT_TRUE(cut_packet(
        super, offload, [&](base::ByteView one) { packets.emplace_back(one.begin(), one.end()); }));
    ASSERT_EQ(packets.size(), 3U);
    std::size_t payload = 0;
    for (base::Bytes& packet : packets) {
        const auto facts = net::parse_packet(packet);
        ASSERT_TRUE(facts.has_value());
        payload += packet.size() - 28;
        base::Bytes completed = packet;
        net::complete_checksum(completed, 20, net::kProtocolUdp);
        EXPECT_EQ(completed, packet);
    }
    EXPECT_EQ(payload, 2500U);
}

TEST(IpStack, DropsSuperPacketsThatContradictThemselves) {
    const base::Bytes packet = qe::testing::make_udp_packet({ip("10.0.0.1"), ip("10.0.0.2")});
    const net::Offload tcp{net::Segmentation::Tcp, true, 1000, 20};
    EXPECT_FALSE(cut_packet(packet, tcp, [](base::ByteView) { ADD_FAILURE(); }));
}

}  // namespace
}  // namespace qe::sim
