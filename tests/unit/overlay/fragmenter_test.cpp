// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/fragmenter.h"

#include <gtest/gtest.h>

#include "quicether/net/packet.h"

namespace qe::overlay {
namespace {

using base::ErrorCode;

base::Bytes pattern(std::size_t size) {
    base::Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i * 31 + 7);
    }
    return bytes;
}

TEST(Fragmenter, CutsIntoTheFewestPiecesOfEqualSize) {
    Fragmenter fragmenter(100);
    const auto packet = pattern(3000);
    const auto plan = fragmenter.cut(packet, 1013).value();  // 1000 bytes of payload each
    ASSERT_EQ(plan.count(), 3U);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < plan.count(); ++i) {
        const auto piece = plan.piece(i);
        EXPECT_EQ(piece.header.type, DatagramType::Fragment);
        EXPECT_FALSE(piece.header.sequence);
        EXPECT_EQ(piece.header.fragment.id, 100U);
        EXPECT_EQ(piece.header.fragment.offset, offset);
        EXPECT_EQ(piece.header.fragment.total, 3000);
        EXPECT_EQ(piece.payload.data(), packet.data() + offset);
        EXPECT_EQ(piece.payload.size(), 1000U);
        offset += piece.payload.size();
    }
    EXPECT_EQ(fragmenter.cut(pattern(3001), 1013).value().count(), 4U);
}

TEST(Fragmenter, TheIpv6MinimumPassesA1200ByteDatagram) {
    Fragmenter fragmenter(0);
    const auto packet = pattern(net::kIpv6MinimumMtu);
    EXPECT_EQ(fragmenter.cut(packet, 1200).value().count(), 2U);
    EXPECT_EQ(fragmenter.cut(packet, 1200).value().piece(0).payload.size(), 640U);
}

TEST(Fragmenter, APieceNeverIsTheWholePacket) {
    Fragmenter fragmenter(0);
    const auto two = fragmenter.cut(pattern(2), 1200).value();
    EXPECT_EQ(two.count(), 2U);
    EXPECT_EQ(two.piece(1).payload.size(), 1U);
    EXPECT_EQ(fragmenter.cut(pattern(1190), 1200).value().count(), 2U);
    EXPECT_EQ(fragmenter.cut(pattern(1), 1200).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(fragmenter.cut({}, 1200).error().code, ErrorCode::kInvalidArgument);
}

TEST(Fragmenter, CoversEveryPacketExactlyAndFitsWithASequence) {
    Fragmenter fragmenter(0);
    const auto bytes = pattern(2000);
    for (std::size_t size = 2; size <= bytes.size(); size += 13) {
        for (std::size_t room = kDatagramHeaderMax + 16; room < 1300; room += 37) {
            const auto packet = base::ByteView(bytes).first(size);
            const auto plan = fragmenter.cut(packet, room);
            if (!plan) {
                EXPECT_GT(size / (room - kDatagramHeaderMax), kFragmentsMax - 1);
                continue;
            }
            std::size_t covered = 0;
            for (std::size_t i = 0; i < plan->count(); ++i) {
                auto piece = plan->piece(i);
                piece.header.sequence = 1;
                EXPECT_EQ(piece.header.fragment.offset, covered);
                EXPECT_FALSE(piece.payload.empty());
                EXPECT_LE(encode_datagram_header(piece.header).size + piece.payload.size(), room);
                covered += piece.payload.size();
            }
            EXPECT_EQ(covered, size);
        }
    }
}

TEST(Fragmenter, RefusesWhatNeedsTooManyPieces) {
    Fragmenter fragmenter(5);
    EXPECT_EQ(fragmenter.cut(pattern(65'535), 576).value().count(), 117U);
    EXPECT_EQ(fragmenter.cut(pattern(65'536), 1200).error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(fragmenter.cut(pattern(1420), 24).error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(fragmenter.cut(pattern(1420), 13).error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(fragmenter.cut(pattern(1420), 0).error().code, ErrorCode::kTooLarge);
    // Refusals use up no id.
    EXPECT_EQ(fragmenter.cut(pattern(1420), 1200).value().piece(0).header.fragment.id, 6U);
}

TEST(Fragmenter, IdsCountUpAndWrap) {
    Fragmenter fragmenter(0xffffffff);
    const auto packet = pattern(100);
    EXPECT_EQ(fragmenter.cut(packet, 90).value().piece(0).header.fragment.id, 0xffffffffU);
    EXPECT_EQ(fragmenter.cut(packet, 90).value().piece(1).header.fragment.id, 0U);
}

}  // namespace
}  // namespace qe::overlay
