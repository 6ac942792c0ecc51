// SPDX-License-Identifier: Apache-2.0
//
// The weighted scheduler over simulated links that drain at a steady rate, under a queue that never
// ends.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/multipath/scheduler.h"

namespace qe::multipath {
namespace {

struct Link {
    double capacity = 0;  ///< Bytes per second.
    double weight = 0;
    bool shown = true;
    bool measured = true;
    double credit = 0;
    double rate = 0;
};

/// Advances in milliseconds and records what left by each link.
class Bundle {
  public:
    explicit Bundle(std::vector<Link> all) : links(std::move(all)) {}

    void run(int milliseconds) {
        for (int i = 0; i < milliseconds; ++i) {
            for (Link& link : links) {
                // A window of 20 ms opens as acknowledgements come.
                link.credit = std::min(link.credit + link.capacity / 1000, link.capacity / 50);
            }
            sent.emplace_back();
            pull();
            measure();
        }
    }
    /// Bytes of a link in the `span` milliseconds from `begin` on.
    [[nodiscard]] double bytes(std::size_t link, std::size_t begin, std::size_t span) const {
        double sum = 0;
        for (std::size_t i = begin; i < begin + span; ++i) {
            sum += sent[i][link];
        }
        return sum;
    }
    [[nodiscard]] double all_bytes(std::size_t begin, std::size_t span) const {
        double sum = 0;
        for (std::size_t link = 0; link < links.size(); ++link) {
            sum += bytes(link, begin, span);
        }
        return sum;
    }
    /// A link's share of the second from `begin` on.
    [[nodiscard]] double share(std::size_t link, std::size_t begin) const {
        return bytes(link, begin, 1000) / all_bytes(begin, 1000);
    }

    std::vector<Link> links;
    std::vector<std::array<double, kPathsMax>> sent;  ///< In each millisecond.
    std::unique_ptr<Scheduler> scheduler = make_weighted();

  private:
    [[nodiscard]] std::vector<PathView> views() const {
        std::vector<PathView> result;
        for (std::size_t i = 0; i < links.size(); ++i) {
            const Link& link = links[i];
            if (link.shown) {
                result.push_back({static_cast<PathIndex>(i),
                                  static_cast<std::size_t>(std::max(0.0, link.credit)),
                                  base::milliseconds(20), link.rate, link.weight});
            }
        }
        return result;
    }
    void pull() {
        for (;;) {
            const Grant grant = scheduler->next(views());
            if (grant.paths == 0) {
                return;
            }
            PathIndex path = 0;
            while (!contains(grant.paths, path)) {
                ++path;
            }
            const std::size_t left = burst(grant.bytes);
            links[path].credit -= static_cast<double>(left);
            sent.back()[path] += static_cast<double>(left);
            scheduler->handle_sent(path, left);
        }
    }
    /// Datagrams of a random size, one at least, further ones as they fit.
    std::size_t burst(std::size_t bytes_max) {
        std::size_t left = 0;
        do {
            left += waiting_;
            waiting_ = 100 + rng_.below(1300);
        } while (left + waiting_ <= bytes_max);
        return left;
    }
    /// What a PathMonitor would say, roughly.
    void measure() {
        if (sent.size() % 100 != 0) {
            return;
        }
        for (std::size_t i = 0; i < links.size(); ++i) {
            if (links[i].measured) {
                links[i].rate += (10 * bytes(i, sent.size() - 100, 100) - links[i].rate) / 2;
            }
        }
    }

    base::Rng rng_{base::Rng::Seed{}};
    std::size_t waiting_ = 1000;
};

/// Every second that begins after `begin` has these shares to 5 %.
void expect_shares(const Bundle& bundle, const std::vector<double>& shares, std::size_t begin) {
    for (std::size_t start = begin; start + 1000 <= bundle.sent.size(); start += 20) {
        for (std::size_t link = 0; link < shares.size(); ++link) {
            ASSERT_NEAR(bundle.share(link, start), shares[link], 0.05 * shares[link])
                << "link " << link << " from " << start << " ms on";
        }
    }
}

TEST(Weighted, ObeysTheWeightsInEverySecond) {
    for (const bool measured : {false, true}) {
        Bundle bundle({{10e6, 5}, {10e6, 3}, {2e6, 1}, {10e6, 1}});
        for (Link& link : bundle.links) {
            link.measured = measured;
        }
        bundle.run(4000);
        expect_shares(bundle, {0.5, 0.3, 0.1, 0.1}, 0);
        // All that the weights allow: the second link is the first to be full.
        EXPECT_GT(bundle.all_bytes(1000, 1000), 0.9 * 20e6);
    }
}

TEST(Weighted, ObeysThemOnSlowLinksToo) {
    Bundle bundle({{1e6, 4}, {1e6, 1}});
    bundle.run(5000);
    expect_shares(bundle, {0.8, 0.2}, 0);
}

TEST(Weighted, APathThatWasAwayDoesNotCatchUp) {
    Bundle bundle({{10e6, 1}, {10e6, 1}});
    bundle.run(1000);
    bundle.links[1].shown = false;
    bundle.run(3000);
    EXPECT_EQ(bundle.bytes(1, 1000, 3000), 0);
    bundle.links[1].shown = true;
    bundle.run(3000);
    EXPECT_NEAR(bundle.bytes(0, 4000, 100), bundle.bytes(1, 4000, 100),
                0.2 * bundle.bytes(0, 4000, 100));
    expect_shares(bundle, {0.5, 0.5}, 4000);
}

TEST(Weighted, APathThatReturnsBeginsLevelHoweverFarItWasAhead) {
    const auto scheduler = make_weighted();
    const PathView other = {0, 5000, {}, 0, 1};
    const PathView ahead = {1, 5000, {}, 0, 1};
    ASSERT_EQ(scheduler->next(std::vector{other, ahead}).paths, set_of(0));
    scheduler->handle_sent(1, 1'000'000);
    ASSERT_EQ(scheduler->next(std::vector{other}).paths, set_of(0));
    ASSERT_EQ(scheduler->next(std::vector{other, ahead}).paths, set_of(0));
    scheduler->handle_sent(0, 1000);
    EXPECT_EQ(scheduler->next(std::vector{other, ahead}).paths, set_of(1));
}

TEST(Weighted, FollowsWeightsThatChange) {
    Bundle bundle({{10e6, 9}, {10e6, 1}});
    bundle.run(2000);
    bundle.links[0].weight = 1;
    bundle.run(2000);
    expect_shares(bundle, {0.5, 0.5}, 2000);
}

TEST(Weighted, APathWithoutAWeightCountsAsTheMean) {
    Bundle bundle({{10e6, 6}, {10e6, 0}, {10e6, 2}});
    bundle.run(2000);
    expect_shares(bundle, {0.5, 4.0 / 12, 2.0 / 12}, 0);
}

TEST(Weighted, WaitsForAFullPathThatIsDue) {
    const auto scheduler = make_weighted();
    EXPECT_EQ(scheduler->name(), "weighted");
    const PathView full = {0, 0, {}, 0, 1};
    const PathView open = {1, 5000, {}, 0, 1};
    EXPECT_EQ(scheduler->next(std::vector{full, open}).paths, 0);
    EXPECT_EQ(scheduler->next(std::vector{open}).paths, set_of(1));
}

TEST(Weighted, WithoutWeightsFindsAndFillsWhatThePathsDeliver) {
    Bundle bundle({{1e6}, {10e6}, {3e6}});
    bundle.run(4000);
    EXPECT_GT(bundle.all_bytes(3000, 1000), 0.97 * 14e6);
    expect_shares(bundle, {1.0 / 14, 10.0 / 14, 3.0 / 14}, 1500);
}

TEST(Weighted, WithoutWeightsSharesASmallLoadByRate) {
    const auto scheduler = make_weighted();
    const std::vector<PathView> paths = {{0, 5000, {}, 9000, 0}, {1, 5000, {}, 1000, 0}};
    std::array<int, 2> sent{};
    for (int i = 0; i < 1000; ++i) {
        const PathIndex path = scheduler->next(paths).paths == set_of(0) ? 0 : 1;
        scheduler->handle_sent(path, 1000);
        ++sent[path];
    }
    EXPECT_NEAR(sent[0], 900, 2);
}

TEST(Weighted, WithoutWeightsAFullPathNeitherStopsTheOthersNorSavesUpItsTurns) {
    const auto scheduler = make_weighted();
    std::vector<PathView> paths = {{0, 0, {}, 0, 0}, {1, 5000, {}, 0, 0}};
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(scheduler->next(paths).paths, set_of(1));
        scheduler->handle_sent(1, 1000);
    }
    paths[0].room = 5000;
    int first = 0;
    for (int i = 0; i < 10; ++i) {
        const PathIndex path = scheduler->next(paths).paths == set_of(0) ? 0 : 1;
        scheduler->handle_sent(path, 1000);
        first += path == 0 ? 1 : 0;
    }
    EXPECT_NEAR(first, 5, 1);
    paths[0].room = paths[1].room = 0;
    EXPECT_EQ(scheduler->next(paths).paths, 0);
}

TEST(Weighted, GrantsFastPathsBurstsWithinTheirRoom) {
    const auto scheduler = make_weighted();
    const PathView slow = {0, 100'000, {}, 1e4, 1};
    const PathView quick = {0, 100'000, {}, 2e6, 1};
    const PathView quickest = {0, 200'000, {}, 1e9, 1};
    const PathView tight = {0, 700, {}, 1e9, 1};
    EXPECT_LT(scheduler->next(std::vector{slow}).bytes, 100U);
    EXPECT_EQ(scheduler->next(std::vector{quick}).bytes, 10'000U);
    EXPECT_EQ(scheduler->next(std::vector{quickest}).bytes, 65'536U);
    EXPECT_EQ(scheduler->next(std::vector{tight}).bytes, 700U);
}

}  // namespace
}  // namespace qe::multipath
