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

std::vector<base::Bytes> packets_of(std::initializer_list<std::size_t> sizes) {
    std::vector<base::Bytes> packets;
    for (const std::size_t size : sizes) {
        packets.push_back(make_sized_packet(size));
    }
    return packets;
}

std::size_t run_of(std::initializer_list<std::size_t> sizes, std::size_t bytes_max,
                   std::size_t header = kPacketsHeader) {
    const auto packets = packets_of(sizes);
    const std::vector<base::ByteView> views(packets.begin(), packets.end());
    return pack_run(views, bytes_max, header);
}

TEST(PackRun, TakesSmallPacketsUntilTheDatagramIsFull) {
    EXPECT_EQ(run_of({100, 100, 100}, 1200), 3U);
    EXPECT_EQ(run_of({100, 100, 100}, 301), 3U);
    EXPECT_EQ(run_of({100, 100, 100}, 300), 2U);  // the header needs its byte
    EXPECT_EQ(run_of({100, 100, 100}, 304, kPacketsHeader + kSequenceSize), 2U);
    EXPECT_EQ(run_of({100, 100, 100}, 305, kPacketsHeader + kSequenceSize), 3U);
}

TEST(PackRun, LeavesLargePacketsAlone) {
    EXPECT_EQ(run_of({601, 40}, 1200), 1U);
    EXPECT_EQ(run_of({600, 40}, 1200), 2U);
    EXPECT_EQ(run_of({40, 601}, 1200), 1U);
    EXPECT_EQ(run_of({1199, 40}, 1200), 1U);
}

TEST(PackRun, IsZeroWhenTheFirstDoesNotFitAtAll) {
    EXPECT_EQ(run_of({1200}, 1200), 0U);
    EXPECT_EQ(run_of({1200, 40}, 1200), 0U);
    EXPECT_EQ(run_of({40}, 0), 0U);
    EXPECT_EQ(run_of({}, 1200), 0U);
}

TEST(PackRun, IsBoundedInPackets) {
    const auto packet = make_sized_packet(20);
    const std::vector<base::ByteView> views(200, packet);
    EXPECT_EQ(pack_run(views, 65'535), kPackedPacketsMax);
}

TEST(ForEachPacket, WalksPacketsOfBothFamilies) {
    auto payload = make_sized_packet(60);
    const auto second = make_sized_packet(80, net::test::ipv6_options());
    payload.insert(payload.end(), second.begin(), second.end());
    std::vector<std::size_t> sizes;
    const auto result =
        for_each_packet(payload, [&](base::ByteView packet) { sizes.push_back(packet.size()); });
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
        const std::vector<base::ByteView> views(packets.begin(), packets.end());
        std::vector<base::Bytes> received;
        for (std::span<const base::ByteView> rest = views; !rest.empty();) {
            const std::size_t run = pack_run(rest, 1200);
            ASSERT_GT(run, 0U);
            base::Bytes payload;
            for (const auto& view : rest.first(run)) {
                payload.insert(payload.end(), view.begin(), view.end());
            }
            ASSERT_LE(payload.size() + kPacketsHeader, 1200U);
            for_each_packet(payload, [&](base::ByteView packet) {
                received.emplace_back(packet.begin(), packet.end());
            });
            rest = rest.subspan(run);
        }
        ASSERT_EQ(received, packets);
    }
}

}  // namespace
}  // namespace qe::overlay
