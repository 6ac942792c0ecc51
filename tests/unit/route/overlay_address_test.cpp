// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/overlay_address.h"

#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::route {
namespace {

using net::Prefix;
using NodeIdBytes = std::array<std::byte, kNodeIdSize>;

Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }

NodeIdBytes random_id(base::Rng& rng) {
    NodeIdBytes id{};
    rng.fill(id);
    return id;
}

TEST(OverlayAddress, MatchesTheVectors) {
    std::ifstream file(QE_TEST_DATA_DIR "/vectors/overlay_address.txt");
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        std::istringstream fields(line);
        std::string id_text;
        std::string network_text;
        std::string wanted;
        std::uint32_t attempt = 0;
        ASSERT_TRUE(fields >> id_text >> network_text >> attempt >> wanted) << line;
        NodeIdBytes id{};
        ASSERT_TRUE(base::from_hex(id_text, id)) << line;
        const Prefix network = prefix(network_text);
        const auto address = network.family() == net::Family::V6
                                 ? derive_overlay_ipv6(network, id)
                                 : derive_overlay_ipv4(network, id, attempt);
        ASSERT_TRUE(address) << line;
        EXPECT_EQ(address->to_string(), wanted) << line;
        ++lines;
    }
    EXPECT_EQ(lines, 32U);
}

TEST(OverlayAddress, TheDefaultNetworkIsTheDocumentedUla) {
    EXPECT_EQ(default_overlay_ipv6_network().to_string(), "fd71:7569:6365::/48");
}

TEST(OverlayAddress, Ipv4StaysWithinTheNetworkAndOffItsEnds) {
    base::Rng rng({});
    for (const char* text : {"100.64.0.0/16", "10.1.2.3/8", "192.168.7.4/30", "192.168.7.0/29",
                             "0.0.0.0/0", "255.255.255.252/30"}) {
        const Prefix network = prefix(text);
        const auto bits = network.address().bit_count() - network.length();
        for (int i = 0; i < 2000; ++i) {
            const auto address =
                derive_overlay_ipv4(network, random_id(rng), static_cast<std::uint32_t>(i)).value();
            EXPECT_TRUE(network.contains(address));
            const std::uint64_t host =
                base::ByteReader(address.bytes()).u32() & ((std::uint64_t{1} << bits) - 1);
            EXPECT_NE(host, 0U);
            EXPECT_NE(host, (std::uint64_t{1} << bits) - 1);
        }
    }
}

TEST(OverlayAddress, Ipv4IsSpreadEvenly) {
    base::Rng rng({});
    std::array<int, 16> by_upper_bits{};
    std::array<int, 16> by_lower_bits{};
    NodeIdBytes id{};
    for (std::uint32_t i = 0; i < 16'000; ++i) {
        base::ByteWriter(id).u32(i);  // ids that differ in a few bits only
        const auto address = derive_overlay_ipv4(prefix("100.64.0.0/16"), id, 0).value();
        ++by_upper_bits[base::ByteReader(address.bytes()).u32() >> 12 & 15];
        ++by_lower_bits[base::ByteReader(address.bytes()).u32() & 15];
    }
    for (std::size_t i = 0; i < 16; ++i) {
        EXPECT_NEAR(by_upper_bits[i], 1000, 160);  // five standard deviations
        EXPECT_NEAR(by_lower_bits[i], 1000, 160);
    }
}

TEST(OverlayAddress, AttemptsLeadElsewhere) {
    base::Rng rng({});
    const auto id = random_id(rng);
    std::set<net::IpAddress> seen;
    for (std::uint32_t attempt = 0; attempt < 100; ++attempt) {
        seen.insert(derive_overlay_ipv4(prefix("100.64.0.0/16"), id, attempt).value());
    }
    EXPECT_GT(seen.size(), 97U);
}

TEST(OverlayAddress, RefusesNetworksItCannotUse) {
    const NodeIdBytes id{};
    for (const char* text : {"10.0.0.0/31", "10.0.0.1/32", "fd00::/48"}) {
        EXPECT_FALSE(derive_overlay_ipv4(prefix(text), id, 0)) << text;
    }
    for (const char* text : {"fd00::/47", "fd00::/49", "fd00::/128", "10.0.0.0/8"}) {
        EXPECT_FALSE(derive_overlay_ipv6(prefix(text), id)) << text;
    }
}

}  // namespace
}  // namespace qe::route
