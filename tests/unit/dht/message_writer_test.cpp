// SPDX-License-Identifier: Apache-2.0
#include "dht/message_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "dht/compact.h"

namespace qe::dht {
namespace {

constexpr std::size_t kRoom = 1400;

/// A message and the bytes it looks into.
struct Written {
    std::array<std::byte, kRoom> buffer{};
    std::size_t size = 0;

    [[nodiscard]] Message parsed() const {
        auto message = parse_message(base::ByteView(buffer).first(size));
        EXPECT_TRUE(message.has_value());
        return message ? *message : Message{};
    }
};

std::vector<Contact> contacts(std::size_t count, net::Family family) {
    std::vector<Contact> contacts;
    for (std::size_t i = 0; i < count; ++i) {
        Contact contact;
        contact.id.bytes[0] = static_cast<std::byte>(i + 1);
        std::array<std::byte, 16> v6{std::byte{0x20}, std::byte{0x01}};
        v6[15] = static_cast<std::byte>(i + 1);
        contact.endpoint.ip = family == net::Family::V4
                                  ? net::IpAddress::v4(0x08080800U + static_cast<unsigned>(i))
                                  : net::IpAddress::v6(v6);
        contact.endpoint.port = static_cast<std::uint16_t>(1000 + i);
        contacts.push_back(contact);
    }
    return contacts;
}

Query read_back(const Query& query) {
    Written written;
    written.size = encode_query(written.buffer, {base::as_bytes("abcd"), nullptr, false}, query);
    const Message message = written.parsed();
    EXPECT_EQ(base::as_text(message.transaction), "abcd");
    EXPECT_TRUE(std::holds_alternative<Query>(message.body));
    return std::get<Query>(message.body);
}

TEST(MessageWriter, QueriesReadBackAsTheyWere) {
    Query query;
    query.id.bytes[3] = std::byte{9};
    query.target.bytes[7] = std::byte{8};
    query.token = base::as_bytes("tokentok");
    for (const Method method :
         {Method::Ping, Method::FindNode, Method::GetPeers, Method::Get, Method::AnnouncePeer}) {
        query.method = method;
        query.want = {method == Method::FindNode, true};
        query.port = 77;
        query.read_only = method == Method::Get;
        const Query read = read_back(query);
        EXPECT_EQ(read.method, method);
        EXPECT_EQ(read.id, query.id);
        EXPECT_EQ(read.read_only, query.read_only);
        if (method != Method::Ping) {
            EXPECT_EQ(read.target, query.target);
        }
    }
}

TEST(MessageWriter, PutsReadBackAsTheyWere) {
    const Item item = make_mutable_item(crypto::Identity::from_seed({}), base::as_bytes("salt"), 3,
                                        base::as_bytes("5:value"))
                          .value();
    Query query;
    query.method = Method::Put;
    query.token = base::as_bytes("t");
    query.item = view_of(item);
    query.cas = 2;
    Written written;
    written.size = encode_query(written.buffer, {base::as_bytes("abcd"), nullptr, false}, query);
    const Message message = written.parsed();
    const Query& read = std::get<Query>(message.body);
    EXPECT_EQ(read.cas, 2);
    EXPECT_EQ(read.item.owner, item.owner);
    EXPECT_TRUE(has_valid_signature(read.item));
}

TEST(MessageWriter, TheLargestPutFits) {
    const std::string value = "996:" + std::string(996, 'x');
    const std::string salt(64, 's');
    const Item item = make_mutable_item(crypto::Identity::from_seed({}), base::as_bytes(salt),
                                        INT64_MAX, base::as_bytes(value))
                          .value();
    const std::string token(kTokenBytesMax, 't');
    Query query;
    query.method = Method::Put;
    query.token = base::as_bytes(token);
    query.item = view_of(item);
    query.cas = INT64_MAX - 1;
    query.read_only = true;
    std::array<std::byte, kRoom> buffer{};
    const std::size_t size = encode_query(buffer, {base::as_bytes("abcd"), nullptr, true}, query);
    EXPECT_GT(size, 1200U);
    EXPECT_LE(size, kRoom);
}

TEST(MessageWriter, ResponsesReadBackAsTheyWere) {
    const auto nodes = contacts(8, net::Family::V4);
    const auto nodes6 = contacts(5, net::Family::V6);
    const Item item =
        make_mutable_item(crypto::Identity::from_seed({}), {}, 3, base::as_bytes("i5e")).value();
    const ItemView view = view_of(item);
    ReplyFields reply;
    reply.nodes = nodes;
    reply.nodes6 = nodes6;
    reply.token = base::as_bytes("12345678");
    reply.item = &view;
    reply.trimmed = true;
    const net::SocketAddress to = nodes[0].endpoint;
    Written written;
    written.size = encode_response(written.buffer, {base::as_bytes("xy"), &to, true}, reply);
    const Message message = written.parsed();
    EXPECT_EQ(message.external, to);
    const Response& read = std::get<Response>(message.body);
    std::vector<Contact> seen;
    for_each_compact_contact(read.nodes, net::Family::V4,
                             [&](const Contact& c) { seen.push_back(c); });
    EXPECT_EQ(seen, nodes);
    seen.clear();
    for_each_compact_contact(read.nodes6, net::Family::V6,
                             [&](const Contact& c) { seen.push_back(c); });
    EXPECT_EQ(seen, nodes6);
    EXPECT_EQ(read.seq, 3);
    ASSERT_TRUE(read.item.has_value());
    EXPECT_EQ(read.item->owner, item.owner);
    EXPECT_TRUE(read.trimmed);
    EXPECT_EQ(base::as_text(read.token), "12345678");
}

TEST(MessageWriter, CutsListsToTheRoomThereIs) {
    const auto nodes = contacts(8, net::Family::V4);
    const auto nodes6 = contacts(20, net::Family::V6);
    std::vector<net::SocketAddress> peers(60, nodes[0].endpoint);
    ReplyFields reply;
    reply.nodes = nodes;
    reply.nodes6 = nodes6;
    reply.peers = peers;
    reply.token = base::as_bytes("12345678");
    std::array<std::byte, kRoom> buffer{};
    const net::SocketAddress to = nodes[0].endpoint;
    std::size_t smallest = 0;
    for (std::size_t room = 1; room <= kRoom; ++room) {
        const std::size_t size = encode_response(base::MutableBytes(buffer).first(room),
                                                 {base::as_bytes("xy"), &to, true}, reply);
        ASSERT_LE(size, room);
        if (size == 0) {
            ASSERT_EQ(smallest, 0U) << "fits into less, but not into " << room;
            continue;
        }
        smallest = smallest == 0 ? room : smallest;
        ASSERT_TRUE(parse_message(base::ByteView(buffer).first(size)).has_value()) << room;
    }
    EXPECT_GT(smallest, 80U);
    EXPECT_LT(smallest, 160U);
}

TEST(MessageWriter, LeavesRoomForTheItem) {
    const auto nodes6 = contacts(20, net::Family::V6);
    const std::string value = "996:" + std::string(996, 'x');
    const Item item =
        make_mutable_item(crypto::Identity::from_seed({}), {}, INT64_MAX, base::as_bytes(value))
            .value();
    const ItemView view = view_of(item);
    ReplyFields reply;
    reply.nodes6 = nodes6;
    reply.token = base::as_bytes("12345678");
    reply.item = &view;
    const net::SocketAddress to = nodes6[0].endpoint;
    Written written;
    written.size = encode_response(written.buffer, {base::as_bytes("xyxy"), &to, true}, reply);
    ASSERT_GT(written.size, 0U);
    const Message message = written.parsed();
    EXPECT_TRUE(std::get<Response>(message.body).item.has_value());
    EXPECT_FALSE(std::get<Response>(message.body).nodes6.empty());
}

TEST(MessageWriter, WritesErrorsAsTheStandardSays) {
    std::array<std::byte, kRoom> buffer{};
    const std::size_t size = encode_error(buffer, {base::as_bytes("aa"), nullptr, false},
                                          KrpcError::CasMismatch, "again");
    const std::string_view text = base::as_text(base::ByteView(buffer).first(size));
    EXPECT_TRUE(text.starts_with("d1:eli301e5:againe1:t2:aa1:v4:"));
    EXPECT_TRUE(text.ends_with("1:y1:ee"));
}

}  // namespace
}  // namespace qe::dht
