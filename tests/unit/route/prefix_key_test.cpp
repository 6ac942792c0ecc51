// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/prefix_key.h"

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::route {
namespace {

net::Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }
net::IpAddress ip(std::string_view text) { return net::parse_ip_address(text).value(); }

TEST(PrefixKey, ClearsHostBitsAndComesBackAsAPrefix) {
    for (const char* text : {"10.1.2.3/8", "10.1.2.3/32", "10.1.2.3/0", "10.1.2.3/31", "fd00::1/8",
                             "fd00:1:2:3:4:5:6:7/63", "fd00:1:2:3:4:5:6:7/64",
                             "fd00:1:2:3:4:5:6:7/65", "fd00:1:2:3:4:5:6:7/128", "ffff::/0"}) {
        EXPECT_EQ(PrefixKey::of(prefix(text)).prefix(), prefix(text).network()) << text;
    }
}

TEST(PrefixKey, GivesOctetsInNetworkOrder) {
    const auto v4 = PrefixKey::of(ip("1.2.3.4"));
    EXPECT_EQ(v4.octet(0), 1U);
    EXPECT_EQ(v4.octet(3), 4U);
    const auto v6 = PrefixKey::of(ip("102:304:506:708:90a:b0c:d0e:f10"));
    for (unsigned i = 0; i < 16; ++i) {
        EXPECT_EQ(v6.octet(i), i + 1);
    }
}

TEST(PrefixKey, GivesBitsFromAnyPositionWithZerosBehindTheEnd) {
    const net::IpAddress whole = ip("8421:8421:8421:8421:1248:1248:1248:1248");
    const auto address = PrefixKey::of(whole);
    const auto bit = [&](unsigned index) { return index < 128 && whole.bit(index); };
    for (unsigned from = 0; from <= 128; ++from) {
        std::uint64_t wanted = 0;
        for (unsigned i = 0; i < 64; ++i) {
            wanted = wanted << 1 | (bit(from + i) ? 1U : 0U);
        }
        EXPECT_EQ(address.bits_from(from), wanted) << from;
    }
}

TEST(PrefixKey, CountsCommonBitsUpToTheShorterLength) {
    const auto common = [](const char* a, const char* b) {
        return PrefixKey::of(prefix(a)).common_bits(PrefixKey::of(prefix(b)));
    };
    EXPECT_EQ(common("10.0.0.0/8", "10.128.0.0/9"), 8U);
    EXPECT_EQ(common("10.0.0.0/9", "10.128.0.0/9"), 8U);
    EXPECT_EQ(common("0.0.0.0/0", "10.0.0.0/8"), 0U);
    EXPECT_EQ(common("fd00::/64", "fd00::/128"), 64U);
    EXPECT_EQ(common("fd00::1/128", "fd00::3/128"), 126U);
    EXPECT_EQ(common("fd00::1/128", "fd00::1/128"), 128U);
}

TEST(PrefixKey, ContainsWhatThePrefixContains) {
    base::Rng rng({});
    for (int i = 0; i < 20'000; ++i) {
        std::array<std::byte, 16> bytes{};
        rng.fill(bytes);
        const auto size = rng.below(2) == 0 ? 4U : 16U;
        const auto a = net::IpAddress::from_bytes(base::ByteView(bytes).first(size));
        const net::Prefix p(a, static_cast<unsigned>(rng.below(a.bit_count() + 1)));
        bytes[rng.below(size)] ^= std::byte{1} << static_cast<int>(rng.below(8));
        const auto b = net::IpAddress::from_bytes(base::ByteView(bytes).first(size));
        EXPECT_TRUE(PrefixKey::of(p).contains(PrefixKey::of(a)));
        EXPECT_EQ(PrefixKey::of(p).contains(PrefixKey::of(b)), p.contains(b)) << p.to_string();
    }
}

}  // namespace
}  // namespace qe::route
