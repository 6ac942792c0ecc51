// SPDX-License-Identifier: Apache-2.0
#include "dht/lookup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "quicether/dht/secure_id.h"

namespace qe::dht {
namespace {

class LookupTest : public ::testing::Test {
  protected:
    LookupTest() : own_(random_id(rng_)), target_(random_id(rng_)) {}

    Lookup lookup() { return Lookup(own_, target_, net::Family::V4, config_); }
    Contact contact(unsigned bits) {
        return {random_id_at(target_, bits, rng_),
                {net::IpAddress::v4(0x14000001U + (next_++ << 16)), 9000, 0}};
    }
    std::vector<std::size_t> poll_all(Lookup& lookup) {
        std::vector<std::size_t> asked;
        while (const auto index = lookup.poll_candidate()) {
            asked.push_back(*index);
        }
        return asked;
    }
    void answer(Lookup& lookup, std::size_t index) {
        lookup.handle_answer(index, lookup.candidate(index).contact.id, {}, false);
    }

    base::Rng rng_{base::Rng::Seed{}};
    NodeId own_;
    NodeId target_;
    DhtConfig config_;
    std::uint32_t next_ = 0;
};

TEST_F(LookupTest, WithoutSeedsIsFinished) { EXPECT_TRUE(lookup().is_finished()); }

TEST_F(LookupTest, AsksEveryEndpointItBeginsWith) {
    Lookup search = lookup();
    for (int i = 0; i < 5; ++i) {
        search.add_seed(contact(0).endpoint);
    }
    std::set<std::size_t> asked;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            asked.insert(index);
            search.handle_silence(index);
        }
    }
    EXPECT_EQ(asked.size(), 5U);
}

TEST_F(LookupTest, AsksTheNearestFirstAndLimitsWhatIsInFlight) {
    config_.lookup_paths = 1;
    Lookup search = lookup();
    for (unsigned bits = 0; bits < 8; ++bits) {
        search.add_seed(contact(bits));
    }
    const auto asked = poll_all(search);
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(common_prefix_bits(target_, search.candidate(asked[0]).contact.id), 7U);
    answer(search, asked[0]);
    EXPECT_EQ(poll_all(search).size(), 1U);
}

TEST_F(LookupTest, EndsWhenTheNearestHaveAnswered) {
    config_.lookup_paths = 1;
    Lookup search = lookup();
    for (unsigned bits = 0; bits < 20; ++bits) {
        search.add_seed(contact(bits));
    }
    std::size_t asked = 0;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            ++asked;
            answer(search, index);
        }
    }
    EXPECT_EQ(asked, 8U);
    const auto nearest = search.nearest_answered(8);
    EXPECT_EQ(common_prefix_bits(target_, search.candidate(nearest[0]).contact.id), 19U);
}

TEST_F(LookupTest, ContinuesWhenHalfTheNodesStaySilent) {
    Lookup search = lookup();
    for (unsigned bits = 0; bits < 40; ++bits) {
        search.add_seed(contact(bits));
    }
    bool silent = false;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            silent = !silent;
            silent ? search.handle_silence(index) : answer(search, index);
        }
    }
    EXPECT_EQ(search.nearest_answered(100).size(), search.answered_count());
    EXPECT_GE(search.answered_count(), 8U);
}

TEST_F(LookupTest, ANodeIsUsedByOnePathOnly) {
    config_.lookup_paths = 4;
    Lookup search = lookup();
    const Contact shared = contact(9);
    for (unsigned i = 0; i < 8; ++i) {
        search.add_seed(contact(2));
    }
    std::set<NodeId> asked;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            EXPECT_TRUE(asked.insert(search.candidate(index).contact.id).second);
            search.handle_named(index, shared);
            search.handle_named(index, contact(5));
            answer(search, index);
            if (asked.size() > 60) {
                return;
            }
        }
    }
    EXPECT_EQ(asked.count(shared.id), 1U);
}

TEST_F(LookupTest, OnePathIsNotLedAstrayByTheLiarOfAnother) {
    config_.lookup_paths = 2;
    Lookup search = lookup();
    const Contact liar = contact(3);
    const Contact honest = contact(3);
    search.add_seed(liar);
    search.add_seed(honest);
    std::vector<Contact> good;
    for (unsigned i = 0; i < 4; ++i) {
        good.push_back(contact(8));
    }
    std::size_t asked = 0;
    while (!search.is_finished() && asked < 100) {
        for (const std::size_t index : poll_all(search)) {
            ++asked;
            // Accomplices, ever nearer to the target than any honest node.
            const bool lies = search.candidate(index).path == search.candidate(0).path;
            for (unsigned i = 0; i < 4; ++i) {
                search.handle_named(index,
                                    lies ? contact(12 + static_cast<unsigned>(asked)) : good[i]);
            }
            answer(search, index);
        }
    }
    std::size_t reached = 0;
    for (const std::size_t index : search.nearest_answered(100)) {
        reached +=
            static_cast<std::size_t>(std::ranges::count(good, search.candidate(index).contact));
    }
    EXPECT_EQ(reached, 4U);
}

TEST_F(LookupTest, NamingANodeDoesNotKeepItFromOtherPaths) {
    config_.lookup_paths = 2;
    Lookup search = lookup();
    search.add_seed(contact(3));
    search.add_seed(contact(3));
    const Contact honest = contact(10);
    const auto first = poll_all(search);
    ASSERT_EQ(first.size(), 2U);
    // The liar's path has nearer ones to ask first.
    for (unsigned i = 0; i < 8; ++i) {
        search.handle_named(first[0], contact(30 + i));
    }
    search.handle_named(first[0], honest);
    answer(search, first[0]);
    search.handle_named(first[1], honest);
    answer(search, first[1]);
    const auto second = poll_all(search);
    EXPECT_TRUE(std::ranges::any_of(second, [&](std::size_t index) {
        return search.candidate(index).contact == honest && search.candidate(index).path == 1;
    }));
}

TEST_F(LookupTest, StoresAtTheNearestOfEachPath) {
    config_.lookup_paths = 4;
    Lookup search = lookup();
    for (unsigned i = 0; i < 24; ++i) {
        // Path 0 gets all that are very near.
        search.add_seed(contact(i % 4 == 0 ? 40 : 2));
    }
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            for (unsigned i = 0; i < 6 && search.candidate(index).path == 0; ++i) {
                search.handle_named(index, contact(41));
            }
            answer(search, index);
        }
    }
    std::array<std::size_t, 4> of_path{};
    for (const std::size_t index : search.store_places()) {
        ++of_path[search.candidate(index).path];
    }
    EXPECT_GE(of_path[0], 8U);
    for (std::size_t path = 1; path < 4; ++path) {
        EXPECT_EQ(of_path[path], 3U);
    }
}

TEST_F(LookupTest, DoubtsIdsNearerThanChanceAllows) {
    Lookup search = lookup();
    search.set_density(Density(1000));
    const Contact liar = contact(3);
    search.add_seed(liar);
    search.add_seed(contact(3));
    std::set<NodeId> made_up;
    std::set<NodeId> asked;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            asked.insert(search.candidate(index).contact.id);
            const bool lies = search.candidate(index).contact == liar;
            for (unsigned i = 0; i < 8; ++i) {
                // Also one that shares all the bits that are compared.
                const Contact named = lies ? contact(i == 0 ? 100 : 32) : contact(7 + i / 4);
                search.handle_named(index, named);
                if (lies) {
                    made_up.insert(named.id);
                }
            }
            answer(search, index);
        }
        ASSERT_LT(asked.size(), 100U);
    }
    EXPECT_EQ(made_up.size(), 8U);
    EXPECT_GT(asked.size(), 4U);
    for (const NodeId& id : made_up) {
        EXPECT_FALSE(asked.contains(id));
    }
}

TEST_F(LookupTest, AFloodOfDoubtedIdsDrivesOutNobody) {
    config_.lookup_paths = 1;
    config_.lookup_parallel = 1;
    Lookup search = lookup();
    search.set_density(Density(1000));
    search.add_seed(contact(3));
    const Contact honest = contact(2);
    const auto first = search.poll_candidate();
    ASSERT_TRUE(first.has_value());
    for (std::size_t i = 0; i + 1 < Lookup::kCandidatesMax; ++i) {
        search.handle_named(*first, contact(32));
    }
    answer(search, *first);
    const Contact next = contact(2);
    search.add_seed(next);
    search.add_seed(honest);
    std::set<NodeId> asked;
    while (const auto index = search.poll_candidate()) {
        asked.insert(search.candidate(*index).contact.id);
        answer(search, *index);
    }
    EXPECT_TRUE(asked.contains(next.id));
    EXPECT_TRUE(asked.contains(honest.id));
}

TEST_F(LookupTest, KnowsWhenMadeUpIdsCrowdTheTarget) {
    for (const unsigned bits : {7U, 9U, 32U}) {
        Lookup search = lookup();
        search.set_density(Density(1000));
        search.add_seed(contact(3));
        const auto first = search.poll_candidate();
        ASSERT_TRUE(first.has_value());
        for (unsigned i = 0; i < 40; ++i) {
            search.handle_named(*first, contact(bits));
        }
        answer(search, *first);
        // Those at 32 bits are all doubted, so nothing of them is in the way.
        EXPECT_EQ(search.is_crowded(), bits < 32) << bits;
    }
}

TEST_F(LookupTest, BelievesTheVeryNodeThatItLooksFor) {
    Lookup search = lookup();
    search.set_density(Density(1000));
    search.add_seed(contact(3));
    const Contact sought{target_, contact(0).endpoint};
    bool was_asked = false;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            was_asked = was_asked || search.candidate(index).contact == sought;
            search.handle_named(index, sought);
            answer(search, index);
        }
    }
    EXPECT_TRUE(was_asked);
    ASSERT_FALSE(search.nearest_answered(1).empty());
    EXPECT_EQ(search.candidate(search.nearest_answered(1)[0]).contact, sought);
}

/// Nodes asked by a lookup that knows 8 at 6 bits, all of which answer, and 20 farther ones.
std::size_t questions(Lookup& search, const std::vector<Contact>& contacts) {
    for (const Contact& contact : contacts) {
        search.add_seed(contact);
    }
    std::size_t asked = 0;
    while (const auto index = search.poll_candidate()) {
        ++asked;
        search.handle_answer(*index, search.candidate(*index).contact.id, {}, false);
    }
    EXPECT_TRUE(search.is_finished());
    return asked;
}

TEST_F(LookupTest, GoesFurtherWhenNodesMustBeMissingOrWhenToldTo) {
    config_.lookup_paths = 1;
    std::vector<Contact> contacts;
    for (unsigned i = 0; i < 28; ++i) {
        contacts.push_back(contact(i < 8 ? 6 : 3));
    }
    Lookup plain = lookup();
    EXPECT_EQ(questions(plain, contacts), 8U);
    Lookup fitting = lookup();
    fitting.set_density(Density(600));
    EXPECT_EQ(questions(fitting, contacts), 8U);
    // 8 where a hundred are to be expected: they are those that somebody chose to name.
    Lookup thin = lookup();
    thin.set_density(Density(10'000));
    EXPECT_EQ(questions(thin, contacts), 16U);
    Lookup thorough = lookup();
    thorough.set_thorough(true);
    EXPECT_EQ(questions(thorough, contacts), 16U);
}

TEST_F(LookupTest, TakesFewNodesOfOneSubnet) {
    Lookup search = lookup();
    for (unsigned i = 0; i < 20; ++i) {
        search.add_seed(Contact{random_id_at(target_, 30 + i, rng_),
                                {net::IpAddress::v4(0x08080801U + i), 9000, 0}});
    }
    search.add_seed(contact(1));
    std::size_t asked = 0;
    while (!search.is_finished()) {
        for (const std::size_t index : poll_all(search)) {
            ++asked;
            answer(search, index);
        }
    }
    EXPECT_EQ(asked, 3U);
}

TEST_F(LookupTest, KeepsABoundedNumberOfCandidates) {
    Lookup search = lookup();
    search.add_seed(contact(0));
    search.add_seed(contact(0));
    std::size_t asked = 0;
    while (!search.is_finished() && asked < 2000) {
        for (const std::size_t index : poll_all(search)) {
            ++asked;
            for (unsigned i = 0; i < 20; ++i) {
                search.handle_named(index, contact(static_cast<unsigned>(rng_.below(30))));
            }
            answer(search, index);
        }
    }
    EXPECT_TRUE(search.is_finished());
    EXPECT_LE(asked, Lookup::kCandidatesMax);
}

TEST_F(LookupTest, BeginsWithEndpointsOfUnknownIds) {
    Lookup search = lookup();
    const Contact start = contact(4);
    search.add_seed(start.endpoint);
    const auto index = search.poll_candidate();
    ASSERT_TRUE(index.has_value());
    EXPECT_FALSE(search.candidate(*index).id_known);
    search.handle_named(*index, contact(7));
    search.handle_answer(*index, start.id, base::as_bytes("token"), true);
    EXPECT_EQ(search.candidate(*index).contact, start);
    EXPECT_EQ(base::as_text(search.candidate(*index).token), "token");
    EXPECT_FALSE(search.is_finished());
}

TEST_F(LookupTest, WantsSecureIdsWhenTold) {
    config_.require_secure_ids = true;
    Lookup search = lookup();
    search.add_seed(contact(9));
    EXPECT_TRUE(search.is_finished());
    const net::IpAddress ip = net::parse_ip_address("203.0.113.9").value();
    search.add_seed(Contact{make_secure_id(ip, rng_), {ip, 9000, 0}});
    EXPECT_FALSE(search.is_finished());
}

TEST_F(LookupTest, NeverAsksItselfOrTheOtherFamily) {
    Lookup search = lookup();
    search.add_seed(Contact{own_, contact(1).endpoint});
    search.add_seed(net::parse_socket_address("[2001:db8::1]:9000", 0).value());
    EXPECT_TRUE(search.is_finished());
}

}  // namespace
}  // namespace qe::dht
