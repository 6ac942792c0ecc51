// SPDX-License-Identifier: Apache-2.0
//
// The small data structures below the endpoint.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include "quic/address_tokens.h"
#include "quic/cid_table.h"
#include "quic/connection_queue.h"
#include "quic/datagram_queue.h"
#include "quic/deadline_heap.h"
#include "quic/graveyard.h"
#include "quic/rate_limit.h"
#include "quic/receive_arena.h"
#include "quic/sockaddr.h"
#include "quic/transport.h"
#include "test_net.h"

namespace qe::quic::testing {
namespace {

base::Instant at(std::uint64_t ns) { return base::Instant::from_nanoseconds(ns); }

TEST(ConnectionQueue, AgreesWithADequeUnderRandomUse) {
    ConnectionQueue queue;
    std::deque<ConnectionHandle> model;
    std::mt19937 random(7);
    for (std::uint32_t i = 0; i < 50'000; ++i) {
        // Now rather longer, now rather shorter, so that it grows with its ends anywhere.
        const bool longer = random() % 10 < (i / 500 % 2 == 0 ? 6U : 4U);
        if (longer || model.empty()) {
            queue.push({.index = i, .generation = 1});
            model.push_back({.index = i, .generation = 1});
        } else {
            ASSERT_EQ(queue.front(), model.front());
            queue.pop();
            model.pop_front();
        }
        ASSERT_EQ(queue.empty(), model.empty());
    }
}

TEST(DeadlineHeap, AgreesWithASortedMapUnderRandomUse) {
    DeadlineHeap heap;
    std::map<std::uint32_t, std::uint64_t> model;
    std::mt19937 random(3);
    for (int i = 0; i < 50'000; ++i) {
        const auto index = static_cast<std::uint32_t>(random() % 200);
        if (random() % 4 == 0) {
            heap.erase(index);
            model.erase(index);
        } else {
            const std::uint64_t deadline = random() % 1000;
            heap.set(index, at(deadline));
            model[index] = deadline;
        }
        ASSERT_EQ(heap.size(), model.size());
        const auto first =
            std::min_element(model.begin(), model.end(), [](const auto& a, const auto& b) {
                return std::pair(a.second, a.first) < std::pair(b.second, b.first);
            });
        if (first == model.end()) {
            ASSERT_TRUE(heap.next().is_never());
        } else {
            ASSERT_EQ(heap.next(), at(first->second));
            ASSERT_EQ(heap.next_index(), first->first) << "ties go to the lower index";
        }
    }
}

TEST(DatagramQueue, AgreesWithADequeUnderRandomUse) {
    constexpr std::size_t kMax = 60'000;
    DatagramQueue queue(kMax);
    std::deque<base::Bytes> model;
    std::size_t bytes = 0;
    std::mt19937 random(5);
    for (int i = 0; i < 100'000; ++i) {
        if (random() % 2 == 0) {
            const base::Bytes one = make_bytes(random() % 900, static_cast<std::uint8_t>(i));
            const base::Bytes two = make_bytes(random() % 900, static_cast<std::uint8_t>(i + 1));
            const bool fits = bytes + one.size() + two.size() <= kMax;
            ASSERT_EQ(queue.push(std::array<base::ByteView, 2>{one, two}), fits);
            if (fits) {
                base::Bytes both = one;
                both.insert(both.end(), two.begin(), two.end());
                bytes += both.size();
                model.push_back(std::move(both));
            }
        } else if (!model.empty()) {
            ASSERT_TRUE(std::ranges::equal(queue.front(), model.front()));
            bytes -= model.front().size();
            queue.pop();
            model.pop_front();
        }
        ASSERT_EQ(queue.size(), model.size());
        ASSERT_EQ(queue.bytes(), bytes);
    }
    queue.clear();
    EXPECT_TRUE(queue.empty());
}

TEST(DatagramQueue, TinyDatagramsCannotMakeItGrowWithoutBound) {
    DatagramQueue queue(1000);
    const base::Bytes one = make_bytes(1);
    std::size_t taken = 0;
    while (queue.push(std::array<base::ByteView, 1>{one})) {
        ++taken;
    }
    EXPECT_EQ(taken, 1000U);
}

TEST(ReceiveArena, IsBoundedAndReusable) {
    ReceiveArena arena;
    for (int round = 0; round < 3; ++round) {
        const base::Bytes datagram = make_bytes(1400, static_cast<std::uint8_t>(round));
        std::size_t taken = 0;
        while (arena.push({}, datagram, false)) {
            ++taken;
        }
        EXPECT_GT(taken * 1400, kReceivedDatagramBytesMax * 9 / 10);
        EXPECT_LE(taken * 1400, kReceivedDatagramBytesMax);
        EXPECT_TRUE(std::ranges::equal(arena.entries().back().bytes, datagram));
        EXPECT_TRUE(std::ranges::equal(arena.entries().front().bytes, datagram));
        arena.clear();
        EXPECT_TRUE(arena.entries().empty());
    }
}

TEST(ConnectionIds, HaveTheSizeAndFirstByteOfOurs) {
    base::Rng rng = make_rng(1);
    for (int i = 0; i < 1000; ++i) {
        const ngtcp2_cid id = make_connection_id(rng);
        EXPECT_EQ(id.datalen, kConnectionIdSize);
        EXPECT_GE(id.data[0], 0x80);
        EXPECT_TRUE(has_own_shape(base::from_u8(id.data, id.datalen)));
    }
    EXPECT_FALSE(has_own_shape(make_bytes(6, 0x31)));
    EXPECT_FALSE(has_own_shape(make_bytes(7, 0x80)));
}

TEST(CidTable, TheFirstOwnerOfAnIdKeepsIt) {
    base::Rng rng = make_rng(1);
    CidTable table(rng);
    const ngtcp2_cid id = table.make_unused_id(rng);
    const Route one{.connection = {1, 1}, .tombstone = {}};
    EXPECT_TRUE(table.insert(id, one));
    EXPECT_FALSE(table.insert(id, {.connection = {2, 1}, .tombstone = {}}));
    EXPECT_EQ(table.find(base::from_u8(id.data, id.datalen)), one);
    const Route grave{.connection = {}, .tombstone = {3, 1}};
    table.redirect(IdKey(id), grave);
    EXPECT_EQ(table.find(base::from_u8(id.data, id.datalen)), grave);
    table.erase(IdKey(id));
    EXPECT_EQ(table.size(), 0U);
    EXPECT_FALSE(table.find(base::from_u8(id.data, id.datalen)));
}

TEST(CidTable, IdsOfDifferentLengthAreDifferent) {
    base::Rng rng = make_rng(1);
    CidTable table(rng);
    ngtcp2_cid id{};
    for (std::size_t size = 0; size <= NGTCP2_MAX_CIDLEN; ++size) {
        id.datalen = size;
        EXPECT_TRUE(table.insert(id, {.connection = {1, 1}, .tombstone = {}}));
    }
    EXPECT_EQ(table.size(), NGTCP2_MAX_CIDLEN + 1U);
}

/// A graveyard and the id of a connection that may be buried there.
class GraveyardTest : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(table.insert(id, {.connection = {1, 1}, .tombstone = {}}));
    }

    base::Rng rng = make_rng(1);
    CidTable table{rng};
    Graveyard graveyard{table};
    const ngtcp2_cid id = table.make_unused_id(rng);
    base::Bytes buffer = base::Bytes(2048);
};

TEST_F(GraveyardTest, AnswersAtPowersOfTwoAndForgets) {
    graveyard.bury({.packet = make_bytes(50), .flow = {}, .ids = {IdKey(id)}}, at(1000));
    EXPECT_TRUE(graveyard.poll(buffer));
    EXPECT_FALSE(graveyard.poll(buffer));
    int answers = 0;
    for (int i = 0; i < 100; ++i) {
        const auto route = table.find(base::from_u8(id.data, id.datalen));
        ASSERT_TRUE(route);
        graveyard.disturb(route->tombstone, {}, 40);
        answers += graveyard.poll(buffer) ? 1 : 0;
    }
    EXPECT_EQ(answers, 7);
    EXPECT_EQ(graveyard.next_deadline(), at(1000));
    graveyard.handle_timeout(at(1000));
    EXPECT_EQ(graveyard.size(), 0U);
    EXPECT_EQ(table.size(), 0U);
}

TEST_F(GraveyardTest, AnswersWhereThePacketCameFromAndNotManyTimesItsSize) {
    const net::FlowAddresses last{address("10.0.0.1:9000"), address("203.0.113.9:1")};
    const net::FlowAddresses known{address("10.0.0.1:9000"), address("10.0.0.2:9000")};
    graveyard.bury({.packet = make_bytes(90), .flow = last, .ids = {IdKey(id)}}, at(1000));
    const auto farewell = graveyard.poll(buffer);
    ASSERT_TRUE(farewell);
    EXPECT_EQ(farewell->flow.remote, last.remote);
    const TombstoneHandle grave = table.find(base::from_u8(id.data, id.datalen))->tombstone;
    for (int i = 0; i < 10; ++i) {
        graveyard.disturb(grave, known, 29);
        EXPECT_FALSE(graveyard.poll(buffer));
    }
    graveyard.disturb(grave, known, 30);
    const auto answer = graveyard.poll(buffer);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->flow.remote, known.remote);
    EXPECT_EQ(answer->flow.local, known.local);
}

TEST(Graveyard, IsBounded) {
    base::Rng rng = make_rng(1);
    CidTable table(rng);
    Graveyard graveyard(table);
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        graveyard.bury({}, at(i + 1));
    }
    EXPECT_LE(graveyard.size(), 4096U);
}

TEST(RateLimit, AllowsABurstAndThenTheRate) {
    RateLimit limit(100, 20);
    base::Instant now = at(1'000'000'000);
    int taken = 0;
    while (limit.take(now)) {
        ++taken;
    }
    EXPECT_EQ(taken, 20);
    taken = 0;
    for (int ms = 0; ms < 3000; ++ms) {
        now = now + base::milliseconds(1);
        taken += limit.take(now) ? 1 : 0;
    }
    EXPECT_EQ(taken, 300);
}

TEST(AddressTokens, AreBoundToAddressTimeAndNode) {
    const crypto::Identity identity = make_identity(1);
    const AddressTokens tokens(identity);
    const AddressTokens others(make_identity(2));
    const auto client = address("10.0.0.1:1000");
    const base::Bytes token = *tokens.make_regular_token(kWallNow, client);
    EXPECT_EQ(AddressTokens::kind_of(token), TokenKind::Regular);
    EXPECT_TRUE(tokens.check_regular_token(kWallNow, client, token));
    EXPECT_TRUE(tokens.check_regular_token(kWallNow, address("10.0.0.1:2000"), token));
    EXPECT_FALSE(tokens.check_regular_token(kWallNow, address("10.0.0.2:1000"), token));
    EXPECT_FALSE(others.check_regular_token(kWallNow, client, token));
    EXPECT_FALSE(tokens.check_regular_token({kWallNow.seconds + 24 * 3600 + 1}, client, token));
    EXPECT_FALSE(tokens.check_regular_token(kWallNow, client, {}));
    EXPECT_EQ(AddressTokens::kind_of({}), TokenKind::None);

    ngtcp2_pkt_hd first{};
    first.version = NGTCP2_PROTO_VER_V1;
    base::Rng rng = make_rng(1);
    first.dcid = make_initial_destination_id(rng);
    const ngtcp2_cid retry_id = make_connection_id(rng);
    const base::Bytes retry = *tokens.make_retry_token(at(5), client, first, retry_id);
    ngtcp2_pkt_hd second{};
    second.version = NGTCP2_PROTO_VER_V1;
    second.dcid = retry_id;
    second.token = base::as_u8(base::ByteView(retry));
    second.tokenlen = retry.size();
    const auto origin = tokens.check_retry_token(at(6), client, second);
    ASSERT_TRUE(origin);
    EXPECT_TRUE(ngtcp2_cid_eq(&*origin, &first.dcid));
    EXPECT_FALSE(tokens.check_retry_token(at(6), address("10.0.0.1:1001"), second));
    EXPECT_FALSE(tokens.check_retry_token(at(5) + base::seconds(11), client, second));
    EXPECT_FALSE(others.check_retry_token(at(6), client, second));
}

TEST(AddressTokens, ResetTokensAreTheSameAfterARestart) {
    base::Rng rng = make_rng(1);
    const ngtcp2_cid id = make_connection_id(rng);
    const auto one = AddressTokens(make_identity(1)).reset_token(id);
    const auto two = AddressTokens(make_identity(1)).reset_token(id);
    const auto other = AddressTokens(make_identity(2)).reset_token(id);
    EXPECT_TRUE(std::ranges::equal(one->data, two->data));
    EXPECT_FALSE(std::ranges::equal(one->data, other->data));
}

TEST(SocketAddresses, SurviveTheWayThroughNgtcp2) {
    for (const std::string_view text : {"1.2.3.4:5", "[fd00::1]:9000", "[fe80::1%3]:65535"}) {
        const net::FlowAddresses flow{address(text), address(text)};
        const Path path(flow);
        EXPECT_EQ(flow_of(path.get()), flow) << text;
    }
    EXPECT_EQ(from_sockaddr({}), net::SocketAddress{});
}

TEST(DatagramPayload, AccountsForEveryByteOfAShortHeader) {
    // 1 flags + 6 id + 4 packet number + 16 tag + 1 type + 2 length = 30.
    EXPECT_EQ(datagram_payload(1452, kConnectionIdSize), 1422U);
    EXPECT_EQ(datagram_payload(1200, kConnectionIdSize), 1170U);
    EXPECT_EQ(datagram_payload(20, kConnectionIdSize), 0U);
    EXPECT_EQ(datagram_payload(0, 20), 0U);
    // A length below 64 takes one byte, and 64 itself does not fit where two are needed.
    EXPECT_EQ(datagram_payload(27 + 2 + 63, kConnectionIdSize), 63U);
    EXPECT_EQ(datagram_payload(27 + 3 + 63, kConnectionIdSize), 63U);
    EXPECT_EQ(datagram_payload(27 + 3 + 64, kConnectionIdSize), 64U);
}

}  // namespace
}  // namespace qe::quic::testing
