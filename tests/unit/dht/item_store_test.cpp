// SPDX-License-Identifier: Apache-2.0
#include "dht/item_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

net::IpAddress ip(std::uint32_t subnet) { return net::IpAddress::v4(0x14000001U + (subnet << 8)); }

base::Bytes value(std::int64_t number) {
    const std::string text = "i" + std::to_string(number) + "e";
    return {base::as_bytes(text).begin(), base::as_bytes(text).end()};
}

Item owned(std::int64_t seq, std::int64_t number, std::string_view salt = "") {
    return make_mutable_item(crypto::Identity::from_seed({}), base::as_bytes(salt), seq,
                             value(number))
        .value();
}

class ItemStoreTest : public ::testing::Test {
  protected:
    std::optional<KrpcError> put(const Item& item, std::optional<std::int64_t> cas = std::nullopt,
                                 base::Instant now = kStart) {
        return store_.put(now, ip(1), view_of(item), cas);
    }

    StoreLimits limits_;
    ItemStore store_{NodeId{}, limits_};
};

TEST_F(ItemStoreTest, KeepsItemsForTheirLifetime) {
    const Item item = make_immutable_item(value(1)).value();
    EXPECT_EQ(put(item), std::nullopt);
    const base::Instant end = kStart + limits_.item_lifetime;
    EXPECT_EQ(*store_.find(end - base::seconds(1), target_of(item)), item);
    EXPECT_EQ(store_.find(end, target_of(item)), nullptr);
    EXPECT_EQ(store_.size(), 1U);
    store_.expire(end);
    EXPECT_EQ(store_.size(), 0U);
    EXPECT_EQ(store_.bytes(), 0U);
}

TEST_F(ItemStoreTest, StoringAgainProlongs) {
    const Item item = owned(1, 1);
    EXPECT_EQ(put(item), std::nullopt);
    EXPECT_EQ(put(item, std::nullopt, kStart + base::seconds(3600)), std::nullopt);
    EXPECT_NE(store_.find(kStart + limits_.item_lifetime + base::seconds(3000), target_of(item)),
              nullptr);
}

TEST_F(ItemStoreTest, OnlyNewerStatesReplace) {
    EXPECT_EQ(put(owned(5, 1)), std::nullopt);
    EXPECT_EQ(put(owned(4, 2)), KrpcError::SeqTooSmall);
    EXPECT_EQ(put(owned(5, 2)), KrpcError::SeqTooSmall);
    EXPECT_EQ(put(owned(6, 2)), std::nullopt);
    EXPECT_EQ(*store_.find(kStart, target_of(owned(6, 2))), owned(6, 2));
    EXPECT_EQ(store_.size(), 1U);
}

TEST_F(ItemStoreTest, ComparesAndSwaps) {
    EXPECT_EQ(put(owned(1, 1), 77), std::nullopt) << "nothing is there to compare with";
    EXPECT_EQ(put(owned(3, 3), 2), KrpcError::CasMismatch);
    EXPECT_EQ(put(owned(3, 3), 1), std::nullopt);
    EXPECT_EQ(put(owned(2, 2), 1), KrpcError::CasMismatch) << "before the number is looked at";
}

TEST_F(ItemStoreTest, SaltsKeepItemsApart) {
    EXPECT_EQ(put(owned(9, 1, "a")), std::nullopt);
    EXPECT_EQ(put(owned(1, 1, "b")), std::nullopt);
    EXPECT_EQ(store_.size(), 2U);
}

TEST_F(ItemStoreTest, RefusesWhatIsTooLargeOrForged) {
    Item large = owned(1, 1);
    large.value.assign(1001, std::byte{'0'});
    EXPECT_EQ(put(large), KrpcError::ValueTooBig);
    Item salty = owned(1, 1);
    salty.salt.assign(65, std::byte{'s'});
    EXPECT_EQ(put(salty), KrpcError::SaltTooBig);
    Item forged = owned(1, 1);
    forged.value = value(2);
    EXPECT_EQ(put(forged), KrpcError::BadSignature);
    EXPECT_EQ(store_.size(), 0U);
}

TEST(ItemStore, GivesUpTheFarthestWhenFull) {
    base::Rng rng{base::Rng::Seed{}};
    StoreLimits limits;
    limits.items_max = 10;
    const NodeId own = random_id(rng);
    ItemStore store(own, limits);
    std::vector<NodeId> targets;
    for (std::uint32_t i = 0; i < 200; ++i) {
        const Item item = make_immutable_item(value(i)).value();
        targets.push_back(target_of(item));
        (void)store.put(kStart, ip(i), view_of(item), std::nullopt);
    }
    EXPECT_EQ(store.size(), 10U);
    std::ranges::sort(targets,
                      [&](const NodeId& a, const NodeId& b) { return is_closer(own, a, b); });
    for (std::size_t i = 0; i < targets.size(); ++i) {
        EXPECT_EQ(store.find(kStart, targets[i]) != nullptr, i < 10) << i;
    }
}

TEST(ItemStore, OneSubnetHoldsOnlyItsShare) {
    StoreLimits limits;
    limits.items_per_subnet_max = 3;
    ItemStore store(NodeId{}, limits);
    const auto put = [&](std::int64_t number, const net::IpAddress& from, base::Instant now) {
        return store.put(now, from, view_of(make_immutable_item(value(number)).value()),
                         std::nullopt);
    };
    for (std::int64_t i = 0; i < 3; ++i) {
        EXPECT_EQ(put(i, ip(1), kStart), std::nullopt);
    }
    EXPECT_EQ(put(4, ip(1), kStart), KrpcError::Server);
    EXPECT_EQ(put(4, ip(2), kStart), std::nullopt);
    EXPECT_EQ(put(5, ip(1), kStart + limits.item_lifetime), std::nullopt);
}

}  // namespace
}  // namespace qe::dht
