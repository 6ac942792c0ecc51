// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/datagram.h"

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::overlay {
namespace {

using base::ErrorCode;

base::Bytes hex(std::string_view digits) {
    base::Bytes bytes(digits.size() / 2);
    EXPECT_TRUE(base::from_hex(digits, bytes)) << digits;
    return bytes;
}

std::string encoded(const DatagramHeader& header) {
    return base::to_hex(encode_datagram_header(header).view());
}

TEST(Datagram, HeadersHaveTheDocumentedBytes) {
    DatagramHeader header;
    EXPECT_EQ(encoded(header), "20");
    header.sequence = 0x01020304;
    EXPECT_EQ(encoded(header), "2101020304");
    header.type = DatagramType::Fragment;
    header.fragment = {0xa1a2a3a4, 0x0280, 0x0500};
    EXPECT_EQ(encoded(header), "4101020304a1a2a3a402800500");
    header.sequence.reset();
    EXPECT_EQ(encoded(header), "40a1a2a3a402800500");
}

TEST(Datagram, HeaderSizesMatchTheConstants) {
    DatagramHeader header;
    EXPECT_EQ(encode_datagram_header(header).size, kPacketsHeader);
    header.sequence = 0;
    EXPECT_EQ(encode_datagram_header(header).size, kPacketsHeader + kSequenceSize);
    header.type = DatagramType::Fragment;
    EXPECT_EQ(encode_datagram_header(header).size, kDatagramHeaderMax);
    header.sequence.reset();
    EXPECT_EQ(encode_datagram_header(header).size, kFragmentHeader);
}

TEST(Datagram, ParsesWhatItEncodes) {
    auto first = hex("21000000074500");
    const auto packets = parse_datagram(first).value();
    EXPECT_EQ(packets.header.type, DatagramType::Packets);
    EXPECT_EQ(packets.header.sequence, 7U);
    EXPECT_EQ(base::to_hex(packets.payload), "4500");

    auto second = hex("400000000900020004ffee");
    const auto fragment = parse_datagram(second).value();
    EXPECT_EQ(fragment.header.type, DatagramType::Fragment);
    EXPECT_FALSE(fragment.header.sequence);
    EXPECT_EQ(fragment.header.fragment.id, 9U);
    EXPECT_EQ(fragment.header.fragment.offset, 2);
    EXPECT_EQ(fragment.header.fragment.total, 4);
    EXPECT_EQ(base::to_hex(fragment.payload), "ffee");
}

TEST(Datagram, RefusesMalformedInput) {
    struct Case {
        const char* why;
        const char* hex;
        ErrorCode code;
    };
    for (const Case& c : {
             Case{"nothing", "", ErrorCode::kTruncated},
             Case{"Packets without payload", "20", ErrorCode::kTruncated},
             Case{"sequence cut", "21000000", ErrorCode::kTruncated},
             Case{"sequence without payload", "2100000007", ErrorCode::kTruncated},
             Case{"fragment cut", "4000000009000200", ErrorCode::kTruncated},
             Case{"fragment without payload", "400000000900020004", ErrorCode::kTruncated},
             Case{"type 0", "0045", ErrorCode::kBadOverlayHeader},
             Case{"type 3", "6045", ErrorCode::kBadOverlayHeader},
             Case{"type 7", "e045", ErrorCode::kBadOverlayHeader},
             Case{"flag 0x04", "2445", ErrorCode::kBadOverlayHeader},
             Case{"fragment with 0x02", "42", ErrorCode::kBadOverlayHeader},
             Case{"flag 0x10", "3045", ErrorCode::kBadOverlayHeader},
             Case{"all flags", "3f0000000745", ErrorCode::kBadOverlayHeader},
             Case{"total 0", "400000000900000000ff", ErrorCode::kBadFragment},
             Case{"whole packet", "400000000900000002ffee", ErrorCode::kBadFragment},
             Case{"longer than total", "400000000900000001ffee", ErrorCode::kBadFragment},
             Case{"beyond the end", "400000000900030004ffee", ErrorCode::kBadFragment},
             Case{"offset at the end", "400000000900040004ff", ErrorCode::kBadFragment},
             Case{"offset overflow", "4000000009ffff0004ff", ErrorCode::kBadFragment},
         }) {
        auto bytes = hex(c.hex);
        const auto parsed = parse_datagram(bytes);
        ASSERT_FALSE(parsed) << c.why;
        EXPECT_EQ(parsed.error().code, c.code) << c.why;
    }
}

TEST(Datagram, RandomBytesEitherFailOrEncodeBack) {
    base::Rng rng({});
    int parsed_count = 0;
    for (int round = 0; round < 50'000; ++round) {
        base::Bytes bytes(rng.below(40));
        rng.fill(bytes);
        const auto parsed = parse_datagram(bytes);
        if (!parsed) {
            continue;
        }
        ++parsed_count;
        auto again = base::to_hex(encode_datagram_header(parsed->header).view());
        EXPECT_EQ(again + base::to_hex(parsed->payload), base::to_hex(bytes));
    }
    EXPECT_GT(parsed_count, 100);
}

}  // namespace
}  // namespace qe::overlay
