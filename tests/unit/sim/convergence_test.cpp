// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/convergence.h"

#include <deque>
#include <utility>

#include "sim/traffic/ip_packet.h"
#include "small_world.h"

namespace qe::sim {
namespace {

TEST(ConvergenceChecker, ObjectsWhenAPairThatCouldConnectDoesNot) {
    test::SmallWorld world;
    const HostId alice = world.add("alice");
    const HostId bob = world.add("bob", "south");
    Convergence checker(world);
    world.add_observer(checker);
    world.host(bob).start();  // and it will never hear of alice
    world.know_each_other();
    world.host(alice).start();
    world.run_for(Convergence::kBound - base::seconds(5));
    EXPECT_TRUE(checker.violations().empty());
    world.run_for(base::seconds(10));
    ASSERT_EQ(checker.violations().size(), 1U);
    EXPECT_NE(checker.violations()[0].what.find("not connected"), std::string::npos);
}

TEST(ConvergenceChecker, WaitsWhileAWayIsUnfit) {
    test::SmallWorld world;
    world.add("alice");
    world.add("bob", "south");
    world.know_each_other();
    LinkOptions dead = test::link_of(base::milliseconds(1));
    dead.up.loss.good = 1;
    ASSERT_TRUE(world.topology().set_link("south", dead).has_value());
    Convergence checker(world);
    world.add_observer(checker);
    world.start_all();
    world.run_for(2 * Convergence::kBound);
    EXPECT_TRUE(checker.violations().empty());
}

class ConvergenceOfPair : public test::ConnectedPair {};

TEST_F(ConvergenceOfPair, AcceptsThatSilenceTakesItsTime) {
    Convergence checker(world);
    world.add_observer(checker);
    world.partition({{alice}, {bob}});
    world.run_for(base::seconds(60));
    EXPECT_TRUE(checker.violations().empty());
    EXPECT_FALSE(world.connected(alice, bob));
}

TEST_F(ConvergenceOfPair, CountsSilenceFromWhenNothingIsHeardAnyMore) {
    Convergence checker(world);
    world.add_observer(checker);
    ASSERT_TRUE(
        world.topology().set_link("south", test::link_of(base::milliseconds(300))).has_value());
    world.run_for(base::seconds(60));
    const auto from = world.host(bob).overlay_address(net::Family::V4);
    const auto to = world.host(alice).overlay_address(net::Family::V4);
    ASSERT_TRUE(from && to);
    world.block(alice, bob, true);
    world.run_for(base::seconds(3));
    base::Bytes packet =
        make_ip_packet({*from, *to, net::kProtocolUdp, net::Ecn::NotEct}, base::Bytes(40));
    world.host(bob).send_ip(packet);  // never acknowledged: alice hears of it again and again
    world.run_for(Convergence::kSilence - base::seconds(3));
    ASSERT_TRUE(world.connected(alice, bob));
    world.partition({{alice}, {bob}});
    world.run_for(base::seconds(60));
    EXPECT_TRUE(checker.violations().empty());
    EXPECT_FALSE(world.connected(alice, bob));
}

/// Bob's packets do not reach alice but through mallory, one each second.
class ConvergenceOfTapped : public ConvergenceOfPair, public Observer {
  protected:
    void SetUp() override {
        ConvergenceOfPair::SetUp();
        world.add_observer(*this);
        world.block(alice, bob, true);
        world.block(bob, alice, true);
    }
    void on_sent(HostId host, const Packet& packet) override {
        if (host == bob) {
            tapped.push_back(packet);
        }
    }
    void replay_one() {
        if (!tapped.empty()) {
            const Host& through = world.host(mallory);
            Packet packet = std::move(tapped.front());
            tapped.pop_front();
            packet.origin = mallory;
            world.topology()
                .entry(through.link_name(through.interfaces().front().name))
                .receive(std::move(packet));
        }
    }

    HostId mallory = world.add("mallory", "south");
    std::deque<Packet> tapped;
};

TEST_F(ConvergenceOfTapped, CountsSilenceFromTheLastThatWasHeardByAnotherWay) {
    Convergence checker(world);
    world.add_observer(checker);
    for (auto passed = base::seconds(0); passed < Convergence::kSilence + base::seconds(2);
         passed += base::seconds(1)) {
        replay_one();
        world.run_for(base::seconds(1));
    }
    EXPECT_TRUE(world.connected(alice, bob));
    world.run_for(base::seconds(20));
    EXPECT_FALSE(world.connected(alice, bob));
    EXPECT_TRUE(checker.violations().empty());
}

TEST_F(ConvergenceOfTapped, DoesNotCountWhatNobodyCanBelieve) {
    Convergence checker(world);  // told by hand, and of nothing that makes alice believe
    Packet spoilt;
    spoilt.author = bob;
    spoilt.corrupted = true;
    Packet made_up;
    made_up.origin = mallory;
    for (auto passed = base::seconds(0); passed < Convergence::kSilence + base::seconds(2);
         passed += base::seconds(1)) {
        replay_one();
        checker.on_second();
        checker.on_received(alice, spoilt);
        checker.on_received(alice, made_up);
        world.run_for(base::seconds(1));
    }
    ASSERT_TRUE(world.connected(alice, bob));
    EXPECT_EQ(checker.violations().size(), 1U);
}

}  // namespace
}  // namespace qe::sim
