// SPDX-License-Identifier: Apache-2.0
//
// Fragmenter and Reassembler together over a network that reorders, repeats and loses, and the
// Reassembler alone under attack.
#include <algorithm>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/overlay/fragmenter.h"
#include "quicether/overlay/reassembler.h"

namespace qe::overlay {
namespace {

using base::Instant;

struct Wire {
    DatagramHeader header;
    base::Bytes payload;
    std::size_t packet = 0;
};

base::Bytes random_packet(base::Rng& rng) {
    base::Bytes packet(2 + rng.below(rng.below(10) == 0 ? 9000 : 1500));
    rng.fill(packet);
    return packet;
}

void shuffle(base::Rng& rng, std::vector<Wire>& wire, std::size_t reach) {
    for (std::size_t i = 0; i < wire.size(); ++i) {
        std::swap(wire[i], wire[i + rng.below(std::min(reach, wire.size() - i))]);
    }
}

std::vector<Wire> cut_all(base::Rng& rng, const std::vector<base::Bytes>& packets) {
    Fragmenter fragmenter(static_cast<std::uint32_t>(rng.u64()));
    std::vector<Wire> wire;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const auto plan = fragmenter.cut(packets[i], 150 + rng.below(1300)).value();
        for (std::size_t k = 0; k < plan.count(); ++k) {
            const auto piece = plan.piece(k);
            wire.push_back({piece.header, {piece.payload.begin(), piece.payload.end()}, i});
        }
    }
    return wire;
}

TEST(Reassembly, NothingIsAlteredWhateverTheOrderAndTheDuplicates) {
    base::Rng rng({});
    for (int round = 0; round < 200; ++round) {
        std::vector<base::Bytes> packets(20);
        std::generate(packets.begin(), packets.end(), [&] { return random_packet(rng); });
        auto wire = cut_all(rng, packets);
        const std::size_t sent = wire.size();
        for (std::size_t i = 0; i < sent / 4; ++i) {
            wire.push_back(Wire(wire[rng.below(sent)]));
        }
        shuffle(rng, wire, wire.size());

        Reassembler reassembler;
        std::vector<int> seen(packets.size());
        for (const Wire& fragment : wire) {
            const auto whole =
                reassembler.handle_fragment(Instant(), fragment.header.fragment, fragment.payload);
            ASSERT_TRUE(whole);
            if (*whole) {
                ++seen[fragment.packet];
                ASSERT_TRUE(std::ranges::equal(**whole, packets[fragment.packet]));
            }
        }
        EXPECT_EQ(seen, std::vector<int>(packets.size(), 1));
        EXPECT_EQ(reassembler.bytes_held(), 0U);
        EXPECT_EQ(reassembler.counters().duplicates, sent / 4);
    }
}

TEST(Reassembly, LossCostsOnlyThePacketsItHits) {
    base::Rng rng({});
    for (int round = 0; round < 50; ++round) {
        std::vector<base::Bytes> packets(200);
        std::generate(packets.begin(), packets.end(), [&] { return random_packet(rng); });
        auto wire = cut_all(rng, packets);
        std::vector<bool> hit(packets.size());
        shuffle(rng, wire, 20);

        Reassembler reassembler({4U << 20, 400, base::seconds(5)});
        std::vector<bool> arrived(packets.size());
        for (const Wire& fragment : wire) {
            if (rng.below(20) == 0) {
                hit[fragment.packet] = true;
                continue;
            }
            const auto whole =
                reassembler.handle_fragment(Instant(), fragment.header.fragment, fragment.payload);
            ASSERT_TRUE(whole);
            if (*whole) {
                arrived[fragment.packet] = true;
                ASSERT_TRUE(std::ranges::equal(**whole, packets[fragment.packet]));
            }
        }
        for (std::size_t i = 0; i < packets.size(); ++i) {
            EXPECT_NE(arrived[i], hit[i]) << i;
        }
        reassembler.handle_timeout(Instant() + base::seconds(6));
        EXPECT_EQ(reassembler.bytes_held(), 0U);
    }
}

TEST(Reassembly, BoundsHoldUnderAHundredThousandRandomFragments) {
    base::Rng rng({});
    const ReassemblyOptions options;
    Reassembler reassembler(options);
    base::Bytes payload(1500);
    rng.fill(payload);
    Instant now;
    std::uint64_t whole_count = 0;
    for (int i = 0; i < 100'000; ++i) {
        FragmentFields fields;
        fields.id = static_cast<std::uint32_t>(rng.below(rng.below(2) == 0 ? 50 : 1U << 31));
        fields.total = static_cast<std::uint16_t>(rng.below(rng.below(2) == 0 ? 200 : 65'536));
        fields.offset = static_cast<std::uint16_t>(rng.below(fields.total + 2U));
        const std::size_t size = rng.below(rng.below(2) == 0 ? 30 : payload.size());
        now = now + base::milliseconds(rng.below(10));
        const auto whole =
            reassembler.handle_fragment(now, fields, base::ByteView(payload).first(size));
        whole_count += whole && *whole ? 1U : 0U;
        ASSERT_LE(reassembler.bytes_held(), options.bytes_max);
        ASSERT_GT(reassembler.next_deadline(), now);
    }
    const ReassemblyCounters& counters = reassembler.counters();
    EXPECT_EQ(counters.fragments, 100'000U);
    EXPECT_EQ(counters.packets, whole_count);
    EXPECT_GT(counters.evicted, 0U);
    EXPECT_GT(counters.rejected, 0U);
    reassembler.handle_timeout(now + base::seconds(6));
    EXPECT_EQ(reassembler.bytes_held(), 0U);
    EXPECT_TRUE(reassembler.next_deadline().is_never());
}

}  // namespace
}  // namespace qe::overlay
