// SPDX-License-Identifier: Apache-2.0
//
// A topology with hosts that keep what they receive, for tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sim/topology.h"
#include "underlay.h"

namespace qe::sim {

/// Both directions with this delay.
inline LinkOptions link_with(base::Duration delay) {
    LinkOptions link;
    link.up.delay = delay;
    link.down.delay = delay;
    return link;
}

inline NetworkOptions network(std::string name, std::string parent, std::string_view v4) {
    NetworkOptions options;
    options.name = std::move(name);
    options.parent = std::move(parent);
    options.v4 = prefix(v4);
    return options;
}

inline NetworkOptions behind_nat(std::string name, std::string parent, std::string_view v4,
                                 const NatOptions& nat = {}) {
    NetworkOptions options = network(std::move(name), std::move(parent), v4);
    options.nat = nat;
    return options;
}

class SmallInternet : public ::testing::Test {
  protected:
    struct Station {
        explicit Station(const Scheduler& scheduler) : arrivals(scheduler) {}
        Arrivals arrivals;
        Attachment attachment;
        net::SocketAddress v4;
        net::SocketAddress v6;
    };

    void SetUp() override {
        ASSERT_TRUE(topology_.add_region("europe"));
        ASSERT_TRUE(topology_.add_region("asia"));
    }
    void add(const NetworkOptions& options) {
        const auto added = topology_.add_network(options);
        ASSERT_TRUE(added) << options.name << ": " << added.error().text;
    }
    /// A host whose link has its name; joins again if it left.
    Station& join(const std::string& name, const std::string& to, const LinkOptions& link = {}) {
        auto& station = stations_[name];
        station = std::make_unique<Station>(scheduler_);
        auto attached = topology_.attach(name, to, link, station->arrivals);
        EXPECT_TRUE(attached) << attached.error().text;
        if (attached) {
            station->attachment = *attached;
            station->v4 = {attached->v4.address(), 5000, 0};
            if (attached->v6) {
                station->v6 = {attached->v6->address(), 5000, 0};
            }
        }
        return *station;
    }
    void send(const std::string& name, const net::SocketAddress& to) {
        const Station& from = *stations_.at(name);
        topology_.entry(name).receive(packet_between(to.ip.is_v4() ? from.v4 : from.v6, to));
    }
    /// Sends, waits, and takes the one packet that arrived.
    Packet carry(const std::string& name, const net::SocketAddress& to, Station& at) {
        send(name, to);
        drain(scheduler_);
        return at.arrivals.take_one();
    }
    bool arrives(const std::string& name, const net::SocketAddress& to, Station& at) {
        send(name, to);
        drain(scheduler_);
        const bool found = !at.arrivals.all.empty();
        at.arrivals.all.clear();
        return found;
    }

    Scheduler scheduler_;
    Topology topology_{scheduler_, seeded(1)};
    std::map<std::string, std::unique_ptr<Station>> stations_;
};

}  // namespace qe::sim
