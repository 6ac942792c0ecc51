// SPDX-License-Identifier: Apache-2.0
#include "sim/fuzz/fuzz_run.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "quicether/net/ip_address.h"
#include "sim/determinism.h"
#include "sim/fuzz/meddler.h"
#include "sim/fuzz/plan.h"
#include "small_world.h"

namespace qe::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;

std::vector<std::string> deeds(const FuzzPlan& plan) {
    std::vector<std::string> all;
    for (const Fault& fault : plan.faults) {
        all.push_back(std::to_string(fault.when.count()) + fault.what);
    }
    return all;
}

TEST(FuzzPlan, DependsOnTheSeedAlone) {
    EXPECT_EQ(deeds(make_plan(5)), deeds(make_plan(5)));
    EXPECT_NE(deeds(make_plan(5)), deeds(make_plan(6)));
}

TEST(FuzzPlan, EndsAllFaultsInTime) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const FuzzPlan plan = make_plan(seed);
        ASSERT_FALSE(plan.faults.empty());
        EXPECT_GE(plan.scenario.hosts.size(), 3U);
        EXPECT_LE(plan.scenario.hosts.size(), 12U);
        for (const Fault& fault : plan.faults) {
            EXPECT_LE(fault.when, plan.faults_end) << fault.what;
            const auto* change = std::get_if<Change>(&fault.deed);
            if (const auto* flap = change ? std::get_if<Flap>(change) : nullptr) {
                EXPECT_LE(fault.when + flap->down, plan.faults_end);
            }
        }
    }
}

TEST(FuzzPlan, DoesEverythingThatCanBeDone) {
    std::vector<bool> changes(std::variant_size_v<Change>);
    std::vector<bool> meddlings(std::variant_size_v<Meddling>);
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        for (const Fault& fault : make_plan(seed).faults) {
            if (const auto* change = std::get_if<Change>(&fault.deed)) {
                changes[change->index()] = true;
            } else {
                meddlings[std::get<Meddling>(fault.deed).index()] = true;
            }
        }
    }
    // Resume comes with Suspend. Networks that hosts join are for scenarios.
    const auto drawn = [&changes]<typename Deed>(std::in_place_type_t<Deed>) {
        return changes[Change(std::in_place_type<Deed>).index()];
    };
    EXPECT_FALSE(drawn(std::in_place_type<Resume>));
    EXPECT_FALSE(drawn(std::in_place_type<Join>));
    EXPECT_FALSE(drawn(std::in_place_type<Promote>));
    EXPECT_FALSE(drawn(std::in_place_type<Revoke>));
    EXPECT_EQ(std::count(changes.begin(), changes.end(), false), 4);
    EXPECT_EQ(std::count(meddlings.begin(), meddlings.end(), false), 0);
}

TEST(FuzzRun, DoesTheSameForTheSameSeed) {
    make_process_deterministic();
    const FuzzReport first = run_fuzz({3, {}});
    EXPECT_TRUE(first.passed()) << (first.findings.empty() ? first.error
                                                           : first.findings.front().what);
    EXPECT_TRUE(first.convergence.has_value());
    const FuzzReport second = run_fuzz({3, {}});
    EXPECT_EQ(first.trace_hash, second.trace_hash);
    EXPECT_NE(first.trace_hash, run_fuzz({4, {}}).trace_hash);
}

class MeddlerInAPair : public test::ConnectedPair {};

TEST_F(MeddlerInAPair, BringsCapturedDatagramsToTheNodeAgain) {
    struct Count final : Observer {
        void on_received(HostId /*host*/, const Packet& packet) override {
            received += packet.number != 0 ? 1U : 0U;
        }
        std::size_t received = 0;
    } count;
    Meddler meddler(world);
    world.add_observer(meddler);
    world.run_for(base::seconds(10));
    world.add_observer(count);
    Replay replay;
    replay.count = 50;
    meddler.perform(replay);
    world.run_for(base::milliseconds(100));
    EXPECT_GE(count.received, 50U);
    EXPECT_TRUE(world.connected(alice, bob));
}

TEST_F(MeddlerInAPair, SendsBothDatagramsOfAClientHelloFromOneStranger) {
    struct Count final : Observer {
        void on_received(HostId /*host*/, const Packet& packet) override {
            if (test::prefix("61.250.0.0/16").contains(packet.source.ip)) {
                most = std::max(most, ++received[packet.source]);
            }
        }
        std::map<net::SocketAddress, std::size_t> received;
        std::size_t most = 0;
    } count;
    Meddler meddler(world);
    world.add_observer(meddler);
    world.add_observer(count);
    world.host(alice).crash();
    world.host(alice).start();
    world.run_for(base::seconds(10));
    Replay replay;
    replay.count = 50;
    replay.handshakes = true;
    replay.from_stranger = true;
    replay.through = bob;
    meddler.perform(replay);
    world.run_for(base::seconds(1));
    EXPECT_EQ(count.most, 2U);
}

TEST_F(MeddlerInAPair, DropsAPeerAndListsItAgain) {
    Meddler meddler(world);
    meddler.perform(DropPeer{alice, bob, base::seconds(5)});
    world.run_for(base::seconds(2));
    EXPECT_FALSE(world.connected(alice, bob));
    EXPECT_FALSE(world.should_connect(alice, bob));
    world.run_for(base::seconds(60));
    EXPECT_TRUE(world.connected(alice, bob));
}

TEST_F(MeddlerInAPair, ListsAPeerAgainOfAHostThatSleepsThen) {
    Meddler meddler(world);
    meddler.perform(DropPeer{alice, bob, base::seconds(5)});
    world.host(alice).suspend();
    world.run_for(base::seconds(10));
    EXPECT_FALSE(world.should_connect(alice, bob));
    world.host(alice).resume();
    world.run_for(base::seconds(60));
    EXPECT_TRUE(world.connected(alice, bob));
}

TEST_F(MeddlerInAPair, LeavesTheListOfAHostThatSleepsAlone) {
    Meddler meddler(world);
    world.host(alice).suspend();
    meddler.perform(DropPeer{alice, bob, base::seconds(60)});
    world.host(alice).resume();
    world.run_for(base::seconds(30));
    EXPECT_TRUE(world.connected(alice, bob));
}

}  // namespace
}  // namespace qe::sim
