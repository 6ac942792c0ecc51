// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/packer.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "../net/packet_builder.h"
#include "quicether/base/rng.h"

namespace qe::overlay {
namespace {

using net::test::make_sized_packet;

/// How many of the packets the first datagram takes.
std::size_t packed(std::initializer_list<std::size_t> sizes, std::size_t bytes_max) {
    Packer packer;
    packer.set_datagram_bytes_max(bytes_max);
    for (const std::size_t size : sizes) {
        if (!packer.add({}, make_sized_packet(size), false)) {
            break;
        }
    }
    return packer.packets();
}

TEST(Packer, TakesSmallPacketsUntilTheDatagramIsFull) {
    EXPECT_EQ(packed({100, 100, 100}, 1200), 3U);
    EXPECT_EQ(packed({100, 100, 100}, 301), 3U);
    EXPECT_EQ(packed({100, 100, 100}, 300), 2U);  // the header needs its byte
}

TEST(Packer, LeavesLargePacketsAlone) {
    EXPECT_EQ(packed({601, 40}, 1200), 0U);
    EXPECT_EQ(packed({600, 40}, 1200), 2U);
    EXPECT_EQ(packed({40, 601}, 1200), 1U);
    EXPECT_EQ(packed({40}, 0), 0U);
    EXPECT_EQ(packed({}, 1200), 0U);
}

TEST(Packer, KeepsPartialChecksumsApartFromWholeOnes) {
    const auto packet = make_sized_packet(60);
    Packer packer;
    packer.set_datagram_bytes_max(1200);
    EXPECT_TRUE(packer.add({}, packet, true));
    EXPECT_FALSE(packer.add({}, packet, false));
    EXPECT_TRUE(packer.add({}, packet, true));
    EXPECT_EQ(packer.bytes(), 120U);
    auto datagram = packer.take();
    EXPECT_EQ(datagram.size(), 121U);
    base::Bytes bytes(datagram.begin(), datagram.end());
    EXPECT_TRUE(parse_datagram(bytes).value().header.checksum_partial);
    EXPECT_TRUE(packer.empty());
    EXPECT_TRUE(packer.add({}, packet, false));
}

TEST(Packer, JoinsHeaderAndPayload) {
    const auto packet = make_sized_packet(80);
    const base::ByteView view(packet);
    Packer packer;
    packer.set_datagram_bytes_max(1200);
    ASSERT_TRUE(packer.add(view.first(30), view.subspan(30), false));
    const auto payload = packer.take().subspan(kPacketsHeader);
    EXPECT_TRUE(std::equal(payload.begin(), payload.end(), packet.begin(), packet.end()));
}

TEST(ForEachPacket, WalksPacketsOfBothFamilies) {
    auto payload = make_sized_packet(60);
    const auto second = make_sized_packet(80, net::test::ipv6_options());
    payload.insert(payload.end(), second.begin(), second.end());
    std::vector<std::size_t> sizes;
    const auto result = for_each_packet(
        payload, [&](base::MutableBytes packet) { sizes.push_back(packet.size()); });
    EXPECT_EQ(sizes, (std::vector<std::size_t>{60, 80}));
    EXPECT_EQ(result.packets, 2U);
    EXPECT_EQ(result.dropped_bytes, 0U);
}

TEST(ForEachPacket, DropsAMalformedTailAndSaysHowMuch) {
    for (const char* tail : {"00", "ff0102", "450000", "4500001500000000401100000000000000000000",
                             "6000000000011140", "4500000000000000401100000000000000000000"}) {
        auto payload = make_sized_packet(60);
        const auto bytes = net::test::hex(tail);
        payload.insert(payload.end(), bytes.begin(), bytes.end());
        std::size_t visited = 0;
        const auto result = for_each_packet(payload, [&](base::ByteView) { ++visited; });
        EXPECT_EQ(visited, 1U) << tail;
        EXPECT_EQ(result.dropped_bytes, bytes.size()) << tail;
    }
    EXPECT_EQ(for_each_packet({}, [](base::ByteView) {}).packets, 0U);
}

TEST(Packing, AnyBatchComesApartAsItWasInOrder) {
    base::Rng rng({});
    for (int round = 0; round < 500; ++round) {
        std::vector<base::Bytes> packets(1 + rng.below(64));
        for (auto& packet : packets) {
            packet = make_sized_packet(40 + (rng.below(3) == 0 ? rng.below(1100) : rng.below(80)));
        }
        std::vector<base::Bytes> received;
        const auto receive = [&received](base::ByteView datagram) {
            ASSERT_LE(datagram.size(), 1200U);
            base::Bytes payload(datagram.begin() + kPacketsHeader, datagram.end());
            for_each_packet(payload, [&](base::ByteView packet) {
                received.emplace_back(packet.begin(), packet.end());
            });
        };
        Packer packer;
        packer.set_datagram_bytes_max(1200);
        for (const auto& packet : packets) {
            if (packer.add({}, packet, false)) {
                continue;
            }
            if (!packer.empty()) {
                receive(packer.take());
            }
            if (!packer.add({}, packet, false)) {
                received.push_back(packet);
            }
        }
        if (!packer.empty()) {
            receive(packer.take());
        }
        ASSERT_EQ(received, packets);
    }
}

}  // namespace
}  // namespace qe::overlay
