// SPDX-License-Identifier: Apache-2.0
//
// Nodes that take another id between two messages, as those of libtorrent do as soon as an answer
// has told them their address (BEP 42).
#include <gtest/gtest.h>

#include <array>

#include "dht/message_writer.h"
#include "quicether/dht/dht.h"
#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

class ChangedIdTest : public ::testing::Test {
  protected:
    ChangedIdTest() {
        config_.id = random_id(rng_);
        dht_.emplace(config_, rng_.fork("dht"), now_);
    }

    /// The other node asks, under `id`.
    void ask(const NodeId& id, Query query) {
        query.id = id;
        std::array<std::byte, 1500> buffer{};
        const std::size_t size =
            encode_query(buffer, {base::as_bytes("tx"), nullptr, false}, query);
        dht_->handle_datagram(now_, there_, base::ByteView(buffer).first(size));
    }
    /// The next message to it with such a body; others are passed over.
    template <typename Body>
    std::optional<base::Bytes> next() {
        while (auto transmit = dht_->poll_transmit()) {
            if (std::holds_alternative<Body>(parse_message(transmit->bytes).value().body)) {
                return std::move(transmit->bytes);
            }
        }
        return std::nullopt;
    }
    void answer(base::ByteView query, const NodeId& id) {
        std::array<std::byte, 256> buffer{};
        ReplyFields reply;
        reply.id = id;
        const base::ByteView transaction = parse_message(query).value().transaction;
        const std::size_t size = encode_response(buffer, {transaction, nullptr, false}, reply);
        now_ = now_ + base::milliseconds(10);
        dht_->handle_datagram(now_, there_, base::ByteView(buffer).first(size));
    }
    void wait(base::Duration duration) {
        now_ = now_ + duration;
        dht_->handle_deadline(now_);
    }

    base::Rng rng_{base::Rng::Seed{}};
    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000'000);
    net::SocketAddress there_{net::IpAddress::v4(0x14000001U), 6881, 0};
    NodeId old_id_ = random_id(rng_);
    NodeId new_id_ = random_id(rng_);
    DhtConfig config_;
    std::optional<Dht> dht_;
};

TEST_F(ChangedIdTest, WhoAsksAndAnswersUnderAnotherIdIsAContact) {
    ask(old_id_, Query{});
    wait(base::seconds(3));
    const auto query = next<Query>();
    ASSERT_TRUE(query.has_value());
    answer(*query, new_id_);
    const auto nodes = dht_->nodes(now_);
    ASSERT_EQ(nodes.size(), 1U);
    EXPECT_EQ(nodes[0].contact, (Contact{new_id_, there_}));
    EXPECT_TRUE(nodes[0].good);
}

TEST_F(ChangedIdTest, ANewIdIsNoSilence) {
    ask(old_id_, Query{});
    wait(base::seconds(3));
    answer(next<Query>().value(), old_id_);
    // It is checked again after some time, and named to others as before.
    std::optional<base::Bytes> check;
    for (int minutes = 0; minutes < 30 && !check; ++minutes) {
        wait(base::seconds(60));
        check = next<Query>();
    }
    ASSERT_TRUE(check.has_value());
    answer(*check, new_id_);
    Query search;
    search.method = Method::FindNode;
    search.target = old_id_;
    ask(new_id_, search);
    const auto reply = next<Response>();
    ASSERT_TRUE(reply.has_value());
    const Message message = parse_message(*reply).value();
    EXPECT_EQ(std::get<Response>(message.body).nodes.size(), 26U);
}

TEST_F(ChangedIdTest, AnAnswerProvesTheAddressUnderAnyId) {
    const std::string text = "990:" + std::string(990, 'x');
    const Item item = make_immutable_item(base::as_bytes(text)).value();
    (void)dht_->put(now_, item, Keep::Once);
    Query query;
    query.method = Method::Get;
    query.target = target_of(item);
    ask(old_id_, query);
    const auto ping = next<Query>();
    ASSERT_TRUE(ping.has_value()) << "the item is held back until the asker has answered";
    answer(*ping, new_id_);
    const auto held = next<Response>();
    ASSERT_TRUE(held.has_value());
    const Message message = parse_message(*held).value();
    EXPECT_TRUE(std::get<Response>(message.body).item.has_value());
}

}  // namespace
}  // namespace qe::dht
