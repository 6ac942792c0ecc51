// SPDX-License-Identifier: Apache-2.0
//
// Networks for tests: hosts of a World that make and join one, and a node's parts of membership
// alone, to be given what no honest peer says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/membership/network_keeper.h"
#include "support/world.h"

namespace qe::node {

class MembershipWorld : public ::testing::Test {
  protected:
    using HostId = qe::testing::World::HostId;

    MembershipWorld() { world_.set_restores(true); }

    HostId add_host(const std::string& name) {
        const auto number = static_cast<std::uint32_t>(++hosts_);
        return world_.add_host(name, {net::IpAddress::v4(0xC6336400 + number)});
    }
    HostId start_host(const std::string& name) {
        const HostId host = add_host(name);
        world_.start(host);
        return host;
    }
    /// A started host that has made a network.
    HostId found(const std::string& name = "ann") {
        const HostId host = start_host(name);
        EXPECT_TRUE(std::holds_alternative<control::NetworkReply>(
            world_.ask(host, control::NetworkCreateRequest{"home", {}})));
        return host;
    }
    std::string invite(HostId admin, control::InviteRequest request = {}) {
        const auto reply = world_.ask(admin, request);
        const auto* const invite = std::get_if<control::InviteReply>(&reply);
        EXPECT_NE(invite, nullptr);
        return invite == nullptr ? std::string() : invite->token;
    }
    control::Reply join(HostId host, const std::string& token, const std::string& name = {}) {
        return world_.ask(host, control::JoinRequest{token, name}, base::seconds(40));
    }
    /// A started host that has joined.
    HostId member(HostId admin, const std::string& name, control::InviteRequest request = {}) {
        const HostId host = start_host(name);
        const auto reply = join(host, invite(admin, std::move(request)));
        EXPECT_TRUE(std::holds_alternative<control::NetworkReply>(reply)) << error_of(reply);
        return host;
    }
    static std::string error_of(const control::Reply& reply) {
        const auto* const error = std::get_if<control::ErrorReply>(&reply);
        return error == nullptr ? std::string() : error->message;
    }
    control::MembersReply members(HostId host) {
        const auto reply = world_.ask(host, control::MembersRequest{});
        const auto* const members = std::get_if<control::MembersReply>(&reply);
        return members == nullptr ? control::MembersReply{} : *members;
    }
    std::vector<std::string> names(HostId host) {
        std::vector<std::string> all;
        for (const control::MemberReply& member : members(host).members) {
            all.push_back(member.name);
        }
        return all;
    }
    bool complete(const std::vector<HostId>& hosts) {
        for (const HostId a : hosts) {
            for (const HostId b : hosts) {
                if (a != b && !world_.connected(a, b)) {
                    return false;
                }
            }
        }
        return true;
    }
    bool completes(const std::vector<HostId>& hosts, base::Duration limit = base::seconds(60)) {
        return world_.run_until([&] { return complete(hosts); }, limit);
    }

    qe::testing::World world_;

  private:
    std::size_t hosts_ = 0;
};

/// A node's parts, as Node puts them together, without a driver.
struct MembershipParts {
    static constexpr base::Instant kBegin = base::Instant::from_nanoseconds(1'000'000'000);
    static constexpr base::UnixTime kWall{1'790'000'000};

    MembershipParts() { membership.apply(kBegin); }

    static NodeState make_state() {
        crypto::Identity identity = crypto::Identity::from_seed({});
        base::Rng rng{base::Rng::Seed{}};
        auto endpoint = quic::Endpoint::make({}, identity, rng.fork("quic"), {}, kWall);
        EXPECT_TRUE(endpoint.has_value());
        NodeState state{
            .id = identity.node_id(),
            .key = identity.public_key(),
            .identity = std::move(identity),
            .wall_now = kWall,
            .version = "test",
            .commit = "test",
            .instance = 1,
            .started_at = kBegin,
            .rng = rng.fork("node"),
            .endpoint = std::move(*endpoint),
        };
        state.config.discovery.dht = false;
        state.config.discovery.lan = false;
        return state;
    }

    NodeState state = make_state();
    Dialer dialer{state};
    ClaimKeeper claims{state};
    LinkKeeper links{state, dialer};
    PathKeeper paths{state, dialer, links};
    Conversation conversation{state, dialer, links, paths, claims};
    Membership membership{state, dialer, links, claims, conversation};
    Discovery discovery{state, dialer, base::Rng(base::Rng::Seed{})};
    NetworkKeeper keeper{{state, conversation, discovery, membership}};
};

}  // namespace qe::node
