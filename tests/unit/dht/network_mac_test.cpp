// SPDX-License-Identifier: Apache-2.0
#include "dht/network_mac.h"

#include <gtest/gtest.h>

#include <array>

#include "dht/message_writer.h"

namespace qe::dht {
namespace {

crypto::MacKey key(std::uint8_t number) {
    crypto::MacKey key;
    key.bytes.fill(std::byte{number});
    return key;
}

base::Bytes ping(bool with_mac) {
    std::array<std::byte, 256> buffer{};
    const auto transaction = base::as_bytes("tt");
    const std::size_t size = encode_query(buffer, {transaction, nullptr, with_mac}, Query{});
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
}

TEST(NetworkMac, SealsMessagesThatStillParse) {
    const NetworkMac mac(key(1));
    base::Bytes message = ping(true);
    EXPECT_FALSE(mac.is_authentic(message));
    mac.seal(message);
    EXPECT_TRUE(mac.is_authentic(message));
    EXPECT_TRUE(parse_message(message).has_value());
    EXPECT_EQ(message.size(), ping(false).size() + NetworkMac::kOverheadBytes);
}

TEST(NetworkMac, RefusesOtherKeysAndChangedBytes) {
    const NetworkMac mac(key(1));
    base::Bytes message = ping(true);
    mac.seal(message);
    EXPECT_FALSE(NetworkMac(key(2)).is_authentic(message));
    for (std::size_t i = 0; i + 1 < message.size(); ++i) {
        base::Bytes changed = message;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(mac.is_authentic(changed)) << i;
    }
    EXPECT_FALSE(mac.is_authentic(ping(false)));
    EXPECT_FALSE(mac.is_authentic({}));
    EXPECT_FALSE(mac.is_authentic(base::ByteView(message).last(20)));
}

TEST(NetworkMac, SeesWhetherThereIsAMacAtAll) {
    const NetworkMac mac(key(1));
    EXPECT_TRUE(mac.has_place(ping(true)));
    EXPECT_FALSE(mac.has_place(ping(false)));
    EXPECT_FALSE(mac.has_place({}));
    EXPECT_TRUE(NetworkMac(std::nullopt).has_place(ping(false)));
}

TEST(NetworkMac, WithoutKeyTakesEverything) {
    const NetworkMac none(std::nullopt);
    EXPECT_FALSE(none.enabled());
    EXPECT_TRUE(none.is_authentic(ping(false)));
    EXPECT_TRUE(none.is_authentic(ping(true)));
}

TEST(NetworkMac, HasTheBytesOfTheDocument) {
    const NetworkMac mac(key(7));
    base::Bytes message = ping(true);
    mac.seal(message);
    const base::ByteView covered = base::ByteView(message).first(message.size() - 17);
    EXPECT_EQ(base::as_text(covered.last(6)), "1:z16:");
    EXPECT_TRUE(crypto::equal_secrets(crypto::mac_of(key(7), {covered}),
                                      base::ByteView(message).last(17).first(16)));
    EXPECT_EQ(message.back(), std::byte{'e'});
}

}  // namespace
}  // namespace qe::dht
