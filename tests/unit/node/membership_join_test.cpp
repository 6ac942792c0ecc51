// SPDX-License-Identifier: Apache-2.0
//
// Joining a network, seen from both sides: who is let in, who is told why not, and what a crash of
// the admin may not change.
#include "membership_fixture.h"

namespace qe::node {
namespace {

using base::seconds;

class Join : public MembershipWorld {};

TEST_F(Join, MakesMembersThatKnowAndReachEachOther) {
    const HostId ann = found();
    const HostId bob = member(ann, "bob");
    const HostId cai = member(ann, "cai");
    EXPECT_TRUE(completes({ann, bob, cai}));
    for (const HostId host : {ann, bob, cai}) {
        EXPECT_EQ(names(host), (std::vector<std::string>{"ann", "bob", "cai"}));
    }
}

TEST_F(Join, IsRefusedWithWhatIsNoInvite) {
    const HostId bob = start_host("bob");
    EXPECT_NE(error_of(join(bob, "qe1-aaaaaaaa")), "");
    EXPECT_NE(error_of(join(bob, "")), "");
    const HostId ann = found();
    std::string mistyped = invite(ann);
    mistyped[10] = mistyped[10] == 'a' ? 'b' : 'a';
    EXPECT_NE(error_of(join(bob, mistyped)), "");
    EXPECT_EQ(names(ann), std::vector<std::string>{"ann"});
}

TEST_F(Join, IsRefusedWithAUsedInvite) {
    const HostId ann = found();
    const std::string token = invite(ann);
    const HostId bob = start_host("bob");
    const HostId cai = start_host("cai");
    EXPECT_EQ(error_of(join(bob, token)), "");
    EXPECT_NE(error_of(join(cai, token)).find("used"), std::string::npos);
    EXPECT_EQ(names(ann), (std::vector<std::string>{"ann", "bob"}));
}

TEST_F(Join, IsRefusedOnceAllUsesAreExhausted) {
    const HostId ann = found();
    control::InviteRequest twice;
    twice.uses = 2;
    const std::string token = invite(ann, twice);
    EXPECT_EQ(error_of(join(start_host("bob"), token)), "");
    EXPECT_EQ(error_of(join(start_host("cai"), token)), "");
    EXPECT_NE(error_of(join(start_host("dee"), token)).find("used"), std::string::npos);
}

TEST_F(Join, IsRefusedWithAnExpiredInvite) {
    const HostId ann = found();
    control::InviteRequest brief;
    brief.lifetime_s = 600;
    const std::string token = invite(ann, brief);
    const HostId bob = start_host("bob");
    world_.run_for(seconds(1200));
    world_.tell_wall_clock();
    EXPECT_NE(error_of(join(bob, token)).find("expired"), std::string::npos);
}

TEST_F(Join, IsRefusedByAnAdminWhoseClockSaysThatTheInviteHasExpired) {
    const HostId ann = found();
    control::InviteRequest brief;
    brief.lifetime_s = 600;
    const std::string token = invite(ann, brief);
    const HostId bob = start_host("bob");
    world_.run_for(seconds(1200));
    world_.node(ann).handle_wall_clock(world_.wall_now());  // not bob's
    EXPECT_NE(error_of(join(bob, token)), "");
    EXPECT_EQ(names(ann), std::vector<std::string>{"ann"});
}

TEST_F(Join, SaysSoWhenTheAdminIsAway) {
    const HostId ann = found();
    const std::string token = invite(ann);
    world_.crash(ann);
    const HostId bob = start_host("bob");
    EXPECT_NE(error_of(join(bob, token)).find("cannot be reached"), std::string::npos);
    // Nothing of the attempt is left: another one works.
    world_.start(ann);
    EXPECT_EQ(error_of(join(bob, token)), "");
}

TEST_F(Join, NumbersNamesThatAreTaken) {
    const HostId ann = found();
    EXPECT_EQ(error_of(join(start_host("one"), invite(ann), "Laptop")), "");
    EXPECT_EQ(error_of(join(start_host("two"), invite(ann), "laptop")), "");
    EXPECT_EQ(error_of(join(start_host("three"), invite(ann), "LAPTOP")), "");
    EXPECT_EQ(names(ann), (std::vector<std::string>{"ann", "laptop", "laptop-2", "laptop-3"}));
}

TEST_F(Join, IsAnsweredOnlyWhenTheUsedInviteIsSafe) {
    const HostId ann = found();
    const std::string token = invite(ann);
    const HostId bob = start_host("bob");
    world_.set_disk_hangs(ann, true);
    EXPECT_NE(error_of(join(bob, token)).find("does not answer"), std::string::npos);
    EXPECT_TRUE(names(bob).empty());
    world_.set_disk_hangs(ann, false);
    EXPECT_EQ(error_of(join(bob, token)), "");
    EXPECT_EQ(names(ann), (std::vector<std::string>{"ann", "bob"}));
}

TEST_F(Join, LeavesNoInviteToBeUsedTwiceWhereverTheAdminCrashes) {
    const HostId ann = found();
    const std::string token = invite(ann);
    const HostId bob = start_host("bob");
    const HostId cai = start_host("cai");
    // Before it is safe: then nobody has been let in either.
    world_.set_disk_hangs(ann, true);
    EXPECT_NE(error_of(join(bob, token)), "");
    world_.crash(ann);
    world_.set_disk_hangs(ann, false);
    world_.start(ann);
    EXPECT_EQ(error_of(join(cai, token)), "");
    // Right after.
    world_.crash(ann);
    world_.start(ann);
    EXPECT_NE(error_of(join(bob, token)).find("used"), std::string::npos);
    EXPECT_TRUE(completes({ann, cai}));
    EXPECT_EQ(names(cai), (std::vector<std::string>{"ann", "cai"}));
}

// --- Guests -------------------------------------------------------------------------------------

quic::Connected guest(std::uint8_t number) {
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    seed[0] = static_cast<std::byte>(number + 1);
    const crypto::Identity identity = crypto::Identity::from_seed(seed);
    quic::Connected event;
    event.key = identity.public_key();
    event.node_id = identity.node_id();
    event.rule = crypto::TrustRule::Token;
    return event;
}

class Guests : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto reply =
            parts_.keeper.handle_request(now_, 1, control::NetworkCreateRequest{"home", {}});
        ASSERT_TRUE(reply && std::holds_alternative<control::NetworkReply>(*reply));
    }

    MembershipParts parts_;
    base::Instant now_ = MembershipParts::kBegin;
};

TEST_F(Guests, AreLetInUpToABound) {
    for (std::uint8_t i = 0; i < kGuestsMax + 10; ++i) {
        parts_.keeper.handle_connected(now_, guest(i));
    }
    EXPECT_EQ(parts_.state.peers.size(), kGuestsMax);
    EXPECT_TRUE(parts_.state.peers.find(guest(kGuestsMax).node_id).is_null());
}

TEST_F(Guests, HaveToLeaveWhenTheirTimeIsOver) {
    parts_.keeper.handle_connected(now_, guest(1));
    parts_.keeper.handle_connected(now_ + seconds(30), guest(2));
    EXPECT_EQ(parts_.state.peers.size(), 2U);
    parts_.keeper.handle_deadline(now_ + kGuestStay);
    EXPECT_EQ(parts_.state.peers.size(), 1U);
    parts_.keeper.handle_deadline(now_ + kGuestStay + seconds(30));
    EXPECT_EQ(parts_.state.peers.size(), 0U);
}

TEST_F(Guests, AreNotToldOfTheNetwork) {
    parts_.keeper.handle_connected(now_, guest(1));
    const PeerHandle peer = parts_.state.peers.find(guest(1).node_id);
    const auto digest = network::encode_network_message(network::Digest{});
    parts_.keeper.handle_message(now_, peer, digest);
    EXPECT_TRUE(parts_.state.grants.peers.at(guest(1).node_id).addresses.empty());
}

}  // namespace
}  // namespace qe::node
