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
