// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/slot_map.h"

#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

namespace qe::base {
namespace {

struct Tag;
using Map = SlotMap<std::string, Tag>;
using MapHandle = Map::HandleType;

TEST(SlotMap, FindsWhatItWasGiven) {
    Map map;
    EXPECT_TRUE(map.empty());
    const MapHandle a = map.emplace("a");
    const MapHandle b = map.emplace(3, 'b');
    EXPECT_EQ(*map.find(a), "a");
    EXPECT_EQ(*std::as_const(map).find(b), "bbb");
    EXPECT_EQ(map.size(), 2U);
    EXPECT_FALSE(a.is_null());
}

TEST(SlotMap, FindsNothingForNullStaleOrForeignHandles) {
    Map map;
    EXPECT_EQ(map.find(MapHandle{}), nullptr);
    const MapHandle a = map.emplace("a");
    EXPECT_EQ(map.find(MapHandle{}), nullptr);
    EXPECT_EQ(map.find(MapHandle{7, 1}), nullptr);
    EXPECT_TRUE(map.erase(a));
    EXPECT_EQ(map.find(a), nullptr);
    EXPECT_FALSE(map.erase(a));
    EXPECT_FALSE(map.erase(MapHandle{}));
    EXPECT_TRUE(map.empty());
}

TEST(SlotMap, ReusesASlotUnderANewGeneration) {
    Map map;
    const MapHandle old = map.emplace("old");
    map.erase(old);
    const MapHandle fresh = map.emplace("fresh");
    EXPECT_EQ(fresh.index, old.index);
    EXPECT_NE(fresh, old);
    EXPECT_EQ(map.find(old), nullptr);
    EXPECT_FALSE(map.erase(old));
    EXPECT_EQ(*map.find(fresh), "fresh");
}

TEST(SlotMap, KeepsValuesInPlaceWhileItGrows) {
    Map map;
    const MapHandle first = map.emplace("first");
    const std::string* place = map.find(first);
    for (int i = 0; i < 1000; ++i) {
        map.emplace("more");
    }
    EXPECT_EQ(map.find(first), place);
}

TEST(SlotMap, VisitsInSlotOrderAndSkipsTheErased) {
    Map map;
    map.emplace("a");
    const MapHandle b = map.emplace("b");
    map.emplace("c");
    map.erase(b);
    std::string seen;
    map.for_each([&](MapHandle handle, std::string& value) {
        EXPECT_EQ(map.find(handle), &value);
        seen += value;
    });
    std::as_const(map).for_each([&](MapHandle, const std::string& value) { seen += value; });
    EXPECT_EQ(seen, "acac");
}

TEST(SlotMap, HandlesAreUsableAsKeys) {
    Map map;
    std::unordered_set<MapHandle> handles;
    for (int i = 0; i < 100; ++i) {
        const MapHandle handle = map.emplace("x");
        handles.insert(handle);
        map.erase(handle);
    }
    EXPECT_EQ(handles.size(), 100U);
}

}  // namespace
}  // namespace qe::base
