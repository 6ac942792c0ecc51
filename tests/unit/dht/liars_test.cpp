// SPDX-License-Identifier: Apache-2.0
//
// A swarm in which every fifth node lies: it keeps its place as honest ones do, stores nothing, and
// names only friends, under ids it makes up next to whatever is looked for.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "dht/message_writer.h"
#include "quicether/dht/distance.h"
#include "swarm.h"

namespace qe::dht {
namespace {

constexpr std::size_t kNodes = 300;
constexpr std::size_t kLiarEvery = 5;
constexpr std::size_t kItems = 60;

class LiarsTest : public ::testing::Test {
  protected:
    LiarsTest() : swarm_(testing::SwarmOptions()) {
        swarm_.add();
        for (std::size_t i = 1; i < kNodes; ++i) {
            swarm_.join(swarm_.rng().below(i));
            swarm_.run_for(base::milliseconds(200));
        }
        swarm_.run_for(base::seconds(60));
        swarm_.intercept = [this](std::size_t node, const net::SocketAddress& from,
                                  base::ByteView bytes) { return lie(node, from, bytes); };
    }

    static bool is_liar(std::size_t node) { return node % kLiarEvery == 0; }

    NodeId made_up(std::size_t node, const NodeId& target) const {
        NodeId id = swarm_.id(node);
        for (unsigned bit = 0; bit < shared_bits_; ++bit) {
            const auto mask = static_cast<std::byte>(0x80U >> (bit % 8));
            id.bytes[bit / 8] = (id.bytes[bit / 8] & ~mask) | (target.bytes[bit / 8] & mask);
        }
        return id;
    }

    std::vector<Contact> friends(const net::SocketAddress& asker, const NodeId& target) {
        std::vector<Contact> named;
        for (std::size_t i = 0; i < 8; ++i) {
            const std::size_t node = swarm_.rng().below(kNodes / kLiarEvery) * kLiarEvery;
            told_.insert({asker, made_up(node, target)});
            named.push_back({made_up(node, target), swarm_.endpoint(node)});
        }
        return named;
    }

    bool lie(std::size_t node, const net::SocketAddress& from, base::ByteView bytes) {
        const auto message = parse_message(bytes);
        const auto* const query = message ? std::get_if<Query>(&message->body) : nullptr;
        if (!is_liar(node) || query == nullptr || query->method == Method::Ping) {
            return false;
        }
        const bool is_expected = told_.contains({from, made_up(node, query->target)});
        const auto named = friends(from, query->target);
        ReplyFields reply;
        reply.id = is_expected ? made_up(node, query->target) : swarm_.id(node);
        reply.nodes = named;
        reply.token = base::as_bytes("liar");
        std::array<std::byte, 1400> buffer;
        const std::size_t size =
            encode_response(buffer, {message->transaction, &from, false}, reply);
        swarm_.send(node, from, base::ByteView(buffer).first(size));
        return true;
    }

    std::size_t honest() {
        std::size_t node = swarm_.rng().below(kNodes);
        while (is_liar(node)) {
            node = swarm_.rng().below(kNodes);
        }
        return node;
    }

    /// Of items that honest nodes put, how many others get.
    std::size_t found() {
        std::size_t found = 0;
        for (std::size_t i = 0; i < kItems; ++i) {
            const std::string text = "i" + std::to_string(i) + "e";
            const Item item = make_immutable_item(base::as_bytes(text)).value();
            const std::size_t owner = honest();
            const auto put = swarm_.dht(owner).put(swarm_.now(), item, Keep::Once);
            EXPECT_TRUE(swarm_.finish(owner, put.value()).has_value());
            const std::size_t asker = honest();
            const auto get = swarm_.dht(asker).get_immutable(swarm_.now(), target_of(item));
            const auto event = swarm_.finish(asker, get.value());
            EXPECT_TRUE(event.has_value());
            found += event && std::get<LookupFinished>(*event).item == item ? 1U : 0U;
        }
        return found;
    }

    testing::Swarm swarm_;
    unsigned shared_bits_ = 32;  ///< Of made-up ids and what is looked for.
    std::set<std::pair<net::SocketAddress, NodeId>> told_;
};

TEST_F(LiarsTest, ItemsAreFoundThoughIdsAreMadeUpNextToThem) { EXPECT_GE(found(), kItems - 2); }

/// So far away from the target that each of them could well be there.
TEST_F(LiarsTest, ItemsAreFoundThoughIdsAreMadeUpWithCare) {
    shared_bits_ = 6;
    EXPECT_GE(found(), kItems - 4);
}

}  // namespace
}  // namespace qe::dht
