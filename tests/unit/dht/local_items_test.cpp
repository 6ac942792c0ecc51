// SPDX-License-Identifier: Apache-2.0
//
// What a node stores itself is found by it, by target as well as by key.
#include <gtest/gtest.h>

#include <algorithm>

#include "quicether/dht/dht.h"
#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

class LocalItemsTest : public ::testing::Test {
  protected:
    LocalItemsTest() {
        config_.id = random_id(rng_);
        dht_.emplace(config_, rng_.fork("dht"), now_);
    }

    std::optional<Item> result_of(const base::Result<OperationId>& operation) {
        while (auto event = dht_->poll_event()) {
            const auto* const lookup = std::get_if<LookupFinished>(&*event);
            if (lookup != nullptr && lookup->operation == operation.value()) {
                return lookup->item;
            }
        }
        ADD_FAILURE() << "the search did not end";
        return std::nullopt;
    }

    base::Rng rng_{base::Rng::Seed{}};
    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000'000);
    DhtConfig config_;
    std::optional<Dht> dht_;
};

TEST_F(LocalItemsTest, MutableOnesAreFoundByTargetAndByKey) {
    const crypto::Identity owner = crypto::Identity::from_seed({});
    for (const std::string_view salt : {"", "salted"}) {
        const auto salt_bytes = base::as_bytes(salt);
        const Item item =
            make_mutable_item(owner, salt_bytes, 1, base::as_bytes("5:hello")).value();
        (void)dht_->put(now_, item, Keep::Once);
        EXPECT_EQ(result_of(dht_->get_immutable(now_, target_of(item))), item);
        EXPECT_EQ(result_of(dht_->get_mutable(now_, owner.public_key(), salt_bytes)), item);
    }
}

/// An immutable value may read like a key and a salt, and then has their target.
TEST_F(LocalItemsTest, NothingUnsignedIsFoundByKey) {
    const std::string value = "40:" + std::string(40, 'x');
    const Item item = make_immutable_item(base::as_bytes(value)).value();
    (void)dht_->put(now_, item, Keep::Once);
    crypto::PublicKey key;
    const auto bytes = base::as_bytes(value);
    std::copy_n(bytes.begin(), key.bytes.size(), key.bytes.begin());
    const auto salt = bytes.subspan(key.bytes.size());
    ASSERT_EQ(mutable_target(key, salt), target_of(item));
    EXPECT_EQ(result_of(dht_->get_mutable(now_, key, salt)), std::nullopt);
    EXPECT_EQ(result_of(dht_->get_immutable(now_, target_of(item))), item);
}

}  // namespace
}  // namespace qe::dht
