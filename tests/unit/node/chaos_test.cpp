// SPDX-License-Identifier: Apache-2.0
//
// Faults at random (crash, restart, moved addresses, loss, cut pairs, suspended clocks), then
// peace: the mesh must be whole again within bounded time, with one link for each pair. A seed
// repeats.
#include <set>

#include <gtest/gtest.h>

#include "support/packets.h"
#include "support/world.h"

namespace qe::node {
namespace {

using base::milliseconds;
using base::seconds;
using testing::InFlight;
using testing::World;

constexpr std::size_t kHosts = 4;
constexpr int kFaults = 60;
/// One back-off of 30 s, one handshake and one retirement, and some.
constexpr base::Duration kPeace = seconds(45);

class Chaos : public ::testing::TestWithParam<unsigned> {
  protected:
    Chaos() : rng_(seed()) {
        for (std::size_t i = 0; i < kHosts; ++i) {
            home_.push_back(net::IpAddress::v4(0x0a000001 + static_cast<std::uint32_t>(i)));
            hosts_.push_back(world_.add_host("host" + std::to_string(i), {home_.back()}));
        }
        world_.know_each_other(hosts_);
        world_.set_filter([this](const InFlight& datagram) { return passes(datagram); });
        running_.assign(kHosts, false);
    }

    static base::Rng::Seed seed() {
        base::Rng::Seed seed{};
        seed[0] = static_cast<std::byte>(GetParam());
        seed[1] = static_cast<std::byte>(GetParam() >> 8);
        return seed;
    }

    bool passes(const InFlight& datagram) {
        const auto pair = std::minmax(datagram.from.ip, datagram.to.ip);
        return !cut_.contains({pair.first, pair.second}) && rng_.below(100) >= loss_percent_;
    }

    void start(std::size_t host) {
        if (!running_[host]) {
            world_.start(hosts_[host]);
            running_[host] = true;
        }
    }

    void fault() {
        const auto host = static_cast<std::size_t>(rng_.below(kHosts));
        switch (rng_.below(7)) {
            case 0:
                if (running_[host]) {
                    world_.crash(hosts_[host]);
                    running_[host] = false;
                }
                return;
            case 1:
                return start(host);
            case 2: {
                const auto last = static_cast<std::uint32_t>(100 + rng_.below(100));
                return world_.set_addresses(hosts_[host], {net::IpAddress::v4(0x0a000000 + last)});
            }
            case 3:
                return world_.set_addresses(hosts_[host], {home_[host]}, rng_.below(2) == 0);
            case 4:
                loss_percent_ = rng_.below(60);
                return;
            case 5: {
                const auto other = static_cast<std::size_t>(rng_.below(kHosts));
                const auto pair = std::minmax(home_[host], home_[other]);
                cut_.insert({pair.first, pair.second});
                return;
            }
            default:
                cut_.clear();
                return;
        }
    }

    void make_peace() {
        cut_.clear();
        loss_percent_ = 0;
        for (std::size_t host = 0; host < kHosts; ++host) {
            start(host);
            world_.set_addresses(hosts_[host], {home_[host]});
        }
    }

    bool whole() {
        for (const World::HostId a : hosts_) {
            for (const World::HostId b : hosts_) {
                if (a != b && !world_.connected(a, b)) {
                    return false;
                }
            }
        }
        return true;
    }

    bool carries(World::HostId from, World::HostId to) {
        const base::Bytes packet =
            testing::make_udp_packet({world_.overlay_address(from, net::Family::V4),
                                      world_.overlay_address(to, net::Family::V4)});
        world_.take_received(to);
        world_.send_ip(from, packet);
        world_.run_for(milliseconds(100));
        return world_.take_received(to) == std::vector<base::Bytes>{packet};
    }

    World world_;
    base::Rng rng_;
    std::vector<World::HostId> hosts_;
    std::vector<net::IpAddress> home_;
    std::vector<bool> running_;
    std::set<std::pair<net::IpAddress, net::IpAddress>> cut_;
    std::uint64_t loss_percent_ = 0;
};

TEST_P(Chaos, EndsInAWholeMesh) {
    for (std::size_t host = 0; host < kHosts; ++host) {
        start(host);
    }
    for (int i = 0; i < kFaults; ++i) {
        fault();
        world_.run_for(milliseconds(static_cast<std::int64_t>(rng_.below(4000))));
    }
    make_peace();
    ASSERT_TRUE(world_.run_until([this] { return whole(); }, kPeace));
    world_.run_for(seconds(8));  // losers retire, silence would show
    EXPECT_TRUE(whole());
    for (const World::HostId a : hosts_) {
        for (const control::PeerReply& peer : world_.peers(a)) {
            EXPECT_EQ(peer.paths.size(), 1U) << peer.name;
        }
        for (const World::HostId b : hosts_) {
            EXPECT_TRUE(a == b || carries(a, b)) << a << " to " << b;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chaos, ::testing::Range(1U, 25U));

}  // namespace
}  // namespace qe::node
