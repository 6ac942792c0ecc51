// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/address_choice.h"

#include <algorithm>
#include <map>
#include <set>

#include "network_fixture.h"
#include "quicether/crypto/digest.h"

namespace qe::network {
namespace {

using test::kNow;
using test::must;
using test::prefix;

net::IpAddress address(std::string_view text) { return must(net::parse_ip_address(text)); }

/// A derivation like the node's: a host of the network that a hash draws.
base::Result<net::IpAddress> derive(const net::Prefix& network, base::ByteView node_id,
                                    std::uint32_t attempt) noexcept {
    if (!network.address().is_v4() || network.length() > 30) {
        return base::fail(base::ErrorCode::kBadPrefix, "no IPv4 /30 or wider");
    }
    std::array<std::byte, crypto::NodeId::kSize + 4> input{};
    base::ByteWriter out(input);
    out.bytes(node_id);
    out.u32(attempt);
    const crypto::Sha256Digest digest = crypto::sha256(input);
    const std::uint32_t hosts = (~std::uint32_t{0} >> network.length()) - 1;
    const std::uint32_t host = 1 + base::ByteReader(digest).u32() % hosts;
    return net::IpAddress::v4(base::ByteReader(network.network().address().bytes()).u32() + host);
}

AddressRules rules_for(std::string_view network) { return {prefix(network), derive, {}, {}}; }

/// Above id_of(0), and below id_of(2).
crypto::NodeId numbered(std::uint32_t number) {
    return {{std::byte{1}, static_cast<std::byte>(number)}};
}
crypto::NodeId id_of(std::uint8_t first) { return {{std::byte{first}}}; }

TEST(AddressChoice, TakesTheFirstCandidateNobodyClaims) {
    const AddressRules rules = rules_for("10.0.0.0/16");
    const net::IpAddress first = must(choose_address(id_of(5), {}, {}, rules));
    EXPECT_EQ(first, *derive(rules.network, id_of(5).bytes, 0));
    AddressClaims claims;
    claims.add(first, id_of(9));  // larger, but it was there before us
    EXPECT_EQ(must(choose_address(id_of(5), {}, claims, rules)),
              *derive(rules.network, id_of(5).bytes, 1));
}

TEST(AddressChoice, SmallerIdKeepsAndLargerMoves) {
    const AddressRules rules = rules_for("10.0.0.0/16");
    AddressClaims claims;
    claims.add(address("10.0.7.7"), id_of(5));
    EXPECT_EQ(must(choose_address(id_of(4), address("10.0.7.7"), claims, rules)),
              address("10.0.7.7"));
    EXPECT_NE(must(choose_address(id_of(6), address("10.0.7.7"), claims, rules)),
              address("10.0.7.7"));
    EXPECT_EQ(must(choose_address(id_of(6), address("10.0.7.8"), claims, rules)),
              address("10.0.7.8"));
}

TEST(AddressChoice, OfSeveralClaimantsTheSmallestHolds) {
    AddressClaims claims;
    claims.add(address("10.0.0.1"), id_of(7));
    claims.add(address("10.0.0.1"), id_of(3));
    claims.add(address("10.0.0.1"), id_of(5));
    ASSERT_NE(claims.holder(address("10.0.0.1")), nullptr);
    EXPECT_EQ(*claims.holder(address("10.0.0.1")), id_of(3));
    EXPECT_EQ(claims.holder(address("10.0.0.2")), nullptr);
}

TEST(AddressChoice, LeavesAnAddressThatBecameUnusable) {
    AddressRules rules = rules_for("10.0.0.0/16");
    const net::IpAddress first = must(choose_address(id_of(5), {}, {}, rules));
    rules.in_use.insert(first);
    const net::IpAddress second = must(choose_address(id_of(5), first, {}, rules));
    EXPECT_NE(second, first);
    const AddressRules moved = rules_for("10.9.0.0/16");
    EXPECT_TRUE(moved.network.contains(must(choose_address(id_of(5), second, {}, moved))));
}

TEST(AddressChoice, KnowsWhichAddressesAreUsable) {
    AddressRules rules = rules_for("10.0.0.0/16");
    rules.in_use.insert(address("10.0.5.5"));
    for (const std::string_view text : {"10.0.0.0", "10.0.0.255", "10.0.9.0", "10.0.9.255",
                                        "10.0.255.255", "10.1.0.1", "10.0.5.5", "fd00::1"}) {
        EXPECT_FALSE(rules.is_usable(address(text))) << text;
    }
    EXPECT_TRUE(rules.is_usable(address("10.0.0.1")));
    EXPECT_TRUE(rules.is_usable(address("10.0.9.254")));
    const AddressRules small = rules_for("10.0.9.252/30");
    EXPECT_FALSE(small.is_usable(address("10.0.9.252")));
    EXPECT_TRUE(small.is_usable(address("10.0.9.253")));
    EXPECT_TRUE(small.is_usable(address("10.0.9.254")));
    EXPECT_FALSE(small.is_usable(address("10.0.9.255")));
}

TEST(AddressChoice, AvoidsNetworksOfTheHostUnlessThereIsNothingElse) {
    AddressRules rules = rules_for("10.0.0.0/16");
    const net::IpAddress first = must(choose_address(id_of(5), {}, {}, rules));
    rules.avoid = {net::Prefix(first, 24).network()};
    const net::IpAddress other = must(choose_address(id_of(5), {}, {}, rules));
    EXPECT_FALSE(rules.avoid.front().contains(other));
    EXPECT_EQ(must(choose_address(id_of(5), first, {}, rules)), first);  // who has it keeps it
    rules.avoid = {prefix("10.0.0.0/8")};
    EXPECT_EQ(must(choose_address(id_of(5), {}, {}, rules)), first);
}

TEST(AddressClaims, TellWhoIsConcernedByAChange) {
    AddressClaims claims;
    const net::IpAddress a = address("10.0.0.1");
    using Ids = std::vector<crypto::NodeId>;
    EXPECT_EQ(claims.set(id_of(7), a), Ids{});
    EXPECT_EQ(claims.set(id_of(3), a), Ids{id_of(7)});
    EXPECT_EQ(*claims.holder(a), id_of(3));
    EXPECT_EQ(claims.set(id_of(3), a), Ids{});
    EXPECT_EQ(claims.set(id_of(3), address("10.0.0.2")), Ids{id_of(7)});
    EXPECT_EQ(*claims.holder(a), id_of(7));
    EXPECT_EQ(claims.set(id_of(7), std::nullopt), Ids{});
    EXPECT_EQ(claims.holder(a), nullptr);
}

TEST(AddressChoice, FindsTheLastFreeAddressAndSaysWhenThereIsNone) {
    const AddressRules rules = rules_for("10.0.0.0/24");
    AddressClaims claims;
    for (std::uint32_t host = 1; host < 255; ++host) {
        if (host != 77) {
            claims.add(net::IpAddress::v4(0x0a000000 + host), numbered(host));
        }
    }
    EXPECT_EQ(must(choose_address(id_of(9), {}, claims, rules)), address("10.0.0.77"));
    claims.add(address("10.0.0.77"), numbered(77));
    const auto none = choose_address(id_of(9), {}, claims, rules);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, base::ErrorCode::kQueueFull);
    // Whoever is smallest may still keep what it has.
    EXPECT_EQ(must(choose_address(id_of(0), address("10.0.0.77"), claims, rules)),
              address("10.0.0.77"));
}

TEST(AddressChoice, WorksInEveryPrefixLength) {
    for (unsigned length = 8; length <= 30; ++length) {
        const AddressRules rules{
            net::Prefix(net::IpAddress::v4(0x0a000000), length), derive, {}, {}};
        EXPECT_TRUE(rules.is_usable(must(choose_address(id_of(200), {}, {}, rules)))) << length;
    }
    EXPECT_FALSE(choose_address(id_of(1), {}, {}, rules_for("10.0.0.0/31")));
}

/// Nodes that each know what they have heard, and hear of each other in random order.
class Crowd {
  public:
    Crowd(std::size_t nodes, std::uint8_t seed) : rng_(base::Rng::Seed{std::byte{seed}}) {
        for (std::size_t i = 0; i < nodes; ++i) {
            Node node;
            rng_.fill(node.id.bytes);
            nodes_.push_back(node);
        }
    }

    /// Every node decides; then `talks` random pairs of one side exchange all they know. `side`
    /// tells which part of a partition a node is in.
    template <typename Side>
    void round(std::size_t talks, Side side) {
        for (Node& node : nodes_) {
            decide(node);
        }
        for (std::size_t i = 0; i < talks; ++i) {
            const std::size_t a = rng_.below(nodes_.size());
            const std::size_t b = rng_.below(nodes_.size());
            if (side(a) == side(b)) {
                learn(nodes_[a], nodes_[b]);
                learn(nodes_[b], nodes_[a]);
            }
        }
    }

    [[nodiscard]] std::size_t distinct() const {
        std::set<net::IpAddress> addresses;
        for (const Node& node : nodes_) {
            addresses.insert(*node.current);
        }
        return addresses.size();
    }
    [[nodiscard]] std::size_t moves() const { return moves_; }

  private:
    struct Claim {
        net::IpAddress address;
        unsigned sequence = 0;
    };
    struct Node {
        crypto::NodeId id;
        std::optional<net::IpAddress> current;
        std::map<crypto::NodeId, Claim> known;
    };

    void decide(Node& node) {
        AddressClaims claims;
        for (const auto& [id, claim] : node.known) {
            if (id != node.id) {
                claims.add(claim.address, id);
            }
        }
        const net::IpAddress chosen = must(choose_address(node.id, node.current, claims, rules_));
        if (node.current != chosen) {
            moves_ += node.current ? 1U : 0U;
            node.current = chosen;
            Claim& own = node.known[node.id];
            own = {chosen, own.sequence + 1};
        }
    }
    static void learn(Node& to, const Node& from) {
        for (const auto& [id, claim] : from.known) {
            Claim& ours = to.known[id];
            if (id != to.id && claim.sequence > ours.sequence) {
                ours = claim;
            }
        }
    }

    base::Rng rng_;
    AddressRules rules_ = rules_for("10.0.0.0/24");
    std::vector<Node> nodes_;
    std::size_t moves_ = 0;
};

constexpr auto kOneSide = [](std::size_t) { return 0; };

TEST(AddressChoice, TwoHundredNodesInASlash24EndWithDistinctAddresses) {
    for (std::uint8_t seed = 1; seed <= 2; ++seed) {
        Crowd crowd(200, seed);
        for (int i = 0; i < 40; ++i) {
            crowd.round(400, kOneSide);
        }
        EXPECT_EQ(crowd.distinct(), 200U) << "seed " << int{seed};
        const std::size_t moves = crowd.moves();
        for (int i = 0; i < 5; ++i) {
            crowd.round(400, kOneSide);
        }
        EXPECT_EQ(crowd.moves(), moves) << "it ends";
    }
}

TEST(AddressChoice, PartitionAndHealEndsWithDistinctAddresses) {
    for (std::uint8_t seed = 11; seed <= 12; ++seed) {
        Crowd crowd(200, seed);
        for (int i = 0; i < 25; ++i) {
            crowd.round(400, [](std::size_t node) { return node % 2; });
        }
        EXPECT_LT(crowd.distinct(), 200U) << "the halves clash";
        const std::size_t before = crowd.moves();
        for (int i = 0; i < 40; ++i) {
            crowd.round(400, kOneSide);
        }
        EXPECT_EQ(crowd.distinct(), 200U) << "seed " << int{seed};
        EXPECT_LT(crowd.moves() - before, 200U) << "most keep their address";
    }
}

class AddressClaimsTest : public test::NetworkTest {};

TEST_F(AddressClaimsTest, ComeFromTheRecordsInsideTheNetwork) {
    Directory directory = new_directory();
    const crypto::Identity alice = new_identity();
    const crypto::Identity bob = new_identity();
    for (const auto& [node, text] : {std::pair(&alice, "100.64.1.1"), {&bob, "10.0.0.1"}}) {
        certify(directory, *node, "node");
        NodeRecord record = record_of(*node, 1);
        record.ipv4 = address(text);
        ASSERT_TRUE(directory.merge(record_item(*node, record), kNow).is_news());
    }
    const AddressClaims claims(directory, bob.node_id());
    ASSERT_NE(claims.holder(address("100.64.1.1")), nullptr);
    EXPECT_EQ(*claims.holder(address("100.64.1.1")), alice.node_id());
    EXPECT_EQ(claims.holder(address("10.0.0.1")), nullptr);
    EXPECT_EQ(AddressClaims(directory, alice.node_id()).holder(address("100.64.1.1")), nullptr);
}

}  // namespace
}  // namespace qe::network
