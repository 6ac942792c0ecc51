// SPDX-License-Identifier: Apache-2.0
#include "dht/message.h"

#include <gtest/gtest.h>

#include <string>

namespace qe::dht {
namespace {

using namespace std::string_literals;

const std::string kId = "20:abcdefghij0123456789";
const std::string kHash = "20:mnopqrstuvwxyz123456";

Message parse(const std::string& text) {
    auto message = parse_message(base::as_bytes(text));
    EXPECT_TRUE(message.has_value()) << text;
    return message ? *message : Message{};
}

std::string query(const std::string& method, const std::string& arguments) {
    return "d1:ad" + arguments + "e1:q" + std::to_string(method.size()) + ":" + method +
           "1:t2:aa1:y1:qe";
}

std::optional<Query> parsed_query(const std::string& method, const std::string& arguments) {
    static std::string text;  // what the views look into
    text = query(method, arguments);
    const Message message = parse(text);
    const auto* const found = std::get_if<Query>(&message.body);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<KrpcError> refusal(const std::string& method, const std::string& arguments) {
    const Message message = parse(query(method, arguments));
    const auto* const bad = std::get_if<BadQuery>(&message.body);
    return bad == nullptr ? std::nullopt : std::optional(bad->code);
}

// The messages of BEP 5 as they stand there.
TEST(Message, ReadsTheExamplesOfTheStandard) {
    EXPECT_EQ(
        std::get<Query>(parse("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe").body)
            .method,
        Method::Ping);
    const auto find = parsed_query("find_node", "2:id" + kId + "6:target" + kHash);
    EXPECT_EQ(find->method, Method::FindNode);
    EXPECT_EQ(base::as_text(find->target.bytes), "mnopqrstuvwxyz123456");
    const auto announce =
        parsed_query("announce_peer", "2:id" + kId + "12:implied_porti1e9:info_hash" + kHash +
                                          "4:porti6881e5:token8:aoeusnth");
    EXPECT_EQ(announce->method, Method::AnnouncePeer);
    EXPECT_TRUE(announce->implied_port);
    EXPECT_EQ(base::as_text(announce->token), "aoeusnth");
    const std::string reply =
        "d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee1:t2:aa1:y1:"
        "re";
    const Message message = parse(reply);
    EXPECT_TRUE(std::get<Response>(message.body).values.has_value());
    const Message error = parse("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee");
    EXPECT_EQ(std::get<ErrorReply>(error.body).code, 201);
}

TEST(Message, AnswersBadArgumentsWith203) {
    const std::string id = "2:id" + kId;
    const std::pair<std::string, std::string> bad[] = {
        {"ping", "2:id3:abc"},
        {"ping", "2:idi5e"},
        {"ping", ""},
        {"find_node", id},
        {"find_node", id + "6:target19:mnopqrstuvwxyz12345"},
        {"get_peers", id + "9:info_hashl1:ae"},
        {"announce_peer", id + "9:info_hash" + kHash + "4:porti1e"},
        {"announce_peer", id + "9:info_hash" + kHash + "5:token1:t"},
        {"announce_peer", id + "9:info_hash" + kHash + "4:porti65536e5:token1:t"},
        {"announce_peer", id + "9:info_hash" + kHash + "4:porti0e5:token1:t"},
        {"announce_peer", id + "9:info_hash" + kHash + "4:porti-1e5:token1:t"},
        {"announce_peer", id + "9:info_hash" + kHash + "4:port1:x5:token1:t"},
        {"get", id},
        {"get", id + "3:seq1:16:target" + kHash},
        {"put", id + "5:token1:t"},
        {"put", id + "1:vi1e"},
        {"put", id + "5:tokeni1e1:vi1e"},
        {"put", id + "1:k32:" + std::string(32, 'k') + "5:token1:t1:vi1e"},
        {"put", id + "3:seqi1e5:token1:t1:vi1e"},
        {"put", id + "3:sig64:" + std::string(64, 's') + "5:token1:t1:vi1e"},
        {"put", id + "1:k31:" + std::string(31, 'k') + "3:seqi1e3:sig64:" + std::string(64, 's') +
                    "5:token1:t1:vi1e"},
        {"put", id + "1:k32:" + std::string(32, 'k') + "3:seqi-1e3:sig64:" + std::string(64, 's') +
                    "5:token1:t1:vi1e"},
        {"put", "3:casi1e" + id + "5:token1:t1:vi1e"},
        {"put", id + "4:salt1:s5:token1:t1:vi1e"},
        {"get", id + "6:target" + kHash + "5:token41:" + std::string(41, 't')},
    };
    for (const auto& [method, arguments] : bad) {
        EXPECT_EQ(refusal(method, arguments), KrpcError::Protocol) << method << " " << arguments;
    }
}

TEST(Message, AnswersUnknownMethodsWith204) {
    EXPECT_EQ(refusal("vote", "2:id" + kId), KrpcError::UnknownMethod);
    const Message message = parse("d1:t2:aa1:y1:qe");
    EXPECT_EQ(std::get<BadQuery>(message.body).code, KrpcError::UnknownMethod);
    const Message without = parse("d1:q4:ping1:t2:aa1:y1:qe");
    EXPECT_EQ(std::get<BadQuery>(without.body).code, KrpcError::Protocol);
}

TEST(Message, ReadsPutsOfBothKinds) {
    const std::string id = "2:id" + kId;
    const auto immutable = parsed_query("put", id + "5:token1:t1:vd1:ai1ee");
    EXPECT_FALSE(immutable->item.owner.has_value());
    EXPECT_EQ(base::as_text(immutable->item.value), "d1:ai1ee");
    const auto owned = parsed_query("put", "3:casi4e" + id + "1:k32:" + std::string(32, 'k') +
                                               "4:salt2:xy3:seqi5e3:sig64:" + std::string(64, 's') +
                                               "5:token1:t1:vi7e");
    ASSERT_TRUE(owned->item.owner.has_value());
    EXPECT_EQ(owned->item.owner->seq, 5);
    EXPECT_EQ(owned->cas, 4);
    EXPECT_EQ(base::as_text(owned->item.salt), "xy");
}

TEST(Message, IgnoresUnknownFieldsAndFlags) {
    const auto found = parsed_query(
        "find_node", "2:id" + kId + "4:nameli1ee6:target" + kHash + "4:wantl2:n42:n92:n6i3ee");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->want, (Want{true, true}));
    const Message message =
        parse("d1:ad2:id" + kId + "e1:q4:ping2:roi1e1:t2:aa1:v4:XX\x01\x02"s + "1:y1:q2:zzi1ee");
    EXPECT_TRUE(std::get<Query>(message.body).read_only);
}

TEST(Message, ReadsWhereTheSenderSeesUs) {
    const Message message =
        parse("d2:ip6:\x01\x02\x03\x04\x1a\xe1"s + "1:rd2:id" + kId + "e1:t2:aa1:y1:re");
    EXPECT_EQ(message.external, net::parse_socket_address("1.2.3.4:6881", 0).value());
    const Message odd =
        parse("d2:ip5:\x01\x02\x03\x04\x1a"s + "1:rd2:id" + kId + "e1:t2:aa1:y1:re");
    EXPECT_FALSE(odd.external.has_value());
}

TEST(Message, DropsPartsOfAnswersThatAreNoUse) {
    const std::string nodes = "5:nodes25:" + std::string(25, 'n');
    const Message message = parse("d1:rd2:id" + kId + nodes + "1:vi9e6:valuesi1ee1:t2:aa1:y1:re");
    const auto& response = std::get<Response>(message.body);
    EXPECT_TRUE(response.nodes.empty());
    EXPECT_FALSE(response.values.has_value());
    ASSERT_TRUE(response.item.has_value());
    EXPECT_FALSE(response.item->owner.has_value());
}

TEST(Message, RefusesWhatIsNoMessage) {
    for (const std::string& text :
         {"i1e"s, "le"s, "de"s, "d1:t2:aae"s, "d1:t2:aa1:y1:xe"s, "d1:ti1e1:y1:qe"s,
          "d1:t0:1:y1:qe"s, "d1:t33:" + std::string(33, 't') + "1:y1:qe", "d1:t2:aa1:yi1ee"s,
          "d1:t2:aa1:y1:re"s, "d1:rde1:t2:aa1:y1:re"s, "d1:rd2:id3:abce1:t2:aa1:y1:re"s,
          "d1:eli201ee1:t2:aa1:y1:ee"s, "d1:e3:abc1:t2:aa1:y1:ee"s, "d1:ele1:t2:aa1:y1:ee"s,
          "d1:rd2:id" + kId + "5:tokeni1ee1:t2:aa1:y1:re"}) {
        EXPECT_FALSE(parse_message(base::as_bytes(text)).has_value()) << text;
    }
}

TEST(Message, IsToldFromQuicByItsSecondByte) {
    EXPECT_TRUE(looks_like_krpc(base::as_bytes("d1:rde")));
    EXPECT_FALSE(looks_like_krpc(base::as_bytes("d\x81\x02...")));
    EXPECT_FALSE(looks_like_krpc(base::as_bytes("d1")));
    EXPECT_FALSE(looks_like_krpc({}));
}

}  // namespace
}  // namespace qe::dht
