// SPDX-License-Identifier: Apache-2.0
#include "dht/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "quicether/crypto/digest.h"
#include "quicether/dht/dht.h"

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

Tables filled(std::size_t count, bool v6) {
    base::Rng rng{base::Rng::Seed{}};
    DhtConfig config;
    config.bucket_size = 20;
    config.diversity.per_network_in_table = UINT16_MAX;
    Tables tables(config);
    for (std::size_t i = 0; i < count; ++i) {
        std::array<std::byte, 16> ip{std::byte{0xfd}};
        ip[14] = static_cast<std::byte>(i >> 8);
        ip[15] = static_cast<std::byte>(i);
        Contact contact{random_id_at(config.id, static_cast<unsigned>(i / 20), rng), {}};
        contact.endpoint = {net::IpAddress::v4(0x0a000001U + static_cast<unsigned>(i)), 9000, 0};
        tables.of(net::Family::V4)->handle_reply(kStart, contact, base::milliseconds(1));
        if (v6) {
            contact.endpoint.ip = net::IpAddress::v6(ip);
            tables.of(net::Family::V6)->handle_reply(kStart, contact, base::milliseconds(1));
        }
    }
    return tables;
}

TEST(Snapshot, ReadsBackBothFamilies) {
    const Tables tables = filled(30, true);
    const auto contacts = parse_snapshot(encode_snapshot(tables)).value();
    EXPECT_EQ(contacts.size(), 60U);
    tables.for_each_table([&](net::Family, const NodeTable& table) {
        table.for_each([&](const TableEntry& entry) {
            EXPECT_NE(std::ranges::find(contacts, entry.contact), contacts.end());
        });
    });
    EXPECT_TRUE(parse_snapshot(encode_snapshot(filled(0, false))).value().empty());
}

TEST(Snapshot, IsBounded) {
    const base::Bytes bytes = encode_snapshot(filled(3000, true));
    EXPECT_LE(bytes.size(), kSnapshotBytesMax);
    EXPECT_GT(parse_snapshot(bytes).value().size(), 1000U);
}

TEST(Snapshot, RefusesTornAndChangedFiles) {
    const base::Bytes whole = encode_snapshot(filled(5, true));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_snapshot(base::ByteView(whole).first(size)).has_value()) << size;
        base::Bytes changed = whole;
        changed[size] ^= std::byte{0x10};
        EXPECT_FALSE(parse_snapshot(changed).has_value()) << size;
    }
}

TEST(Snapshot, TellsOtherVersionsFromGarbage) {
    base::Bytes bytes = encode_snapshot(filled(1, false));
    bytes[5] = std::byte{2};
    const std::size_t content = bytes.size() - 20;
    std::ranges::copy(crypto::sha1(base::ByteView(bytes).first(content)),
                      bytes.begin() + static_cast<std::ptrdiff_t>(content));
    EXPECT_EQ(parse_snapshot(bytes).error().code, base::ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace qe::dht
