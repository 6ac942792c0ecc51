// SPDX-License-Identifier: Apache-2.0
#include "node/links/peer_message.h"

#include <gtest/gtest.h>

#include "quicether/base/cbor.h"

namespace qe::node {
namespace {

Hello full_hello() {
    Hello hello;
    hello.instance = 0x0123456789abcdef;
    hello.session = 0xfedcba9876543210;
    hello.supersede = true;
    hello.dial_number = 7;
    hello.name = "home-server";
    hello.role = "gateway";
    hello.software = "0.1.0";
    hello.tun_mtu = 1420;
    hello.claims.addresses = {*net::parse_ip_address("100.64.0.1"),
                              *net::parse_ip_address("fd71::1")};
    hello.claims.subnets = {*net::parse_prefix("192.168.1.0/24"), *net::parse_prefix("fd00::/48")};
    hello.underlay = {*net::parse_socket_address("203.0.113.5:9000", 0),
                      *net::parse_socket_address("[2001:db8::5]:9000", 0)};
    hello.observed = *net::parse_socket_address("198.51.100.1:40000", 0);
    return hello;
}

template <typename T>
T round_trip(const T& message) {
    const auto parsed = parse_peer_message(encode_peer_message(message));
    EXPECT_TRUE(parsed.has_value());
    return std::get<T>(*parsed);
}

TEST(PeerMessage, SurvivesTheWire) {
    EXPECT_EQ(round_trip(full_hello()), full_hello());
    Hello several = full_hello();
    several.uplink = 3;
    several.underlay_uplinks = {3, 0};
    several.reserve = 9;
    EXPECT_EQ(round_trip(several), several);
    several.uplink = 0;  // of this connection unknown, of the addresses known
    EXPECT_EQ(round_trip(several), several);
    Hello single = full_hello();
    single.single = true;
    EXPECT_EQ(round_trip(single), single);
    EXPECT_EQ(round_trip(ClaimsUpdate{full_hello().claims}), ClaimsUpdate{full_hello().claims});
    const AddressUpdate moved{several.underlay, several.underlay_uplinks};
    EXPECT_EQ(round_trip(moved), moved);
    EXPECT_EQ(round_trip(AddressUpdate{}), AddressUpdate{});
    EXPECT_EQ(round_trip(EchoRequest{42}), EchoRequest{42});
    EXPECT_EQ(round_trip(EchoReply{UINT64_MAX}), EchoReply{UINT64_MAX});
}

TEST(PeerMessage, CleansTextsOfAPeer) {
    Hello hello = full_hello();
    hello.name = "evil\x1b[31m\nname with spaces";
    EXPECT_EQ(round_trip(hello).name, "evil_[31m_name_with_spaces");
    hello.name = std::string(1000, 'x');
    EXPECT_EQ(round_trip(hello).name.size(), kPeerTextMax);
}

TEST(PeerMessage, IgnoresTypesAndKeysItDoesNotKnow) {
    const auto unknown = parse_peer_message(encode_peer_message(UnknownMessage{77}));
    ASSERT_TRUE(unknown.has_value());
    EXPECT_EQ(std::get<UnknownMessage>(*unknown).type, 77U);

    base::Bytes bytes;
    base::CborWriter out(bytes);
    out.array(2);
    out.unsigned_integer(3);
    out.map(2);
    out.unsigned_integer(99);
    out.array(2);
    out.text("new");
    out.map(0);
    out.unsigned_integer(1);
    out.unsigned_integer(5);
    const auto echo = parse_peer_message(bytes);
    ASSERT_TRUE(echo.has_value());
    EXPECT_EQ(std::get<EchoRequest>(*echo).nonce, 5U);
}

TEST(PeerMessage, RefusesEveryTruncation) {
    const base::Bytes whole = encode_peer_message(full_hello());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_peer_message(base::ByteView(whole).first(size)).has_value()) << size;
    }
}

TEST(PeerMessage, RefusesTrailingBytes) {
    base::Bytes bytes = encode_peer_message(EchoRequest{1});
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(parse_peer_message(bytes).has_value());
}

TEST(PeerMessage, RefusesAnotherProtocolVersion) {
    Hello hello = full_hello();
    hello.version = 2;
    const auto parsed = parse_peer_message(encode_peer_message(hello));
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, base::ErrorCode::kProtocolViolation);
}

TEST(PeerMessage, RefusesMoreClaimsThanAllowedAndWhatIsTooLarge) {
    base::Bytes bytes;
    base::CborWriter out(bytes);
    out.array(2);
    out.unsigned_integer(2);
    out.map(1);
    out.unsigned_integer(8);
    out.array(kClaimsMax + 1);
    for (std::size_t i = 0; i <= kClaimsMax; ++i) {
        out.byte_string(net::IpAddress::v4(static_cast<std::uint32_t>(i)).bytes());
    }
    EXPECT_FALSE(parse_peer_message(bytes).has_value());
    EXPECT_FALSE(parse_peer_message(base::Bytes(kPeerMessageBytesMax + 1)).has_value());
}

TEST(PeerMessage, RefusesAddressesAndPrefixesOfImpossibleSize) {
    base::Bytes bytes;
    base::CborWriter out(bytes);
    out.array(2);
    out.unsigned_integer(2);
    out.map(1);
    out.unsigned_integer(9);
    out.array(1);
    out.array(2);
    out.byte_string(net::IpAddress::v4(0).bytes());
    out.unsigned_integer(33);
    EXPECT_FALSE(parse_peer_message(bytes).has_value());
}

}  // namespace
}  // namespace qe::node
