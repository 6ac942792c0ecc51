// SPDX-License-Identifier: Apache-2.0
#include "quicether/control/json.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace qe::control {
namespace {

using base::ErrorCode;

TEST(Json, EveryRequestSurvivesTheRoundTrip) {
    const auto requests = samples::requests();
    ASSERT_EQ(requests.size(), std::variant_size_v<Request>);
    for (const Request& request : requests) {
        const std::string line = encode_request(request);
        const auto read = parse_request(line);
        ASSERT_TRUE(read) << line << ": " << read.error().text;
        EXPECT_EQ(*read, request) << line;
    }
}

TEST(Json, EveryReplySurvivesTheRoundTrip) {
    const auto replies = samples::replies();
    ASSERT_EQ(replies.size(), std::variant_size_v<Reply>);
    for (const Reply& reply : replies) {
        const std::string line = encode_reply(reply);
        const auto read = parse_reply(line);
        ASSERT_TRUE(read) << line << ": " << read.error().text;
        EXPECT_EQ(*read, reply) << line;
    }
}

TEST(Json, EachAlternativeIsListedOnceInTheSamples) {
    const auto requests = samples::requests();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        EXPECT_EQ(requests[i].index(), i);
    }
    const auto replies = samples::replies();
    for (std::size_t i = 0; i < replies.size(); ++i) {
        EXPECT_EQ(replies[i].index(), i);
    }
}

TEST(Json, AMessageIsOneLine) {
    for (const Reply& reply : samples::replies()) {
        EXPECT_EQ(encode_reply(reply).find('\n'), std::string::npos);
    }
}

TEST(Json, MembersAreNamedAndOrderedAsTheFields) {
    EXPECT_EQ(encode_request(PingRequest{"server", 2000}),
              R"({"v":1,"request":"ping","peer":"server","timeout_ms":2000})");
    EXPECT_EQ(encode_request(StatusRequest{}), R"({"v":1,"request":"status"})");
    EXPECT_EQ(encode_reply(StopReply{}), R"({"v":1,"reply":"stop"})");
    EXPECT_EQ(encode_reply(ErrorReply{ErrorKind::UnknownPeer, "no peer \"x\""}),
              R"({"v":1,"reply":"error","kind":"unknown_peer","message":"no peer \"x\""})");
    EXPECT_EQ(encode_reply(ReloadReply{{"a"}, {}}),
              R"({"v":1,"reply":"reload","applied":["a"],"needs_restart":[]})");
}

TEST(Json, WhatIsNotKnownYetIsNull) {
    const std::string line = encode_reply(PeersReply{{PeerReply{}}});
    EXPECT_NE(line.find(R"("connected_us":null)"), std::string::npos) << line;
}

TEST(Json, BrokenUtf8IsReplacedAndNeverThrown) {
    const std::string line = encode_reply(ErrorReply{ErrorKind::Failed, "\xff\xfe!"});
    EXPECT_NE(line.find("\xef\xbf\xbd\xef\xbf\xbd!"), std::string::npos) << line;
    EXPECT_TRUE(parse_reply(line));
}

TEST(Json, RequestDefaultsFillWhatIsLeftOut) {
    EXPECT_EQ(*parse_request(R"({"v":1,"request":"ping","peer":"x"})"),
              Request(PingRequest{"x", 2000}));
    EXPECT_EQ(*parse_request(R"({"v":1,"request":"logs"})"), Request(LogsRequest{}));
}

TEST(Json, MembersOfALaterVersionAreSkipped) {
    EXPECT_EQ(*parse_request(R"({"v":1,"request":"status","colour":{"a":[1,2]}})"),
              Request(StatusRequest{}));
    EXPECT_EQ(*parse_reply(R"({"v":1,"reply":"stop","took_us":5})"), Reply(StopReply{}));
    EXPECT_EQ(*parse_reply(R"({"v":1,"reply":"error","kind":"new","message":"m"})"),
              Reply(ErrorReply{ErrorKind::Failed, "m"}));
}

TEST(Json, ANewlineAfterTheLineDoesNotMatter) {
    EXPECT_TRUE(parse_request("{\"v\":1,\"request\":\"status\"}\n"));
    EXPECT_TRUE(parse_request("{\"v\":1,\"request\":\"status\"}\r\n"));
}

struct BadRequest {
    const char* line;
    ErrorCode code;
};

class Malformed : public testing::TestWithParam<BadRequest> {};

TEST_P(Malformed, IsRefused) {
    const auto read = parse_request(GetParam().line);
    ASSERT_FALSE(read) << GetParam().line;
    EXPECT_EQ(read.error().code, GetParam().code) << GetParam().line;
    EXPECT_FALSE(read.error().text.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Malformed,
    testing::Values(
        BadRequest{"", ErrorCode::kBadRequest}, BadRequest{"\n", ErrorCode::kBadRequest},
        BadRequest{"null", ErrorCode::kBadRequest}, BadRequest{"[]", ErrorCode::kBadRequest},
        BadRequest{"1", ErrorCode::kBadRequest}, BadRequest{"\"status\"", ErrorCode::kBadRequest},
        BadRequest{"{", ErrorCode::kBadRequest}, BadRequest{"{}", ErrorCode::kBadRequest},
        BadRequest{"{\"v\":1,}", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1})", ErrorCode::kBadRequest},
        BadRequest{R"({"request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":0,"request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":2,"request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":-1,"request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1.0,"request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":"1","request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":4294967297,"request":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"nothing"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":""})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"Status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":7})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":["status"]})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"reply":"status"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"status"} {"v":1})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":""})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":7})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":null})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":"x","timeout_ms":0})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":"x","timeout_ms":60001})",
                   ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":"x","timeout_ms":-1})",
                   ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":"x","timeout_ms":1e3})",
                   ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"ping","peer":"x","timeout_ms":4294967296})",
                   ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"logs","lines":10001})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"logs","lines":"7"})", ErrorCode::kBadRequest},
        BadRequest{R"({"v":1,"request":"logs","follow":1})", ErrorCode::kBadRequest},
        BadRequest{"{\"v\":1,\"request\":\"sta\xfftus\"}", ErrorCode::kBadRequest},
        BadRequest{"{\"v\":1,\"request\":\"\\ud800\"}", ErrorCode::kBadRequest},
        BadRequest{"GET / HTTP/1.1\r\n", ErrorCode::kBadRequest}));

TEST(Json, ALongRequestIsRefusedBeforeItIsParsed) {
    std::string line = R"({"v":1,"request":"status","pad":")";
    line += std::string(kRequestBytesMax - line.size() - 2, 'x') + "\"}";
    ASSERT_EQ(line.size(), kRequestBytesMax);
    EXPECT_TRUE(parse_request(line));
    line += ' ';
    EXPECT_EQ(parse_request(line).error().code, ErrorCode::kTooLarge);
}

TEST(Json, DeepNestingIsRefusedBeforeItIsParsed) {
    const auto nested = [](std::size_t levels) {
        return R"({"v":1,"request":"status","pad":)" + std::string(levels - 1, '[') +
               std::string(levels - 1, ']') + "}";
    };
    EXPECT_TRUE(parse_request(nested(kNestingMax)));
    EXPECT_EQ(parse_request(nested(kNestingMax + 1)).error().code, ErrorCode::kTooLarge);
    EXPECT_EQ(parse_request(std::string(kRequestBytesMax, '[')).error().code, ErrorCode::kTooLarge);
}

TEST(Json, EveryCutOffRequestIsRefused) {
    const std::string line = encode_request(PingRequest{"server", 750});
    for (std::size_t size = 0; size < line.size(); ++size) {
        EXPECT_FALSE(parse_request(std::string_view(line).substr(0, size))) << size;
    }
}

TEST(Json, RepliesOfTheWrongShapeAreRefused) {
    for (const char* line :
         {"", "{}", R"({"v":2,"reply":"stop"})", R"({"v":1,"request":"stop"})",
          R"({"v":1,"reply":"peers","peers":{}})", R"({"v":1,"reply":"peers","peers":[7]})",
          R"({"v":1,"reply":"peers","peers":[{"dials":-1}]})",
          R"({"v":1,"reply":"peers","peers":[{"paths":[{"rtt_us":"fast"}]}]})",
          R"({"v":1,"reply":"status","problems":[null]})"}) {
        EXPECT_FALSE(parse_reply(line)) << line;
    }
}

}  // namespace
}  // namespace qe::control
