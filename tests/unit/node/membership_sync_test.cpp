// SPDX-License-Identifier: Apache-2.0
//
// What members tell each other: directories become equal again after whatever kept them apart, and
// nobody can be made to work without bound.
#include "membership_fixture.h"

#include "quicether/network/directory_sync.h"

namespace qe::node {
namespace {

using base::seconds;

class Sync : public MembershipWorld {
  protected:
    /// Nothing passes between the hosts numbered below `border` and the others.
    void part(std::uint32_t border) {
        world_.set_filter([border](const qe::testing::InFlight& datagram) {
            const auto side = [border](const net::SocketAddress& address) {
                return std::to_integer<std::uint32_t>(address.ip.bytes().back()) <= border;
            };
            return side(datagram.from) == side(datagram.to);
        });
    }
    void heal() { world_.set_filter({}); }
    control::Reply promote(HostId admin, const std::string& name) {
        return world_.ask(admin, control::PromoteRequest{name});
    }
};

TEST_F(Sync, MakesDirectoriesEqualAfterAPartition) {
    const HostId ann = found();
    const HostId bob = member(ann, "bob");
    const HostId cai = member(ann, "cai");
    ASSERT_TRUE(completes({ann, bob, cai}));
    ASSERT_EQ(error_of(promote(ann, "cai")), "");
    part(2);  // ann and bob here, cai there
    ASSERT_TRUE(world_.run_until([&] { return !world_.connected(ann, cai); }, seconds(60)));
    const HostId dee = add_host("dee");
    world_.start(dee);
    EXPECT_EQ(error_of(join(dee, invite(cai))), "");
    EXPECT_EQ(error_of(world_.ask(ann, control::RevokeRequest{"bob", false})), "");
    heal();
    EXPECT_TRUE(completes({ann, cai, dee}, seconds(120)));
    const std::vector<std::string> rest{"ann", "cai", "dee"};
    for (const HostId host : {ann, cai, dee}) {
        EXPECT_EQ(names(host), rest);
        EXPECT_EQ(members(host).revoked.size(), 1U);
    }
}

TEST_F(Sync, RevokesAMemberThatIsAwayAndOneThatKnowsItOnlyFromOthers) {
    const HostId ann = found();
    const HostId bob = member(ann, "bob");
    const HostId cai = member(ann, "cai");
    ASSERT_TRUE(completes({ann, bob, cai}));
    world_.crash(bob);
    world_.crash(cai);
    EXPECT_EQ(error_of(world_.ask(ann, control::RevokeRequest{"bob", false})), "");
    world_.start(bob);
    world_.start(cai);
    EXPECT_TRUE(completes({ann, cai}));
    EXPECT_TRUE(world_.run_until([&] { return members(cai).revoked.size() == 1; }, seconds(30)));
    world_.run_for(seconds(90));
    EXPECT_FALSE(world_.connected(ann, bob));
    EXPECT_FALSE(world_.connected(cai, bob));
}

TEST_F(Sync, TellsARevokedMemberThatIsThere) {
    const HostId ann = found();
    const HostId bob = member(ann, "bob");
    ASSERT_TRUE(completes({ann, bob}));
    EXPECT_EQ(error_of(world_.ask(ann, control::RevokeRequest{"bob", false})), "");
    EXPECT_EQ(members(ann).revoked.front().name, "bob");
    world_.run_for(seconds(2));
    EXPECT_FALSE(world_.connected(ann, bob));
    EXPECT_FALSE(world_.connected(bob, ann));
}

TEST_F(Sync, MakesAnAdminThatInvitesAndOutlivesTheFirst) {
    const HostId ann = found();
    const HostId bob = member(ann, "bob");
    ASSERT_TRUE(completes({ann, bob}));
    EXPECT_NE(error_of(world_.ask(bob, control::InviteRequest{})), "");
    EXPECT_EQ(error_of(promote(ann, "bob")), "");
    ASSERT_TRUE(world_.run_until(
        [&] { return error_of(world_.ask(bob, control::InviteRequest{})).empty(); }, seconds(10)));
    EXPECT_TRUE(std::holds_alternative<control::NetworkLeaveReply>(
        world_.ask(ann, control::NetworkLeaveRequest{false})));
    const HostId cai = member(bob, "cai");
    EXPECT_TRUE(completes({bob, cai}));
    EXPECT_EQ(names(cai), (std::vector<std::string>{"bob", "cai"}));
}

TEST_F(Sync, IgnoresSubnetsWithoutEntitlement) {
    const HostId ann = found();
    control::InviteRequest granting;
    granting.subnets = {"10.99.0.0/24"};
    const HostId bob = add_host("bob");
    world_.config_of(bob).network.advertise_subnets = {*net::parse_prefix("10.99.0.0/25"),
                                                       *net::parse_prefix("10.98.0.0/24")};
    world_.start(bob);
    EXPECT_EQ(error_of(join(bob, invite(ann, granting))), "");
    ASSERT_TRUE(completes({ann, bob}));
    const auto owner_of = [&](const std::string& what) {
        const auto reply = world_.ask(ann, control::FindRequest{what});
        const auto* const found = std::get_if<control::FindReply>(&reply);
        return found == nullptr ? std::string() : found->found.front().name;
    };
    EXPECT_TRUE(world_.run_until([&] { return owner_of("10.99.0.7") == "bob"; }, seconds(10)));
    EXPECT_EQ(owner_of("10.98.0.7"), "");
    EXPECT_EQ(world_.log(ann).count("10.98.0.0/24 without being entitled"), 1U);
}

TEST_F(Sync, FindsMembersByNameAddressAndPrefix) {
    const HostId ann = found();
    const HostId bob = member(ann, "bob");
    ASSERT_TRUE(completes({ann, bob}));
    const std::string id = world_.id_of(bob).to_string();
    const std::string address = world_.overlay_address(bob, net::Family::V4).to_string();
    ASSERT_TRUE(world_.run_until(
        [&] { return error_of(world_.ask(ann, control::FindRequest{address})).empty(); },
        seconds(10)));
    for (const std::string& what : {std::string("bob"), id, id.substr(0, 10), address}) {
        const auto reply = world_.ask(ann, control::FindRequest{what});
        ASSERT_TRUE(std::holds_alternative<control::FindReply>(reply)) << error_of(reply);
        const auto& found = std::get<control::FindReply>(reply).found;
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found.front().node_id, id);
        EXPECT_EQ(found.front().relation, "member");
        EXPECT_EQ(found.front().state, "connected");
        EXPECT_TRUE(found.front().last_seen_us.has_value());
    }
    const auto all = world_.ask(ann, control::FindRequest{"100.64.0.0/16"});
    EXPECT_EQ(std::get<control::FindReply>(all).found.size(), 2U);
    EXPECT_NE(error_of(world_.ask(ann, control::FindRequest{"192.0.2.7"})), "");
    EXPECT_NE(error_of(world_.ask(ann, control::FindRequest{"nobody"})), "");
}

TEST_F(Sync, SaysWhereTheNetworkOverlapsTheHost) {
    const HostId ann = world_.add_host("ann", {net::IpAddress::v4(0x64400507)});  // 100.64.5.7/24
    world_.start(ann);
    const auto reply = world_.ask(ann, control::NetworkCreateRequest{"home", {}});
    const auto& network = std::get<control::NetworkReply>(reply);
    ASSERT_EQ(network.conflicts.size(), 1U);
    EXPECT_NE(network.conflicts.front().find("100.64.5.0/24 on eth0"), std::string::npos);
    EXPECT_EQ(world_.status(ann).problems, network.conflicts);
    EXPECT_FALSE(
        net::parse_prefix("100.64.5.0/24")->contains(world_.overlay_address(ann, net::Family::V4)));
    world_.set_addresses(ann, {net::IpAddress::v4(0xC6336407)});
    EXPECT_TRUE(world_.status(ann).problems.empty());
}

// --- What no honest member says -----------------------------------------------------------------

class Talk : public ::testing::Test {
  protected:
    void SetUp() override {
        network_ = must(network::Authority::found({"home"}, MembershipParts::kWall, rng_));
        network::Directory directory(network_->document);
        own_certificate_ = certify(directory, parts_.state.key, "self");
        certify(directory, other_.public_key(), "other");
        OwnMembership membership{
            std::move(directory), network_->secret.clone(), own_certificate_, std::nullopt, {}};
        parts_.keeper.handle_stored_state(now_, encode_membership(membership));
        peer_ = parts_.state.peers.find(other_.node_id());
        ASSERT_FALSE(peer_.is_null());
    }
    template <typename T>
    static T must(base::Result<T> result) {
        EXPECT_TRUE(result.has_value());
        return std::move(*result);
    }
    base::Bytes certify(network::Directory& directory, const crypto::PublicKey& key,
                        const std::string& name) {
        return must(network_->authority.certify(directory, key,
                                                {name, network::MemberRole::Full, false, {}, {}},
                                                MembershipParts::kWall, rng_));
    }
    void say(const network::NetworkMessage& message) {
        parts_.keeper.handle_message(now_, peer_, network::encode_network_message(message));
    }

    base::Rng rng_{base::Rng::Seed{}};
    MembershipParts parts_;
    base::Instant now_ = MembershipParts::kBegin;
    crypto::Identity other_ = crypto::Identity::generate(rng_);
    std::optional<network::Authority::Founding> network_;
    base::Bytes own_certificate_;
    PeerHandle peer_;
};

TEST_F(Talk, GarbageChangesNothing) {
    for (std::size_t size = 0; size < 64; ++size) {
        base::Bytes garbage(size);
        rng_.fill(garbage);
        parts_.keeper.handle_message(now_, peer_, garbage);
    }
    base::Bytes digest = network::encode_network_message(network::Digest{});
    for (std::size_t cut = 0; cut < digest.size(); cut += 7) {
        parts_.keeper.handle_message(now_, peer_, base::ByteView(digest).first(cut));
    }
    say(network::News{{{network::ItemKind::Certificate, base::Bytes(100)},
                       {network::ItemKind::Record, base::Bytes(100)},
                       {network::ItemKind::Revocation, base::Bytes(100)},
                       {network::ItemKind::Document, base::Bytes(100)}}});
    EXPECT_EQ(parts_.state.peers.size(), 1U);
    EXPECT_TRUE(parts_.state.problems.empty());
}

TEST_F(Talk, AnswersNobodyAsked) {
    say(network::JoinReply{{}, {}, network::NetworkSecret(), {}});
    say(network::make_refusal(network::JoinRefusalKind::Failed));
    say(network::RenewReply{base::Bytes(50)});
    say(network::AdminGrant{own_certificate_, {}});
    EXPECT_FALSE(parts_.keeper.poll_reply().has_value());
    EXPECT_TRUE(std::holds_alternative<control::ErrorReply>(
        *parts_.keeper.handle_request(now_, 1, control::InviteRequest{})));
}

TEST_F(Talk, AForeignNetworksStatementsAreRefused) {
    auto foreign = must(network::Authority::found({"evil"}, MembershipParts::kWall, rng_));
    network::Directory directory(foreign.document);
    const crypto::Identity stranger = crypto::Identity::generate(rng_);
    const base::Bytes certificate = must(foreign.authority.certify(
        directory, stranger.public_key(), {"evil", network::MemberRole::Full, false, {}, {}},
        MembershipParts::kWall, rng_));
    say(network::News{{{network::ItemKind::Document, foreign.document.encoded},
                       {network::ItemKind::Certificate, certificate}}});
    EXPECT_TRUE(parts_.state.peers.find(stranger.node_id()).is_null());
}

TEST_F(Talk, IsListenedToWithinABudget) {
    for (std::uint32_t i = 0; i < kQuestionsAtOnce + 50; ++i) {
        say(network::Digest{});
    }
    EXPECT_EQ(parts_.keeper.messages_dropped(), 50U);
    now_ = now_ + seconds(5);
    for (std::uint32_t i = 0; i < 5 * kQuestionsPerSecond; ++i) {
        say(network::Digest{});
    }
    EXPECT_EQ(parts_.keeper.messages_dropped(), 50U);
    say(network::Digest{});
    EXPECT_EQ(parts_.keeper.messages_dropped(), 51U);
}

TEST_F(Talk, NewsCostsByItsItems) {
    network::News news;
    news.items.assign(network::kNewsItemsMax, {network::ItemKind::Record, base::Bytes(8)});
    for (std::size_t i = 0; i < kNewsItemsAtOnce / network::kNewsItemsMax; ++i) {
        say(news);
    }
    EXPECT_EQ(parts_.keeper.messages_dropped(), 0U);
    say(news);
    EXPECT_EQ(parts_.keeper.messages_dropped(), 1U);
}

TEST_F(Talk, APieceOfNewsTouchesItsSubjectOnly) {
    constexpr std::size_t kMembers = 300;
    network::Directory theirs(network_->document);
    std::uint64_t worst = 0;
    for (std::size_t i = 0; i < kMembers; ++i) {
        const crypto::Identity node = crypto::Identity::generate(rng_);
        const base::Bytes certificate =
            certify(theirs, node.public_key(), "node-" + std::to_string(i));
        now_ = now_ + seconds(1);
        const std::uint64_t before = parts_.membership.peers_applied();
        say(network::News{{{network::ItemKind::Certificate, certificate}}});
        worst = std::max(worst, parts_.membership.peers_applied() - before);
    }
    EXPECT_EQ(parts_.state.peers.size(), kMembers + 1);
    EXPECT_LE(worst, 2U);
}

}  // namespace
}  // namespace qe::node
