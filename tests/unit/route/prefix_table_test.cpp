// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/prefix_table.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::route {
namespace {

using net::IpAddress;
using net::Prefix;

Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }
IpAddress ip(std::string_view text) { return net::parse_ip_address(text).value(); }

TEST(PrefixTable, FindsTheLongestMatch) {
    PrefixTable<std::string> table;
    for (const char* text : {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32",
                             "10.1.2.128/25", "::/0", "fd00::/8", "fd00:1::/48", "fd00:1::7/128"}) {
        EXPECT_TRUE(table.insert(prefix(text), text));
    }
    const auto lookup = [&](const char* address) { return *table.lookup(ip(address)); };
    EXPECT_EQ(lookup("8.8.8.8"), "0.0.0.0/0");
    EXPECT_EQ(lookup("10.2.0.1"), "10.0.0.0/8");
    EXPECT_EQ(lookup("10.1.3.1"), "10.1.0.0/16");
    EXPECT_EQ(lookup("10.1.2.1"), "10.1.2.0/24");
    EXPECT_EQ(lookup("10.1.2.3"), "10.1.2.3/32");
    EXPECT_EQ(lookup("10.1.2.200"), "10.1.2.128/25");
    EXPECT_EQ(lookup("2001::1"), "::/0");
    EXPECT_EQ(lookup("fd01::1"), "fd00::/8");
    EXPECT_EQ(lookup("fd00:1::8"), "fd00:1::/48");
    EXPECT_EQ(lookup("fd00:1::7"), "fd00:1::7/128");
    EXPECT_EQ(table.size(), 10U);
    EXPECT_EQ(table.longest_match(ip("10.1.2.77"))->prefix, prefix("10.1.2.0/24"));
}

TEST(PrefixTable, AnEmptyTableMatchesNothing) {
    PrefixTable<int> table;
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.lookup(ip("1.2.3.4")), nullptr);
    EXPECT_EQ(table.lookup(ip("::")), nullptr);
    EXPECT_FALSE(table.longest_match(ip("::")));
    EXPECT_FALSE(table.erase(prefix("0.0.0.0/0")));
}

TEST(PrefixTable, ADefaultRouteOfOneFamilyIsNoneForTheOther) {
    PrefixTable<int> table;
    table.insert(prefix("0.0.0.0/0"), 4);
    EXPECT_EQ(table.lookup(ip("::1")), nullptr);
    EXPECT_EQ(*table.lookup(ip("255.255.255.255")), 4);
}

TEST(PrefixTable, HostBitsDoNotMatter) {
    PrefixTable<int> table;
    EXPECT_TRUE(table.insert(prefix("10.1.2.3/8"), 1));
    EXPECT_FALSE(table.insert(prefix("10.0.0.0/8"), 2));
    EXPECT_EQ(*table.find_exact(prefix("10.9.9.9/8")), 2);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_TRUE(table.erase(prefix("10.77.0.0/8")));
    EXPECT_TRUE(table.empty());
}

TEST(PrefixTable, FindExactIgnoresCoveringPrefixes) {
    PrefixTable<int> table;
    table.insert(prefix("10.0.0.0/8"), 1);
    table.insert(prefix("10.1.0.0/16"), 2);
    EXPECT_EQ(table.find_exact(prefix("10.0.0.0/9")), nullptr);
    EXPECT_EQ(table.find_exact(prefix("10.0.0.0/16")), nullptr);
    *table.find_exact(prefix("10.1.0.0/16")) = 7;
    EXPECT_EQ(*table.lookup(ip("10.1.0.1")), 7);
}

TEST(PrefixTable, VisitsInPrefixOrder) {
    PrefixTable<int> table;
    base::Rng rng({});
    std::vector<Prefix> wanted;
    for (int i = 0; i < 2000; ++i) {
        std::array<std::byte, 16> bytes{};
        rng.fill(base::MutableBytes(bytes).first(3));
        const bool v4 = rng.below(2) == 0;
        const auto address = IpAddress::from_bytes(base::ByteView(bytes).first(v4 ? 4 : 16));
        const auto length = static_cast<unsigned>(rng.below(address.bit_count() + 1));
        wanted.push_back(Prefix(address, length).network());
        table.insert(wanted.back(), i);
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    std::vector<Prefix> visited;
    table.for_each([&](const Prefix& p, int) { visited.push_back(p); });
    EXPECT_EQ(visited, wanted);
}

/// The obvious implementation: try every length.
class Reference {
  public:
    void insert(const Prefix& p, int value) { map_[p.network()] = value; }
    bool erase(const Prefix& p) { return map_.erase(p.network()) != 0; }
    [[nodiscard]] const int* lookup(const IpAddress& address) const {
        for (unsigned length = address.bit_count() + 1; length-- > 0;) {
            const auto found = map_.find(Prefix(address, length).network());
            if (found != map_.end()) {
                return &found->second;
            }
        }
        return nullptr;
    }
    [[nodiscard]] const std::map<Prefix, int>& map() const { return map_; }

  private:
    std::map<Prefix, int> map_;
};

/// Addresses that share many leading bits, so that prefixes nest and nodes split and merge.
IpAddress clustered_address(base::Rng& rng) {
    const std::size_t size = rng.below(2) == 0 ? 4 : 16;
    std::array<std::byte, 16> bytes{};
    const std::size_t random_from = rng.below(size);
    for (std::size_t i = 0; i < size; ++i) {
        const std::uint64_t choices = i < random_from ? 2 : 256;
        bytes[i] = static_cast<std::byte>(rng.below(choices) * (i < random_from ? 255 : 1));
    }
    return IpAddress::from_bytes(base::ByteView(bytes).first(size));
}

Prefix random_prefix(base::Rng& rng) {
    const IpAddress address = clustered_address(rng);
    const auto length = rng.below(4) == 0 ? rng.below(address.bit_count() / 8 + 1) * 8
                                          : rng.below(address.bit_count() + 1);
    return {address, static_cast<unsigned>(length)};
}

void expect_same_lookup(const PrefixTable<int>& table, const Reference& reference,
                        const IpAddress& address) {
    const int* const got = table.lookup(address);
    const int* const wanted = reference.lookup(address);
    ASSERT_EQ(got == nullptr, wanted == nullptr) << address.to_string();
    if (got != nullptr) {
        ASSERT_EQ(*got, *wanted) << address.to_string();
    }
}

void expect_same_content(const PrefixTable<int>& table, const Reference& reference) {
    ASSERT_EQ(table.size(), reference.map().size());
    auto next = reference.map().begin();
    table.for_each([&](const Prefix& p, int value) {
        ASSERT_EQ(p, next->first);
        ASSERT_EQ(value, next->second);
        ++next;
    });
}

TEST(PrefixTable, AgreesWithTheReferenceOverRandomUpdates) {
    base::Rng rng({});
    PrefixTable<int> table;
    Reference reference;
    std::vector<Prefix> known;
    for (int i = 0; i < 60'000; ++i) {
        const bool growing = i / 10'000 % 2 == 0;
        if (rng.below(10) < (growing ? 7U : 2U) || known.empty()) {
            known.push_back(random_prefix(rng));
            EXPECT_EQ(table.insert(known.back(), i),
                      !reference.map().contains(known.back().network()));
            reference.insert(known.back(), i);
        } else {
            const std::size_t index = rng.below(known.size());
            EXPECT_EQ(table.erase(known[index]), reference.erase(known[index]));
            std::swap(known[index], known.back());
            known.pop_back();
        }
        ASSERT_NO_FATAL_FAILURE(expect_same_lookup(table, reference, clustered_address(rng)));
        if (!known.empty()) {
            const auto& near = known[rng.below(known.size())].address();
            ASSERT_NO_FATAL_FAILURE(expect_same_lookup(table, reference, near));
        }
        if (i % 5000 == 0) {
            ASSERT_NO_FATAL_FAILURE(expect_same_content(table, reference));
        }
    }
    for (const Prefix& p : known) {
        table.erase(p);
        reference.erase(p);
    }
    EXPECT_TRUE(table.empty());
    expect_same_content(table, reference);
}

/// A table beside the reference, compared at every step.
struct Pair {
    PrefixTable<int> table;
    Reference reference;
    int value = 0;

    void insert(const Prefix& p) {
        EXPECT_EQ(table.insert(p, ++value), !reference.map().contains(p.network()));
        reference.insert(p, value);
    }
    void erase(const Prefix& p) { EXPECT_EQ(table.erase(p), reference.erase(p)); }
};

/// `varied` bytes of the address from `first` on are random, as in a network with one owner.
Prefix prefix_below(base::Rng& rng, std::string_view network, std::size_t first, std::size_t varied,
                    unsigned length) {
    const IpAddress given = ip(network);
    std::array<std::byte, 16> bytes{};
    std::copy(given.bytes().begin(), given.bytes().end(), bytes.begin());
    rng.fill(base::MutableBytes(bytes).subspan(first, varied));
    const auto all = base::ByteView(bytes).first(given.bytes().size());
    return Prefix(IpAddress::from_bytes(all), length).network();
}

void expect_same_around(const Pair& pair, const std::vector<Prefix>& prefixes, base::Rng& rng) {
    for (const Prefix& p : prefixes) {
        std::array<std::byte, 16> bytes{};
        std::copy(p.address().bytes().begin(), p.address().bytes().end(), bytes.begin());
        const std::size_t size = p.address().bytes().size();
        bytes[rng.below(size)] ^= static_cast<std::byte>(1U << rng.below(8));
        ASSERT_NO_FATAL_FAILURE(expect_same_lookup(pair.table, pair.reference, p.address()));
        ASSERT_NO_FATAL_FAILURE(expect_same_lookup(
            pair.table, pair.reference, IpAddress::from_bytes(base::ByteView(bytes).first(size))));
    }
}

/// Grows and shrinks through every form: bucket, narrow levels, wide ones, and back.
void grow_and_shrink(const std::vector<Prefix>& prefixes, const std::vector<Prefix>& covering) {
    base::Rng rng({});
    Pair pair;
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < prefixes.size(); ++i) {
            pair.insert(prefixes[i]);
            if (std::has_single_bit(i)) {
                for (const Prefix& p : covering) {
                    pair.insert(p);
                    ASSERT_NO_FATAL_FAILURE(expect_same_around(pair, {prefixes[0], p}, rng));
                }
                ASSERT_NO_FATAL_FAILURE(expect_same_content(pair.table, pair.reference));
                for (const Prefix& p : covering) {
                    pair.erase(p);
                }
            }
        }
        ASSERT_NO_FATAL_FAILURE(expect_same_around(pair, prefixes, rng));
        for (std::size_t i = 0; i < prefixes.size(); ++i) {
            pair.erase(prefixes[i]);
            const Prefix& near = prefixes[rng.below(prefixes.size())];
            ASSERT_NO_FATAL_FAILURE(expect_same_around(pair, {near}, rng));
            if (std::has_single_bit(prefixes.size() - i)) {
                ASSERT_NO_FATAL_FAILURE(expect_same_content(pair.table, pair.reference));
            }
        }
        EXPECT_TRUE(pair.table.empty());
    }
}

TEST(PrefixTable, GrowsAndShrinksOverOneNetworkOfHosts) {
    base::Rng rng({});
    std::vector<Prefix> prefixes;
    for (int i = 0; i < 10'000; ++i) {
        prefixes.push_back(prefix_below(rng, "fd71:7569:6365::", 6, 10, 128));
    }
    grow_and_shrink(prefixes, {prefix("::/0"), prefix("fd00::/8"), prefix("fd71:7569:6365::/48"),
                               prefix("fd71:7569:6364::/47"), prefix("8000::/1")});
}

TEST(PrefixTable, GrowsAndShrinksOverMixedLengths) {
    base::Rng rng({});
    std::vector<Prefix> prefixes;
    for (int i = 0; i < 10'000; ++i) {
        const auto length = static_cast<unsigned>(10 + rng.below(23));
        prefixes.push_back(prefix_below(rng, "10.0.0.0", 1, 3, length));
    }
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    grow_and_shrink(prefixes, {prefix("0.0.0.0/0"), prefix("128.0.0.0/1"), prefix("10.0.0.0/8"),
                               prefix("10.0.0.0/9"), prefix("11.0.0.0/8")});
}

/// All differ behind bit 100 only, more than a bucket or a lookup word keeps of them.
TEST(PrefixTable, GrowsAndShrinksOverPrefixesThatDifferInTheirLastBits) {
    base::Rng rng({});
    std::vector<Prefix> prefixes;
    for (int i = 0; i < 4000; ++i) {
        const auto length = static_cast<unsigned>(112 + rng.below(17));
        prefixes.push_back(prefix_below(rng, "2001:db8:1:2:3:4::", 14, 2, length));
    }
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    grow_and_shrink(prefixes, {prefix("::/0"), prefix("2001:db8::/32"),
                               prefix("2001:db8:1:2:3:4::/100"), prefix("2001:db8:1:2::/64")});
}

TEST(PrefixTable, ShorterPrefixesOneByOneKeepEveryLongerOne) {
    base::Rng rng({});
    Pair pair;
    std::vector<Prefix> prefixes;
    for (int i = 0; i < 40; ++i) {
        prefixes.push_back(prefix_below(rng, "2001:db8:1:2:3:4:5:0", 14, 2, 128));
        pair.insert(prefixes.back());
    }
    for (unsigned length = 112; length-- > 0;) {
        prefixes.push_back(Prefix(ip("2001:db8:1:2:3:4:5:0"), length).network());
        pair.insert(prefixes.back());
        ASSERT_NO_FATAL_FAILURE(expect_same_around(pair, prefixes, rng));
    }
    expect_same_content(pair.table, pair.reference);
}

TEST(PrefixTable, EveryLengthOfOneAddressNests) {
    for (const char* text : {"170.85.170.85", "aaaa:5555:aaaa:5555:aaaa:5555:aaaa:5555"}) {
        PrefixTable<unsigned> table;
        const IpAddress address = ip(text);
        for (unsigned length = 0; length <= address.bit_count(); ++length) {
            table.insert(Prefix(address, length), length);
            EXPECT_EQ(*table.lookup(address), length);
        }
        for (unsigned length = address.bit_count(); length > 0; --length) {
            EXPECT_EQ(*table.lookup(address), length);
            EXPECT_TRUE(table.erase(Prefix(address, length)));
        }
        EXPECT_EQ(*table.lookup(address), 0U);
    }
}

}  // namespace
}  // namespace qe::route
