// SPDX-License-Identifier: Apache-2.0
#include "node/links/message_framer.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

base::Bytes framed(std::string_view text) { return frame_message(base::as_bytes(text)); }

TEST(MessageFramer, CutsMessagesHoweverTheyArrive) {
    base::Bytes stream = framed("one");
    const base::Bytes second = framed("second message");
    stream.insert(stream.end(), second.begin(), second.end());
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        MessageFramer framer;
        std::vector<std::string> messages;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            const std::size_t size = std::min(step, stream.size() - at);
            ASSERT_TRUE(framer.handle_bytes(base::ByteView(stream).subspan(at, size)));
            for (;;) {
                const auto message = framer.poll_message();
                ASSERT_TRUE(message.has_value());
                if (!*message) {
                    break;
                }
                messages.emplace_back(base::as_text(**message));
            }
        }
        EXPECT_EQ(messages, (std::vector<std::string>{"one", "second message"})) << step;
        EXPECT_EQ(framer.bytes_held(), 0U);
    }
}

TEST(MessageFramer, RefusesEmptyAndOversizedLengths) {
    MessageFramer empty;
    ASSERT_TRUE(empty.handle_bytes(base::Bytes{std::byte{0}, std::byte{0}}));
    EXPECT_FALSE(empty.poll_message().has_value());
    MessageFramer large;
    ASSERT_TRUE(large.handle_bytes(base::Bytes{std::byte{0xff}, std::byte{0xff}}));
    const auto refused = large.poll_message();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, base::ErrorCode::kTooLarge);
}

TEST(MessageFramer, TellsATruncatedMessage) {
    MessageFramer framer;
    const base::Bytes message = framed("whole");
    ASSERT_TRUE(framer.handle_bytes(base::ByteView(message).first(4)));
    const auto polled = framer.poll_message();
    ASSERT_TRUE(polled.has_value());
    EXPECT_FALSE(polled->has_value());
    EXPECT_EQ(framer.bytes_held(), 4U);
}

TEST(MessageFramer, BoundsWhatItHolds) {
    MessageFramer framer;
    const base::Bytes block(64U << 10);
    base::Status status;
    for (int i = 0; i < 10 && status; ++i) {
        status = framer.handle_bytes(block);
    }
    EXPECT_FALSE(status.has_value());
}

}  // namespace
}  // namespace qe::node
