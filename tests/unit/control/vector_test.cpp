// SPDX-License-Identifier: Apache-2.0
//
// The worked example of docs/protocol/control.md, byte for byte.
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "quicether/control/json.h"

namespace qe::control {
namespace {

TEST(Vector, ThePingOfTheProtocolPage) {
    std::ifstream file(QE_TEST_DATA_DIR "/vectors/control/ping.jsonl");
    std::string request_line;
    std::string reply_line;
    ASSERT_TRUE(std::getline(file, request_line) && std::getline(file, reply_line));

    const Request request = PingRequest{"server", 2000};
    EXPECT_EQ(encode_request(request), request_line);
    EXPECT_EQ(parse_request(request_line), request);

    const Reply reply = PingReply{"0123456789abcdef0123456789abcdef01234567",
                                  "server",
                                  412,
                                  "192.168.1.5:9000",
                                  "203.0.113.5:9000",
                                  "direct"};
    EXPECT_EQ(encode_reply(reply), reply_line);
    EXPECT_EQ(parse_reply(reply_line), reply);
}

}  // namespace
}  // namespace qe::control
