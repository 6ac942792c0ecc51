// SPDX-License-Identifier: Apache-2.0
//
// The worked example of docs/protocol/overlay.md, whose bytes are
// tests/vectors/overlay_datagram.txt.
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/overlay/datagram.h"
#include "quicether/overlay/fragmenter.h"
#include "quicether/overlay/packer.h"
#include "quicether/overlay/reassembler.h"

namespace qe::overlay {
namespace {

using Vectors = std::map<std::string, base::Bytes>;

Vectors read_vectors() {
    Vectors vectors;
    std::ifstream file(QE_TEST_DATA_DIR "/vectors/overlay_datagram.txt");
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string name;
        std::string digits;
        if (line.starts_with('#') || !(fields >> name >> digits)) {
            continue;
        }
        base::Bytes bytes(digits.size() / 2);
        EXPECT_TRUE(base::from_hex(digits, bytes)) << name;
        vectors[name] = bytes;
    }
    return vectors;
}

base::Bytes join(const DatagramHeader& header, std::initializer_list<base::ByteView> payload) {
    const auto encoded = encode_datagram_header(header);
    base::Bytes bytes(encoded.view().begin(), encoded.view().end());
    for (const auto& part : payload) {
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
}

TEST(OverlayVectors, SendingMakesTheseBytes) {
    auto vectors = read_vectors();
    ASSERT_EQ(vectors.size(), 7U);
    DatagramHeader header;
    EXPECT_EQ(join(header, {vectors["packet_v4"], vectors["packet_v6"]}), vectors["packets"]);
    header.sequence = 7;
    EXPECT_EQ(join(header, {vectors["packet_v4"], vectors["packet_v6"]}),
              vectors["packets_with_sequence"]);

    Fragmenter fragmenter(9);
    const auto plan = fragmenter.cut(vectors["packet_v4"], 29).value();
    ASSERT_EQ(plan.count(), 2U);
    EXPECT_EQ(join(plan.piece(0).header, {plan.piece(0).payload}), vectors["fragment_0"]);
    auto second = plan.piece(1);
    EXPECT_EQ(join(second.header, {second.payload}), vectors["fragment_1"]);
    second.header.sequence = 8;
    EXPECT_EQ(join(second.header, {second.payload}), vectors["fragment_1_with_sequence"]);
}

TEST(OverlayVectors, ReceivingUnderstandsThem) {
    auto vectors = read_vectors();
    for (const char* name : {"packets", "packets_with_sequence"}) {
        const auto parsed = parse_datagram(vectors[name]).value();
        std::vector<base::Bytes> packets;
        const auto unpacked = for_each_packet(parsed.payload, [&](base::ByteView packet) {
            packets.emplace_back(packet.begin(), packet.end());
        });
        EXPECT_EQ(unpacked.dropped_bytes, 0U);
        EXPECT_EQ(packets, (std::vector{vectors["packet_v4"], vectors["packet_v6"]}));
    }
    Reassembler reassembler;
    const auto second = parse_datagram(vectors["fragment_1_with_sequence"]).value();
    EXPECT_EQ(second.header.sequence, 8U);
    const auto first = parse_datagram(vectors["fragment_0"]).value();
    ASSERT_FALSE(reassembler.handle_fragment({}, second.header.fragment, second.payload).value());
    const auto whole =
        reassembler.handle_fragment({}, first.header.fragment, first.payload).value();
    ASSERT_TRUE(whole);
    EXPECT_EQ(base::Bytes(whole->begin(), whole->end()), vectors["packet_v4"]);
}

}  // namespace
}  // namespace qe::overlay
