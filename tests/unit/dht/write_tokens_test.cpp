// SPDX-License-Identifier: Apache-2.0
#include "dht/write_tokens.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);
const net::IpAddress kAsker = net::IpAddress::v4(0x01020304);

class WriteTokensTest : public ::testing::Test {
  protected:
    base::Rng rng_{base::Rng::Seed{}};
    WriteTokens tokens_{rng_, kStart};
};

TEST_F(WriteTokensTest, AreGoodForFiveToTenMinutes) {
    const auto token = tokens_.issue(kStart + base::seconds(299), kAsker);
    EXPECT_TRUE(tokens_.accepts(kStart + base::seconds(300), kAsker, token));
    EXPECT_TRUE(tokens_.accepts(kStart + base::seconds(599), kAsker, token));
    EXPECT_FALSE(tokens_.accepts(kStart + base::seconds(601), kAsker, token));
}

TEST_F(WriteTokensTest, DoNotOutliveALongSilence) {
    const auto token = tokens_.issue(kStart, kAsker);
    EXPECT_FALSE(tokens_.accepts(kStart + base::seconds(3600), kAsker, token));
}

TEST_F(WriteTokensTest, AreBoundToTheAddress) {
    const auto token = tokens_.issue(kStart, kAsker);
    EXPECT_FALSE(tokens_.accepts(kStart, net::IpAddress::v4(0x01020305), token));
    EXPECT_FALSE(tokens_.accepts(kStart, kAsker, {}));
    EXPECT_FALSE(tokens_.accepts(kStart, kAsker, base::ByteView(token).first(7)));
    auto changed = token;
    changed[0] ^= std::byte{1};
    EXPECT_FALSE(tokens_.accepts(kStart, kAsker, changed));
}

}  // namespace
}  // namespace qe::dht
