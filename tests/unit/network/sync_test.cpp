// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/directory_sync.h"

#include <deque>

#include "network_fixture.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using test::kNow;
using test::must;

/// The bytes of a message and back, as between two nodes.
NetworkMessage sent(const NetworkMessage& message) {
    const base::Bytes bytes = encode_network_message(message);
    EXPECT_LE(bytes.size(), kNetworkMessageBytesMax);
    return must(parse_network_message(bytes));
}

std::vector<NetworkMessage> answer(Directory& directory, const NetworkMessage& message) {
    if (const auto* digest = std::get_if<Digest>(&message)) {
        return answer_digest(directory, *digest);
    }
    if (const auto* summary = std::get_if<Summary>(&message)) {
        return answer_summary(directory, *summary);
    }
    if (const auto* wanted = std::get_if<Wanted>(&message)) {
        return answer_wanted(directory, *wanted);
    }
    for (const Item& item : std::get<News>(message).items) {
        directory.merge(item, kNow);
    }
    return {};
}

/// One round that `a` begins; returns how many messages it took after the digest.
std::size_t gossip(Directory& a, Directory& b) {
    struct Letter {
        Directory* to;
        Directory* from;
        NetworkMessage message;
    };
    std::deque<Letter> post;
    post.push_back({&b, &a, digest_of(a)});
    std::size_t messages = 0;
    while (!post.empty()) {
        Letter letter = std::move(post.front());
        post.pop_front();
        for (NetworkMessage& reply : answer(*letter.to, sent(letter.message))) {
            ++messages;
            post.push_back({letter.from, letter.to, std::move(reply)});
        }
    }
    return messages;
}

class Sync : public test::NetworkTest {
  protected:
    void add_members(Directory& directory, int count) {
        for (int i = 0; i < count; ++i) {
            const crypto::Identity node = new_identity();
            certify(directory, node, "node");
            directory.merge(record_item(node, record_of(node, 1)), kNow);
        }
    }
    static void expect_equal(const Directory& a, const Directory& b) {
        EXPECT_EQ(a.sums(), b.sums());
        EXPECT_EQ(a.encode(), b.encode());
    }

    Directory a_ = new_directory();
    Directory b_ = new_directory();
};

TEST_F(Sync, EqualDirectoriesNeedOneMessage) {
    EXPECT_EQ(gossip(a_, b_), 0U);
    add_members(a_, 5);
    gossip(a_, b_);
    EXPECT_EQ(gossip(b_, a_), 0U);
}

TEST_F(Sync, EachGetsWhatTheOtherHas) {
    add_members(a_, 10);
    add_members(b_, 10);
    must(founding_.authority.revoke(a_, new_identity().node_id(), RevocationReason::Left, kNow));
    gossip(a_, b_);
    EXPECT_EQ(a_.members().size(), 20U) << "in one round";
    expect_equal(a_, b_);
}

TEST_F(Sync, NewerStatementsWinOnBothSides) {
    const crypto::Identity alice = new_identity();
    const crypto::Identity bob = new_identity();
    certify(a_, alice, "alice");
    certify(a_, bob, "bob");
    gossip(a_, b_);
    a_.merge(record_item(alice, record_of(alice, 9)), kNow);
    b_.merge(record_item(alice, record_of(alice, 8)), kNow);
    certify(b_, bob, "robert");
    gossip(a_, b_);
    expect_equal(a_, b_);
    EXPECT_EQ(a_.find("alice")->record->value.sequence, 9U);
    EXPECT_NE(a_.find("robert"), nullptr);
}

TEST_F(Sync, RevocationReachesWhoStillHasTheMember) {
    add_members(a_, 3);
    gossip(a_, b_);
    const crypto::NodeId victim = a_.members().begin()->first;
    must(founding_.authority.revoke(b_, victim, RevocationReason::Removed, kNow));
    gossip(a_, b_);
    EXPECT_TRUE(a_.is_revoked(victim));
    EXPECT_EQ(a_.find(victim), nullptr);
    expect_equal(a_, b_);
}

TEST_F(Sync, NewerDocumentGoesEitherWay) {
    for (const bool from_a : {true, false}) {
        Directory& newer = from_a ? a_ : b_;
        NetworkDocument changed = newer.document();
        changed.mesh = from_a ? MeshMode::Full : MeshMode::OnDemand;
        ASSERT_TRUE(founding_.authority.change(newer, changed));
        gossip(a_, b_);
        expect_equal(a_, b_);
    }
    EXPECT_EQ(a_.document().version, 3U);
}

TEST_F(Sync, ManyDifferencesAreSettledInSeveralBoundedRounds) {
    add_members(a_, 600);
    int rounds = 0;
    while (gossip(b_, a_) > 0) {
        ASSERT_LE(++rounds, 20);
    }
    EXPECT_GT(rounds, 1);
    expect_equal(a_, b_);
}

TEST_F(Sync, AnswersToHostileQuestionsAreBounded) {
    add_members(a_, 300);
    Summary everything;
    everything.to.bytes.fill(std::byte{0xff});
    EXPECT_LE(answer_summary(a_, everything).size(), kAnswerPagesMax);
    Wanted all;
    for (const auto& [id, member] : a_.members()) {
        all.items.push_back({ItemKind::Certificate, id});
    }
    EXPECT_LE(answer_wanted(a_, all).size(), kAnswerPagesMax);
    Digest digest = digest_of(a_);
    for (std::size_t i = 0; i < digest.sums.size(); i += 2) {
        digest.sums[i] ^= 1;
    }
    EXPECT_LE(answer_digest(a_, digest).size(), kAnswerPagesMax + 1);
}

TEST_F(Sync, WhatNobodyHasIsNotSent) {
    Wanted wanted;
    wanted.items = {{ItemKind::Record, new_identity().node_id()},
                    {ItemKind::Revocation, new_identity().node_id()}};
    EXPECT_TRUE(answer_wanted(a_, wanted).empty());
}

TEST_F(Sync, NewsIsCutIntoMessagesThatFit) {
    std::vector<Item> items(40, Item{ItemKind::Certificate, base::Bytes(4096, std::byte{1})});
    items.resize(240, Item{ItemKind::Record, base::Bytes(10, std::byte{2})});
    std::size_t count = 0;
    for (News& news : news_of(items)) {
        count += news.items.size();
        const NetworkMessage message = std::move(news);
        EXPECT_EQ(sent(message), message);
    }
    EXPECT_EQ(count, 240U);
}

TEST(NetworkMessages, LargestOfEachKindFits) {
    Summary summary;
    summary.to.bytes.fill(std::byte{0xff});
    for (std::size_t i = 0; i < kSummaryRowsMax; ++i) {
        Row row;
        row.id.bytes[0] = static_cast<std::byte>(i);
        row.certificate = row.record = row.revocation = {UINT64_MAX, UINT32_MAX};
        summary.rows.push_back(row);
    }
    Digest digest;
    digest.document = {UINT64_MAX, UINT32_MAX};
    digest.sums.fill(UINT64_MAX);
    Wanted wanted;
    wanted.items.assign(kWantedMax, {ItemKind::Revocation, summary.to});
    for (const NetworkMessage& message :
         {NetworkMessage(summary), NetworkMessage(digest), NetworkMessage(wanted)}) {
        EXPECT_EQ(sent(message), message);
    }
}

TEST(NetworkMessages, JoinMessagesComeBackAsTheyWere) {
    base::Rng rng{base::Rng::Seed{}};
    std::vector<NetworkMessage> messages;
    messages.emplace_back(JoinRequest{{{std::byte{1}}}, {std::byte{2}}, "laptop"});
    messages.emplace_back(JoinReply{{std::byte{1}},
                                    {std::byte{2}},
                                    NetworkSecret::generate(rng),
                                    {{ItemKind::Record, {std::byte{3}}}},
                                    7});
    messages.emplace_back(make_refusal(JoinRefusalKind::SpentInvite));
    messages.emplace_back(RenewRequest{});
    messages.emplace_back(RenewReply{{std::byte{4}}});
    messages.emplace_back(AdminGrant{{std::byte{5}}, SecretBytes<32>::generate(rng)});
    for (std::size_t i = 0; i < messages.size(); ++i) {
        EXPECT_EQ(sent(messages[i]), messages[i]);
        // The frame is the control stream's: [type, map].
        EXPECT_EQ(encode_network_message(messages[i])[1], static_cast<std::byte>(16 + i));
    }
}

TEST(NetworkMessages, BrokenOnesAreRefused) {
    const auto code = [](std::string_view hex) {
        base::Bytes bytes(hex.size() / 2);
        EXPECT_TRUE(base::from_hex(hex, bytes));
        const auto message = parse_network_message(bytes);
        return message ? ErrorCode::kClosed : message.error().code;
    };
    EXPECT_EQ(code("8213a0"), ErrorCode::kClosed) << "RenewRequest";
    EXPECT_EQ(code("8213a1182a01"), ErrorCode::kClosed) << "an unknown field";
    EXPECT_EQ(code(""), ErrorCode::kMalformed);
    EXPECT_EQ(code("8213a000"), ErrorCode::kMalformed) << "trailing byte";
    EXPECT_EQ(code("8301a000"), ErrorCode::kMalformed) << "three items";
    EXPECT_EQ(code("8201a0"), ErrorCode::kUnsupported) << "Hello";
    EXPECT_EQ(code("82181aa0"), ErrorCode::kUnsupported) << "type 26";
    EXPECT_EQ(code("8214a0"), ErrorCode::kMalformed) << "RenewReply without certificate";
    EXPECT_EQ(code("8212a20001021461"), ErrorCode::kMalformed);
    EXPECT_EQ(code("8218"
                   "19a101818200"
                   "40"),
              ErrorCode::kMalformed)
        << "item kind 0";
    EXPECT_EQ(parse_network_message(base::Bytes(kNetworkMessageBytesMax + 1)).error().code,
              ErrorCode::kTooLarge);
}

TEST(NetworkMessages, SummaryMustBeOrderedAndInRange) {
    Summary summary;
    summary.to.bytes.fill(std::byte{0x7f});
    const auto row = [](unsigned first) {
        Row r;
        r.id.bytes[0] = static_cast<std::byte>(first);
        return r;
    };
    for (const std::vector<Row>& rows :
         {std::vector{row(2), row(1)}, {row(1), row(1)}, {row(0x80)}}) {
        summary.rows = rows;
        EXPECT_FALSE(parse_network_message(encode_network_message(Summary(summary))));
    }
}

}  // namespace
}  // namespace qe::network
