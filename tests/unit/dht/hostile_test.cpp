// SPDX-License-Identifier: Apache-2.0
//
// One Dht and a hostile network: what it answers to whom, and how much.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "dht/message_writer.h"
#include "quicether/crypto/digest.h"
#include "quicether/dht/dht.h"
#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

constexpr base::Duration kTick = base::milliseconds(1);

net::SocketAddress source(std::uint32_t number) {
    return {net::IpAddress::v4(0x14000001U + (number << 8)), 9000, 0};
}

class HostileTest : public ::testing::Test {
  protected:
    HostileTest() {
        config_.id = random_id(rng_);
        dht_.emplace(config_, rng_.fork("dht"), now_);
    }

    /// What it sends to `from` when these bytes come from there.
    std::vector<base::Bytes> send(const net::SocketAddress& from, base::ByteView bytes) {
        dht_->handle_datagram(now_, from, bytes);
        std::vector<base::Bytes> answers;
        while (auto transmit = dht_->poll_transmit()) {
            if (transmit->to == from) {
                answers.push_back(std::move(transmit->bytes));
            }
        }
        return answers;
    }
    std::vector<base::Bytes> send(const net::SocketAddress& from, const std::string& text) {
        return send(from, base::as_bytes(text));
    }
    std::vector<base::Bytes> ask(const net::SocketAddress& from, Query query) {
        query.id = id_of(from);
        std::array<std::byte, 1500> buffer{};
        const std::size_t size =
            encode_query(buffer, {base::as_bytes("tx"), nullptr, false}, query);
        EXPECT_GT(size, 0U);
        asked_bytes_ = size;
        return send(from, base::ByteView(buffer).first(size));
    }
    /// Answers every query that it sends there.
    std::vector<base::Bytes> answer(const net::SocketAddress& from, base::ByteView query) {
        const auto message = parse_message(query).value();
        std::array<std::byte, 256> buffer{};
        ReplyFields reply;
        reply.id = id_of(from);
        const std::size_t size =
            encode_response(buffer, {message.transaction, nullptr, false}, reply);
        return send(from, base::ByteView(buffer).first(size));
    }
    static NodeId id_of(const net::SocketAddress& from) {
        return NodeId{crypto::sha1(from.ip.bytes())};
    }
    /// A node that has asked and answered, hence is known.
    void befriend(const net::SocketAddress& node) {
        (void)ask(node, Query{});
        now_ = now_ + base::seconds(3);
        dht_->handle_deadline(now_);
        while (const auto transmit = dht_->poll_transmit()) {
            if (transmit->to == node) {
                (void)answer(node, transmit->bytes);
                return;
            }
        }
    }
    std::string token_for(const net::SocketAddress& from) {
        Query query;
        query.method = Method::Get;
        const auto answers = ask(from, query);
        const Message message = parse_message(answers.at(0)).value();
        return std::string(base::as_text(std::get<Response>(message.body).token));
    }
    /// The code of the error in an answer; 0 for a response.
    static std::int64_t error_in(const std::vector<base::Bytes>& answers) {
        const Message message = parse_message(answers.at(0)).value();
        const auto* const error = std::get_if<ErrorReply>(&message.body);
        return error == nullptr ? 0 : error->code;
    }
    Item large_item() {
        const std::string text = "990:" + std::string(990, 'x');
        return make_mutable_item(crypto::Identity::from_seed({}), {}, 1, base::as_bytes(text))
            .value();
    }
    void store(const net::SocketAddress& from, const Item& item) {
        const std::string token = token_for(from);
        Query query;
        query.method = Method::Put;
        query.token = base::as_bytes(token);
        query.item = view_of(item);
        EXPECT_EQ(error_in(ask(from, query)), 0);
    }

    base::Rng rng_{base::Rng::Seed{}};
    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000'000);
    DhtConfig config_;
    std::optional<Dht> dht_;
    std::size_t asked_bytes_ = 0;
};

struct Abuse {
    const char* name;
    std::string bytes;
    std::int64_t error;  ///< Of the answer; 0: no answer at all.
};

TEST_F(HostileTest, TableOfMalformedDatagrams) {
    const std::string id = "2:id20:abcdefghij0123456789";
    const auto query = [&](const std::string& method, const std::string& arguments) {
        return "d1:ad" + arguments + "e1:q" + std::to_string(method.size()) + ":" + method +
               "1:t2:aa1:y1:qe";
    };
    const Abuse table[] = {
        {"nothing", "", 0},
        {"one byte", "d", 0},
        {"a QUIC short header", "d\x90" + std::string(40, 'q'), 0},
        {"text", "hello", 0},
        {"64 KB of nesting", std::string("d1:a") + std::string(65'000, 'l'), 0},
        {"1 KB of nesting", std::string("d1:a") + std::string(1000, 'l'), 0},
        {"a huge length", "d1:a99999999999999:x", 0},
        {"bytes behind", query("ping", id) + "x", 0},
        {"unsorted keys", "d1:y1:q1:q4:ping1:ad" + id + "e1:t2:aae", 0},
        {"a key twice", "d1:ad" + id + id + "e1:q4:ping1:t2:aa1:y1:qe", 0},
        {"no transaction", "d1:ad" + id + "e1:q4:ping1:y1:qe", 0},
        {"an answer to no question", "d1:rd" + id + "e1:t4:aaaa1:y1:re", 0},
        {"an error to no question", "d1:eli201e1:xe1:t4:aaaa1:y1:ee", 0},
        {"no such method", query("vote", id), 204},
        {"no id", query("ping", ""), 203},
        {"a short id", query("ping", "2:id3:abc"), 203},
        {"a number as target", query("find_node", id + "6:targeti1e"), 203},
        {"a list as token", query("get_peers", id + "9:info_hash20:abcdefghij01234567895:tokenle"),
         203},
        {"a wrong token",
         query("announce_peer",
               id + "9:info_hash20:abcdefghij01234567894:porti1e5:token8:aaaaaaaa"),
         203},
        {"no token", query("put", id + "1:v5:hello"), 203},
    };
    for (std::uint32_t i = 0; const Abuse& abuse : table) {
        const auto answers = send(source(++i), abuse.bytes);
        EXPECT_EQ(answers.size(), abuse.error == 0 ? 0U : 1U) << abuse.name;
        if (!answers.empty() && abuse.error != 0) {
            EXPECT_EQ(error_in(answers), abuse.error) << abuse.name;
        }
    }
    EXPECT_EQ(dht_->status().contacts_v4, 0U);
    EXPECT_EQ(dht_->status().counters.dropped_oversized, 1U);
    EXPECT_EQ(dht_->status().counters.dropped_unexpected, 2U);
}

TEST_F(HostileTest, PutsAreRefusedWithTheCodesOfTheStandard) {
    const auto from = source(1);
    const auto owner = crypto::Identity::from_seed({});
    const std::string token = token_for(from);
    const auto put = [&](const ItemView& item, std::optional<std::int64_t> cas = std::nullopt) {
        Query query;
        query.method = Method::Put;
        query.token = base::as_bytes(token);
        query.item = item;
        query.cas = cas;
        return error_in(ask(from, query));
    };
    const auto item = [&](std::int64_t seq, std::string_view value) {
        return make_mutable_item(owner, {}, seq, base::as_bytes(value)).value();
    };
    const std::string large = "1000:" + std::string(1000, 'x');
    EXPECT_EQ(put({base::as_bytes(large), {}, std::nullopt}), 205);
    Item forged = item(1, "i1e");
    forged.owner->seq = 2;
    EXPECT_EQ(put(view_of(forged)), 206);
    const std::string salt(65, 's');
    ItemView salty = view_of(forged);
    salty.salt = base::as_bytes(salt);
    EXPECT_EQ(put(salty), 207);
    EXPECT_EQ(put(view_of(item(5, "i5e"))), 0);
    EXPECT_EQ(put(view_of(item(6, "i6e")), 4), 301);
    EXPECT_EQ(put(view_of(item(4, "i4e"))), 302);
    EXPECT_EQ(put(view_of(item(6, "i6e")), 5), 0);
    EXPECT_EQ(dht_->status().items_stored, 1U);
    now_ = now_ + base::seconds(1200);
    EXPECT_EQ(put(view_of(item(7, "i7e"))), 203) << "the token is too old";
}

TEST_F(HostileTest, NothingUnsignedIsStoredUnderAKey) {
    const auto from = source(1);
    const std::string token = token_for(from);
    const std::string start = "d1:ad2:id20:abcdefghij01234567891:k32:" + std::string(32, 'k');
    const std::string end = "5:token8:" + token + "1:v5:helloe1:q3:put1:t2:aa1:y1:qe";
    EXPECT_EQ(error_in(send(from, start + end)), 203);
    EXPECT_EQ(error_in(send(from, start + "3:seqi1e" + end)), 203);
    EXPECT_EQ(error_in(send(from, start + "3:seqi1e3:sig64:" + std::string(64, 's') + end)), 206);
    EXPECT_EQ(dht_->status().items_stored, 0U);
}

TEST_F(HostileTest, StrangersGetNoMoreThanThreeTimesWhatTheySent) {
    for (std::uint32_t i = 0; i < 40; ++i) {
        befriend(source(1000 + i * 256));
    }
    ASSERT_GT(dht_->status().contacts_v4, 8U);
    store(source(1000), large_item());
    NodeId hash;
    for (std::uint32_t i = 0; i < 60; ++i) {
        const auto peer = source(1000 + i);
        const std::string token = token_for(peer);
        Query query;
        query.method = Method::AnnouncePeer;
        query.target = hash;
        query.implied_port = true;
        query.token = base::as_bytes(token);
        EXPECT_EQ(error_in(ask(peer, query)), 0);
        now_ = now_ + base::seconds(1);
    }
    for (const bool read_only : {false, true}) {
        for (const Method method :
             {Method::Ping, Method::FindNode, Method::GetPeers, Method::Get, Method::Put}) {
            Query query;
            query.method = method;
            query.target = method == Method::Get ? target_of(large_item()) : hash;
            query.want = {true, true};
            query.read_only = read_only;
            const Item item = large_item();
            query.item = view_of(item);
            query.token = base::as_bytes("wrongtok");
            const auto stranger =
                source(5000 + 2 * static_cast<std::uint32_t>(method) + (read_only ? 1U : 0U));
            std::size_t sent = 0;
            for (const base::Bytes& bytes : ask(stranger, query)) {
                sent += bytes.size();
            }
            EXPECT_GT(sent, 0U);
            EXPECT_LE(sent, 3 * asked_bytes_) << to_text(method);
        }
    }
}

TEST_F(HostileTest, AHeldAnswerFollowsTheAnswerToAPing) {
    store(source(1), large_item());
    Query query;
    query.method = Method::Get;
    query.target = target_of(large_item());
    const auto stranger = source(77);
    const auto first = ask(stranger, query);
    ASSERT_EQ(first.size(), 1U);
    const Message ping = parse_message(first[0]).value();
    EXPECT_EQ(std::get<Query>(ping.body).method, Method::Ping);
    now_ = now_ + kTick;
    const auto second = answer(stranger, first[0]);
    ASSERT_EQ(second.size(), 1U);
    const Message held = parse_message(second[0]).value();
    EXPECT_EQ(base::as_text(held.transaction), "tx");
    ASSERT_TRUE(std::get<Response>(held.body).item.has_value());
    EXPECT_TRUE(has_valid_signature(*std::get<Response>(held.body).item));
    EXPECT_EQ(ask(stranger, query).size(), 1U) << "proven for a while";
}

TEST_F(HostileTest, ReadOnlyAskersProveThemselvesWithTheToken) {
    store(source(1), large_item());
    Query query;
    query.method = Method::Get;
    query.target = target_of(large_item());
    query.read_only = true;
    const auto first = ask(source(88), query);
    ASSERT_EQ(first.size(), 1U);
    const Message trimmed = parse_message(first[0]).value();
    const auto& small = std::get<Response>(trimmed.body);
    EXPECT_TRUE(small.trimmed);
    EXPECT_FALSE(small.item.has_value());
    EXPECT_EQ(small.seq, 1);
    query.token = small.token;
    const auto second = ask(source(88), query);
    const Message whole = parse_message(second.at(0)).value();
    EXPECT_TRUE(std::get<Response>(whole.body).item.has_value());
}

TEST_F(HostileTest, KnownNumbersSaveTheValue) {
    store(source(1), large_item());
    Query query;
    query.method = Method::Get;
    query.target = target_of(large_item());
    query.seq = 1;
    const Message message = parse_message(ask(source(2), query).at(0)).value();
    EXPECT_EQ(std::get<Response>(message.body).seq, 1);
    EXPECT_FALSE(std::get<Response>(message.body).item.has_value());
}

TEST_F(HostileTest, FloodsLeaveMemoryBoundedAndOthersServed) {
    Query query;
    query.method = Method::FindNode;
    std::size_t answered = 0;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        answered += ask(source(i % 1000), query).size();
        now_ = now_ + base::microseconds(20);
    }
    EXPECT_LT(answered, 5000U);
    const DhtCounters counters = dht_->status().counters;
    EXPECT_GT(counters.dropped_flood + counters.dropped_rate, 15'000U);
    EXPECT_EQ(dht_->status().contacts_v4, 0U);
    now_ = now_ + base::seconds(2);
    EXPECT_EQ(ask(source(50'000), query).size(), 1U);
}

TEST_F(HostileTest, StrangersMakeItContactFewEndpoints) {
    Query query;
    std::size_t pings = 0;
    for (std::uint32_t i = 0; i < 6000; ++i) {
        query.id = random_id(rng_);
        std::array<std::byte, 200> buffer{};
        const std::size_t size =
            encode_query(buffer, {base::as_bytes("tx"), nullptr, false}, query);
        dht_->handle_datagram(now_, source(i), base::ByteView(buffer).first(size));
        dht_->handle_deadline(now_);
        now_ = now_ + base::milliseconds(100);
        while (dht_->poll_transmit()) {
        }
        pings = dht_->status().counters.queries_sent[0];
    }
    // Ten minutes at 30 a minute, and one burst.
    EXPECT_LE(pings, 330U);
    EXPECT_GE(pings, 200U);
}

TEST_F(HostileTest, AReadOnlyNodeAnswersNobody) {
    dht_->set_read_only(true);
    EXPECT_TRUE(ask(source(1), Query{}).empty());
    EXPECT_TRUE(send(source(1), "d1:q4:ping1:t2:aa1:y1:qe").empty());
}

TEST_F(HostileTest, DatagramsOfNoiseChangeNothing) {
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        base::Bytes noise(rng_.below(200));
        rng_.fill(noise);
        if (noise.size() > 2) {
            noise[0] = std::byte{'d'};
            noise[1] = std::byte{'1'};
        }
        EXPECT_TRUE(send(source(i), noise).empty());
    }
}

TEST_F(HostileTest, MutatedMessagesNeverGetMoreThanTheyMay) {
    store(source(1), large_item());
    const std::string seeds[] = {
        "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q3:get1:t2:aa1:y1:qe",
        "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:"
        "aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe",
        "d1:ad3:casi1e2:id20:abcdefghij01234567893:seqi1e5:token8:aoeusnth1:v5:helloe1:q3:put1:t2:"
        "aa1:y1:qe"};
    for (std::uint32_t i = 0; i < 30'000; ++i) {
        std::string text = seeds[i % 3];
        for (int change = 0; change < 3; ++change) {
            text[rng_.below(text.size())] = static_cast<char>(rng_.below(256));
        }
        std::size_t sent = 0;
        for (const base::Bytes& bytes : send(source(i), text)) {
            sent += bytes.size();
        }
        EXPECT_LE(sent, 3 * text.size());
        now_ = now_ + kTick;
    }
}

}  // namespace
}  // namespace qe::dht
