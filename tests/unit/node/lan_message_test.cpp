// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/lan_message.h"

#include <gtest/gtest.h>

#include "node/discovery/swarm_key.h"

namespace qe::node {
namespace {

LanMessage some_message() {
    LanMessage message;
    message.id.bytes.fill(std::byte{0x11});
    message.port = 9001;
    message.nonce = 0x0123456789abcdef;
    return message;
}

crypto::MacKey key_of(std::string_view swarm) { return lan_key_of(swarm_key_of(swarm)); }

TEST(LanMessage, ReadsWhatItWrote) {
    const base::Bytes bytes = encode_lan_message(some_message(), key_of(""));
    ASSERT_EQ(bytes.size(), kLanMessageBytes);
    EXPECT_EQ(parse_lan_message(bytes, key_of("")), some_message());
}

TEST(LanMessage, BelongsToOneSwarm) {
    const base::Bytes bytes = encode_lan_message(some_message(), key_of("one"));
    const auto read = parse_lan_message(bytes, key_of("another"));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::ErrorCode::kNotTrusted);
}

TEST(LanMessage, RefusesEveryChangedByteAndOtherLengths) {
    const base::Bytes good = encode_lan_message(some_message(), key_of(""));
    for (std::size_t i = 0; i < good.size(); ++i) {
        base::Bytes changed = good;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(parse_lan_message(changed, key_of(""))) << i;
        EXPECT_FALSE(parse_lan_message(base::ByteView(good).first(i), key_of(""))) << i;
    }
    base::Bytes longer = good;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(parse_lan_message(longer, key_of("")));
}

TEST(LanMessage, RefusesPortZero) {
    LanMessage message = some_message();
    message.port = 0;
    EXPECT_FALSE(parse_lan_message(encode_lan_message(message, key_of("")), key_of("")));
}

TEST(SwarmKey, DiffersByTextAndByPurpose) {
    EXPECT_NE(swarm_key_of("").bytes, swarm_key_of("x").bytes);
    EXPECT_NE(swarm_key_of("x").bytes, lan_key_of(swarm_key_of("x")).bytes);
    EXPECT_NE(swarm_tag_of(swarm_key_of("x")), swarm_tag_of(swarm_key_of("y")));
    EXPECT_EQ(swarm_tag_of(swarm_key_of("x")), swarm_tag_of(swarm_key_of("x")));
}

}  // namespace
}  // namespace qe::node
