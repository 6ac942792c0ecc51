// SPDX-License-Identifier: Apache-2.0
//
// Random underlays with random faults and moves: whatever happens, every packet is accounted for,
// none runs in circles, and the same seed does the same.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "small_internet.h"

namespace qe::sim {
namespace {

using base::milliseconds;

class RandomUnderlay {
  public:
    explicit RandomUnderlay(std::uint8_t seed)
        : rng_(seeded(seed)), topology_(scheduler_, rng_.fork("topology")) {
        build();
    }
    void run() {
        for (int round = 0; round < 300; ++round) {
            for (std::uint64_t burst = rng_.below(20); burst > 0; --burst) {
                send();
            }
            disturb();
            scheduler_.run_until(scheduler_.now() + base::microseconds(rng_.below(4'000)));
        }
        drain(scheduler_);
    }
    void expect_all_accounted_for() {
        const PipeCounters pipes = topology_.totals();
        const DeviceCounters devices = topology_.device_totals();
        EXPECT_EQ(pipes.inside(), 0U);
        EXPECT_EQ(sent_ + pipes.duplicated,
                  arrivals_.all.size() + pipes.lost() + devices.lost_no_route + devices.lost_hops +
                      devices.lost_detached + devices.lost_nat + devices.lost_firewall);
        EXPECT_EQ(devices.lost_hops, 0U)
            << "no way is longer than the hop limit, so none is a loop";
        EXPECT_GT(arrivals_.all.size(), sent_ / 100) << "or this test would show little";
    }
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> history() const {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
        for (const auto& arrival : arrivals_.all) {
            all.emplace_back(arrival.packet.number, arrival.at.nanoseconds());
        }
        return all;
    }

  private:
    PipeOptions random_pipe() {
        PipeOptions pipe;
        pipe.up = rng_.below(20) != 0;
        pipe.rate_bps = rng_.below(2) == 0 ? 0 : 1'000'000 + rng_.below(50'000'000);
        pipe.queue = rng_.below(2) == 0 ? QueueKind::CoDel : QueueKind::DropTail;
        pipe.queue_bytes = 5'000 + rng_.below(50'000);
        pipe.delay = milliseconds(rng_.below(30));
        pipe.jitter = milliseconds(rng_.below(5));
        pipe.loss.good = rng_.below(4) == 0 ? 0.05 : 0;
        pipe.reorder = rng_.below(4) == 0 ? 0.1 : 0;
        pipe.reorder_by = milliseconds(5);
        pipe.duplicate = rng_.below(4) == 0 ? 0.1 : 0;
        return pipe;
    }
    LinkOptions random_link() { return {random_pipe(), random_pipe()}; }
    NatOptions random_nat() {
        NatOptions nat;
        nat.mapping = static_cast<NatDependence>(rng_.below(3));
        nat.filtering = static_cast<NatDependence>(rng_.below(3));
        nat.hairpin = rng_.below(2) == 0;
        nat.preserve_ports = rng_.below(2) == 0;
        nat.lifetime = milliseconds(10 + rng_.below(500));
        nat.mappings_max = 1 + rng_.below(20);
        return nat;
    }
    std::string any_of(const std::vector<std::string>& names) {
        return names[rng_.below(names.size())];
    }

    void build() {
        const std::vector<std::string> regions = {"r0", "r1", "r2"};
        for (const std::string& region : regions) {
            ASSERT_TRUE(topology_.add_region(region));
        }
        ASSERT_TRUE(topology_.connect_regions("r0", "r1", random_pipe()));
        ASSERT_TRUE(topology_.connect_regions("r1", "r2", random_pipe()));
        std::vector<std::string> parents = regions;
        for (int i = 0; i < 12; ++i) {
            NetworkOptions options = network("n" + std::to_string(i), any_of(parents),
                                             "10." + std::to_string(i) + ".0.0/16");
            options.v6 = prefix("2001:db8:" + std::to_string(i) + "::/64");
            options.uplink = random_link();
            if (rng_.below(3) == 0) {
                options.nat = random_nat();
            }
            if (rng_.below(4) == 0) {
                options.firewall = FirewallOptions{};
            }
            ASSERT_TRUE(topology_.add_network(options));
            networks_.push_back(options.name);
            parents.push_back(options.name);
        }
        for (int i = 0; i < 16; ++i) {
            links_.push_back("host" + std::to_string(i));
            attachments_.emplace_back();
            join(links_.size() - 1);
        }
    }
    void join(std::size_t index) {
        const auto joined =
            topology_.attach(links_[index], any_of(networks_), random_link(), arrivals_);
        ASSERT_TRUE(joined);
        attachments_[index] = *joined;
    }
    void send() {
        const std::size_t from = rng_.below(links_.size());
        const Attachment& to = attachments_[rng_.below(links_.size())];
        const bool v6 = rng_.below(3) == 0;
        const auto end = [v6](const Attachment& at) {
            return net::SocketAddress{v6 ? at.v6->address() : at.v4.address(), 5000, 0};
        };
        Packet packet = packet_between(end(attachments_[from]), end(to));
        // Sometimes back to whoever sent something before, through whatever NAT box.
        if (!arrivals_.all.empty() && rng_.below(2) == 0) {
            const auto& seen = arrivals_.all[rng_.below(arrivals_.all.size())].packet;
            packet.source = seen.destination;
            packet.destination = seen.source;
        }
        packet.number = sent_++;
        topology_.entry(links_[from]).receive(std::move(packet));
    }
    void disturb() {
        const std::size_t host = rng_.below(links_.size());
        switch (rng_.below(8)) {
            case 0:
                topology_.detach(links_[host]);
                join(host);
                break;
            case 1:
                EXPECT_TRUE(topology_.set_link(any_of(topology_.links()), random_link()));
                break;
            case 2:
                (void)topology_.rebind_nat(any_of(networks_), rng_.below(2) == 0);
                break;
            default:
                break;
        }
    }

    base::Rng rng_;
    Scheduler scheduler_;
    Topology topology_;
    Arrivals arrivals_{scheduler_};
    std::vector<std::string> networks_;
    std::vector<std::string> links_;
    std::vector<Attachment> attachments_;
    std::uint64_t sent_ = 0;
};

TEST(TopologyProperty, AccountsForEveryPacket) {
    for (std::uint8_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomUnderlay underlay(seed);
        underlay.run();
        underlay.expect_all_accounted_for();
    }
}

TEST(TopologyProperty, DoesTheSameForTheSameSeed) {
    const auto history = [](std::uint8_t seed) {
        RandomUnderlay underlay(seed);
        underlay.run();
        return underlay.history();
    };
    EXPECT_EQ(history(1), history(1));
    EXPECT_NE(history(1), history(2));
}

}  // namespace
}  // namespace qe::sim
