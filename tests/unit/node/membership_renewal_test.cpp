// SPDX-License-Identifier: Apache-2.0
//
// Certificates come and go while sessions stay.
#include "membership_fixture.h"

namespace qe::node {
namespace {

using base::seconds;

constexpr base::seconds kLife{3600};  // the shortest there is

class Renewal : public MembershipWorld {
  protected:
    /// A started host that is the admin of a network whose certificates live kLife.
    HostId found_brief() {
        const HostId ann = add_host("ann");
        base::Rng rng{base::Rng::Seed{}};
        network::NewNetwork wanted{"home"};
        wanted.mesh = network::MeshMode::Full;
        wanted.certificate_life = kLife;
        auto founding = network::Authority::found(wanted, world_.wall_now(), rng);
        network::Directory directory(founding->document);
        const auto certificate = founding->authority.certify(
            directory, key_of(ann), {"ann", network::MemberRole::Full, true, {}, {}},
            world_.wall_now(), rng);
        OwnMembership membership{std::move(directory),
                                 founding->secret.clone(),
                                 *certificate,
                                 std::move(founding->authority),
                                 {}};
        world_.store_state(ann, std::string(kNetworkStateName), encode_membership(membership));
        world_.start(ann);
        return ann;
    }
    /// As World makes them.
    static crypto::PublicKey key_of(HostId host) {
        std::array<std::byte, crypto::Identity::kSeedSize> seed{};
        seed[0] = static_cast<std::byte>(host + 1);
        return crypto::Identity::from_seed(seed).public_key();
    }
    void run_minutes(int minutes) {
        for (int i = 0; i < minutes; ++i) {
            world_.run_for(seconds(60));
            world_.tell_wall_clock();
        }
    }
    std::uint64_t left(HostId host) {
        const auto reply = world_.ask(host, control::NetworkRequest{});
        return std::get<control::NetworkReply>(reply).certificate_left_s;
    }
    std::string session(HostId from, HostId to) {
        for (const control::PeerReply& peer : world_.peers(from)) {
            if (peer.node_id == world_.id_of(to).to_string() && peer.state == "connected") {
                return peer.session_id + " since " +
                       std::to_string(world_.now().nanoseconds() / 1000 -
                                      peer.connected_us.value_or(0));
            }
        }
        return "none";
    }
};

TEST_F(Renewal, KeepsSessionsThroughManyCertificates) {
    const HostId ann = found_brief();
    const HostId bob = member(ann, "bob");
    const HostId cai = member(ann, "cai");
    ASSERT_TRUE(completes({ann, bob, cai}));
    const std::string before[] = {session(ann, bob), session(bob, cai), session(cai, ann)};
    for (int life = 0; life < 4; ++life) {
        run_minutes(60);
        for (const HostId host : {ann, bob, cai}) {
            EXPECT_GT(left(host), 0U) << life;
        }
    }
    const std::string after[] = {session(ann, bob), session(bob, cai), session(cai, ann)};
    EXPECT_EQ(before[0], after[0]);
    EXPECT_EQ(before[1], after[1]);
    EXPECT_EQ(before[2], after[2]);
    EXPECT_EQ(names(cai), (std::vector<std::string>{"ann", "bob", "cai"}));
    // And new sessions are made with what they hold now.
    world_.crash(bob);
    world_.start(bob);
    EXPECT_TRUE(completes({ann, bob, cai}));
}

TEST_F(Renewal, ComesFromAnotherAdminWhileOneIsAway) {
    const HostId ann = found_brief();
    const HostId bob = member(ann, "bob");
    const HostId cai = member(ann, "cai");
    ASSERT_TRUE(completes({ann, bob, cai}));
    ASSERT_EQ(error_of(world_.ask(ann, control::PromoteRequest{"bob"})), "");
    world_.run_for(seconds(5));
    const std::string before = session(bob, cai);
    world_.crash(ann);
    run_minutes(150);
    EXPECT_GT(left(cai), 0U);
    EXPECT_GT(left(bob), 0U);
    EXPECT_EQ(session(bob, cai), before);
    EXPECT_EQ(names(cai), (std::vector<std::string>{"bob", "cai"}));  // the third has expired
}

TEST_F(Renewal, IsMadeUpForWhenTheOnlyAdminComesBackInTime) {
    const HostId ann = found_brief();
    const HostId bob = member(ann, "bob");
    const HostId cai = member(ann, "cai");
    ASSERT_TRUE(completes({ann, bob, cai}));
    const std::string before = session(bob, cai);
    world_.crash(ann);
    run_minutes(50);  // renewal was due, and is tried in vain
    EXPECT_LT(left(bob), 15U * 60);
    world_.start(ann);
    run_minutes(3);
    EXPECT_GT(left(bob), 50U * 60);
    EXPECT_GT(left(cai), 50U * 60);
    EXPECT_EQ(session(bob, cai), before);
}

}  // namespace
}  // namespace qe::node
