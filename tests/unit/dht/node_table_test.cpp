// SPDX-License-Identifier: Apache-2.0
#include "dht/node_table.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

constexpr base::Duration kRtt = base::milliseconds(40);
const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

class NodeTableTest : public ::testing::Test {
  protected:
    NodeTableTest() : own_(random_id(rng_)) { config_.id = own_; }

    /// In bucket `bits`, at an address of a subnet and network of its own.
    Contact contact(unsigned bits) {
        const auto number = next_++;
        return {random_id_at(own_, bits, rng_),
                {net::IpAddress::v4(0x14000001U + (number << 16)), 9000, 0}};
    }
    Contact contact_at(unsigned bits, const char* ip) {
        return {random_id_at(own_, bits, rng_), {net::parse_ip_address(ip).value(), 9000, 0}};
    }
    /// `count` contacts that have answered.
    std::vector<Contact> fill(NodeTable& table, unsigned bits, std::size_t count,
                              base::Instant now = kStart) {
        std::vector<Contact> contacts;
        for (std::size_t i = 0; i < count; ++i) {
            contacts.push_back(contact(bits));
            table.handle_reply(now, contacts.back(), kRtt);
        }
        return contacts;
    }

    base::Rng rng_{base::Rng::Seed{}};
    NodeId own_;
    DhtConfig config_;
    std::uint32_t next_ = 0;
};

TEST_F(NodeTableTest, BucketsHoldNoMoreThanK) {
    NodeTable table(own_, config_);
    const auto contacts = fill(table, 0, 20);
    fill(table, 5, 3);
    EXPECT_EQ(table.size(), 11U);
    EXPECT_EQ(table.bucket_count(), 2U);
    EXPECT_EQ(table.deepest(), 5U);
    EXPECT_EQ(table.replacement_count(), 5U);
    EXPECT_TRUE(table.contains(contacts[0].endpoint));
    EXPECT_FALSE(table.contains(contacts[10].endpoint));
    EXPECT_FALSE(table.has_room_for(contact(0)));
    EXPECT_TRUE(table.has_room_for(contact(5)));
}

TEST_F(NodeTableTest, ASettledTableTellsHowManyNodesThereAre) {
    constexpr std::size_t kNodes = 3000;
    double sum = 0;
    for (int swarm = 0; swarm < 20; ++swarm) {
        NodeTable table(own_, config_);
        next_ = 0;
        for (std::size_t i = 0; i < kNodes; ++i) {
            table.handle_reply(kStart, {random_id(rng_), contact(0).endpoint}, kRtt);
        }
        EXPECT_FALSE(table.density().is_known());
        table.set_settled(true);
        const double nodes = table.density().nodes();
        EXPECT_GT(nodes, kNodes / 3.0);
        EXPECT_LT(nodes, kNodes * 4.0);
        sum += nodes;
    }
    EXPECT_NEAR(sum / 20, kNodes, kNodes / 2.0);
}

TEST_F(NodeTableTest, ContactsBehindAGapDoNotRaiseTheDensity) {
    NodeTable table(own_, config_);
    for (unsigned bits = 0; bits < 4; ++bits) {
        fill(table, bits, 8);
    }
    fill(table, 4, 4);
    fill(table, 5, 2);
    table.set_settled(true);
    const double before = table.density().nodes();
    EXPECT_GT(before, 100);
    table.set_settled(false);
    fill(table, 32, 8);
    table.set_settled(true);
    EXPECT_EQ(table.density().nodes(), before);
}

TEST_F(NodeTableTest, ASettledTableTakesNoIdsMadeUpToLieNextToIt) {
    NodeTable table(own_, config_);
    for (unsigned bits = 0; bits < 4; ++bits) {
        fill(table, bits, 8);
    }
    fill(table, 4, 4);
    EXPECT_TRUE(table.has_room_for(contact(32)));
    table.set_settled(true);
    EXPECT_FALSE(table.has_room_for(contact(32)));
    EXPECT_FALSE(table.has_room_for(contact(150)));
    EXPECT_TRUE(table.has_room_for(contact(5)));
    const std::size_t before = table.size();
    fill(table, 32, 1);
    EXPECT_EQ(table.size(), before);
}

TEST_F(NodeTableTest, NeverHoldsItself) {
    NodeTable table(own_, config_);
    table.handle_reply(kStart, {own_, contact(0).endpoint}, kRtt);
    EXPECT_EQ(table.size(), 0U);
    EXPECT_FALSE(table.has_room_for({own_, contact(0).endpoint}));
}

TEST_F(NodeTableTest, QueriesAloneLetNobodyIn) {
    NodeTable table(own_, config_);
    const Contact stranger = contact(3);
    table.handle_query(kStart, stranger);
    EXPECT_EQ(table.size(), 0U);
}

TEST_F(NodeTableTest, SilentContactsBecomeQuestionableThenLeave) {
    NodeTable table(own_, config_);
    const Contact known = fill(table, 2, 1).front();
    const auto health = [&](base::Duration later) {
        return table.health(kStart + later, *table.find(known.endpoint));
    };
    EXPECT_EQ(health(config_.contact_lifetime - base::seconds(1)), Health::Good);
    EXPECT_EQ(health(config_.contact_lifetime), Health::Questionable);
    table.handle_query(kStart + base::seconds(600), known);
    EXPECT_EQ(health(config_.contact_lifetime), Health::Good);
    EXPECT_FALSE(table.handle_silence(known.endpoint).has_value());
    EXPECT_EQ(health(base::seconds(1)), Health::Questionable);
    EXPECT_TRUE(table.contains(known.endpoint));
    table.handle_silence(known.endpoint);
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(table.bucket_count(), 0U);
}

TEST_F(NodeTableTest, AnAnswerForgivesSilence) {
    NodeTable table(own_, config_);
    const Contact known = fill(table, 2, 1).front();
    table.handle_silence(known.endpoint);
    table.handle_reply(kStart + base::seconds(9), known, kRtt);
    table.handle_silence(known.endpoint);
    EXPECT_TRUE(table.contains(known.endpoint));
}

TEST_F(NodeTableTest, ContactsThatLeaveNameTheirReplacement) {
    NodeTable table(own_, config_);
    const auto contacts = fill(table, 1, 10);
    table.handle_silence(contacts[0].endpoint);
    EXPECT_EQ(table.handle_silence(contacts[0].endpoint), contacts[9]);
    EXPECT_TRUE(table.has_room_for(contacts[9]));
    table.handle_reply(kStart, contacts[9], kRtt);
    EXPECT_EQ(table.size(), 8U);
}

TEST_F(NodeTableTest, ANewIdAtAKnownEndpointReplacesTheOldOne) {
    NodeTable table(own_, config_);
    Contact known = fill(table, 2, 1).front();
    known.id = random_id_at(own_, 4, rng_);
    table.handle_reply(kStart, known, kRtt);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.find(known.endpoint)->contact.id, known.id);
}

TEST_F(NodeTableTest, AnIdStaysWhereItWasVerified) {
    NodeTable table(own_, config_);
    const Contact known = fill(table, 2, 1).front();
    const Contact thief{known.id, contact(2).endpoint};
    table.handle_reply(kStart, thief, kRtt);
    EXPECT_TRUE(table.contains(known.endpoint));
    EXPECT_FALSE(table.contains(thief.endpoint));
    EXPECT_EQ(table.replacement_count(), 0U);
}

TEST_F(NodeTableTest, LimitsContactsOfOneSubnetAndOneNetwork) {
    config_.diversity.per_network_in_table = 3;
    NodeTable table(own_, config_);
    table.handle_reply(kStart, contact_at(0, "8.8.8.1"), kRtt);
    table.handle_reply(kStart, contact_at(0, "8.8.8.2"), kRtt);
    EXPECT_FALSE(table.has_room_for(contact_at(0, "8.8.8.3")));
    EXPECT_TRUE(table.has_room_for(contact_at(1, "8.8.8.3")));
    EXPECT_TRUE(table.has_room_for(contact_at(0, "8.8.9.1")));
    table.handle_reply(kStart, contact_at(0, "8.8.9.1"), kRtt);
    EXPECT_FALSE(table.has_room_for(contact_at(7, "8.8.77.1")));
    EXPECT_TRUE(table.has_room_for(contact_at(7, "8.9.77.1")));
}

TEST_F(NodeTableTest, LimitsIpv6BySubnet) {
    NodeTable table(own_, config_);
    table.handle_reply(kStart, contact_at(0, "2001:db8:0:1::1"), kRtt);
    table.handle_reply(kStart, contact_at(0, "2001:db8:0:1::2"), kRtt);
    EXPECT_FALSE(table.has_room_for(contact_at(0, "2001:db8:0:1::3")));
    EXPECT_TRUE(table.has_room_for(contact_at(0, "2001:db8:0:2::3")));
}

TEST_F(NodeTableTest, ExemptsLocalAddressesUnlessToldOtherwise) {
    for (const bool exempt : {true, false}) {
        config_.diversity.exempt_local = exempt;
        NodeTable table(own_, config_);
        for (int i = 1; i < 7; ++i) {
            table.handle_reply(kStart, contact_at(0, ("10.0.0." + std::to_string(i)).c_str()),
                               kRtt);
        }
        EXPECT_EQ(table.size(), exempt ? 6U : 2U);
    }
}

TEST_F(NodeTableTest, CollectsTheNearestThatAnswer) {
    NodeTable table(own_, config_);
    for (unsigned bits = 0; bits < 12; ++bits) {
        fill(table, bits, 4);
    }
    const auto deep = fill(table, 20, 2);
    table.handle_silence(deep[0].endpoint);
    Nearest nearest(own_, 8);
    table.collect(nearest);
    ASSERT_EQ(nearest.view().size(), 8U);
    EXPECT_EQ(nearest.view()[0], deep[1]);
    for (const Contact& contact : nearest.view().subspan(1)) {
        EXPECT_GE(common_prefix_bits(own_, contact.id), 10U);
    }
}

TEST_F(NodeTableTest, TheLongestSilentContactIsCheckedFirst) {
    NodeTable table(own_, config_);
    const auto old = fill(table, 0, 1, kStart);
    const auto recent = fill(table, 0, 1, kStart + base::seconds(60));
    EXPECT_EQ(table.most_due()->contact, old[0]);
    EXPECT_EQ(table.check_due(*table.most_due()), kStart + config_.contact_lifetime);
    table.handle_asked(kStart + config_.contact_lifetime + base::seconds(58), old[0].endpoint);
    EXPECT_EQ(table.most_due()->contact, recent[0]);
}

TEST_F(NodeTableTest, QueriesExcuseFromChecksOnlyForAWhile) {
    NodeTable table(own_, config_);
    const Contact known = fill(table, 0, 1).front();
    table.handle_query(kStart + base::seconds(100 * 60), known);
    EXPECT_EQ(table.check_due(*table.most_due()), kStart + 4 * config_.contact_lifetime);
}

}  // namespace
}  // namespace qe::dht
