// SPDX-License-Identifier: Apache-2.0
//
// Resequencer against a model that keeps everything in maps and counts beyond 29 bits, over
// networks that reorder, repeat and lose, with jumps and little memory.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/multipath/resequencer.h"

namespace qe::multipath {
namespace {

using base::Duration;
using base::Instant;
using base::milliseconds;

constexpr std::int64_t kWindow = Resequencer::kWindow;

class Model {
  public:
    Model(bool ordered, std::size_t bytes_max) : ordered_(ordered), bytes_max_(bytes_max) {}

    Arrival arrive(Instant now, std::int64_t number, std::size_t size) {
        const bool far_behind = number < next_ - kWindow;
        const bool quiet = now - near_at_ >= Resequencer::kRestartAfter;
        if (!begun_ || number - end_ >= kWindow || (far_behind && quiet)) {
            begun_ = true;
            held_.clear();
            delivered_.clear();
            const std::int64_t wire = number % (std::int64_t{Sequence::kMask} + 1);
            next_ = wire < std::int64_t{Resequencer::kOpening} ? number - wire : number;
            end_ = next_;
        } else if (far_behind) {
            return Arrival::Drop;
        }
        near_at_ = now;
        if (delivered_.contains(number) || held_.contains(number)) {
            return Arrival::Drop;
        }
        if (ordered_ && number > next_) {
            held_[number] = {size, now};
            end_ = std::max(end_, number + 1);
            return Arrival::Held;
        }
        delivered_.insert(number);
        next_ = std::max(next_, number + 1);
        end_ = std::max(end_, next_);
        return Arrival::Deliver;
    }

    std::optional<std::int64_t> pop(Instant now) {
        if (held_.empty()) {
            return std::nullopt;
        }
        const std::int64_t first = held_.begin()->first;
        const bool patient = now < deadline() && bytes() <= bytes_max_ && end_ - next_ <= kWindow;
        if (first != next_ && patient) {
            return std::nullopt;
        }
        next_ = first + 1;
        delivered_.insert(first);
        held_.erase(first);
        return first;
    }

    [[nodiscard]] Instant deadline() const {
        Instant first = Instant::never();
        for (const auto& [number, entry] : held_) {
            first = std::min(first, entry.came_at + patience);
        }
        return first;
    }
    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const auto& [number, entry] : held_) {
            sum += entry.size;
        }
        return sum;
    }

    Duration patience = milliseconds(50);

  private:
    struct Entry {
        std::size_t size = 0;
        Instant came_at;
    };

    bool ordered_;
    std::size_t bytes_max_;
    bool begun_ = false;
    std::int64_t next_ = 0;
    std::int64_t end_ = 0;
    Instant near_at_;
    std::map<std::int64_t, Entry> held_;
    std::set<std::int64_t> delivered_;
};

/// The content of a datagram: its number, then filling.
base::Bytes content(std::int64_t number, std::size_t size) {
    base::Bytes bytes(std::max<std::size_t>(size, 8));
    base::ByteWriter(bytes).u64(static_cast<std::uint64_t>(number));
    return bytes;
}
std::int64_t number_of(base::ByteView bytes) {
    return static_cast<std::int64_t>(base::ByteReader(bytes).u64());
}
Sequence sequence_of(std::int64_t number) { return Sequence(static_cast<std::uint32_t>(number)); }

/// Both under the same input; fails the test where they differ.
class Pair {
  public:
    Pair(bool ordered, std::size_t bytes_max)
        : lane(ordered, bytes_max), model(ordered, bytes_max), bytes_max_(bytes_max) {}

    void set_patience(Duration patience) {
        lane.set_patience(patience);
        model.patience = patience;
    }
    void arrive(Instant now, std::int64_t number, std::size_t size) {
        const base::Bytes bytes = content(number, size);
        const Arrival expected = model.arrive(now, number, bytes.size());
        ASSERT_EQ(lane.arrive(now, sequence_of(number), bytes), expected) << number;
        got += expected == Arrival::Deliver ? 1U : 0U;
        drain(now);
    }
    void drain(Instant now) {
        for (;;) {
            const auto expected = model.pop(now);
            const auto bytes = lane.pop(now);
            ASSERT_EQ(bytes.has_value(), expected.has_value());
            if (!bytes) {
                break;
            }
            ASSERT_EQ(number_of(*bytes), *expected);
            ++got;
        }
        ASSERT_EQ(lane.next_deadline(), model.deadline());
        ASSERT_EQ(lane.bytes_held(), model.bytes());
        ASSERT_LE(lane.bytes_held(), bytes_max_);
    }

    Resequencer lane;
    Model model;
    std::uint64_t got = 0;

  private:
    std::size_t bytes_max_;
};

/// A sender's numbers in the order in which they arrive.
class Network {
  public:
    Network(base::Rng& rng, std::int64_t first) : rng_(rng), next_(first) {}

    std::int64_t arrival() {
        while (flying_.size() < reach) {
            if (rng_.below(100) >= loss_percent) {
                flying_.push_back(next_);
            }
            ++next_;
        }
        const std::size_t index = rng_.below(rng_.below(4) == 0 ? flying_.size() : 2);
        const std::int64_t number = flying_[index];
        if (rng_.below(20) != 0) {  // Else it comes once more.
            flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(index));
        }
        return number;
    }
    void jump(std::int64_t steps) { next_ += steps; }

    std::size_t reach = 2;
    std::uint64_t loss_percent = 0;

  private:
    base::Rng& rng_;
    std::int64_t next_;
    std::vector<std::int64_t> flying_;
};

ResequencerCounters run_history(base::Rng& rng, bool ordered) {
    const std::size_t bytes_max = rng.below(2) == 0 ? 1U << 20 : 20'000;
    Pair pair(ordered, bytes_max);
    const std::int64_t circle = std::int64_t{1} << 29;
    Network network(rng, 3 * circle - 2000);
    network.reach = 2 + rng.below(rng.below(2) == 0 ? 300 : 10);
    network.loss_percent = rng.below(2) * rng.below(10);
    Instant now;
    for (int i = 0; i < 4000 && !testing::Test::HasFatalFailure(); ++i) {
        now = now + base::microseconds(rng.below(rng.below(200) == 0 ? 400'000 : 600));
        pair.arrive(now, network.arrival(), 8 + rng.below(1400));
        if (rng.below(1000) == 0) {
            const auto steps = static_cast<std::int64_t>(rng.below(4 * kWindow));
            network.jump(rng.below(2) == 0 ? steps : -steps);
        }
        if (rng.below(500) == 0) {
            pair.set_patience(milliseconds(1 + rng.below(100)));
        }
        if (rng.below(10) == 0) {
            now = std::max(now, std::min(pair.lane.next_deadline(), now + milliseconds(100)));
            pair.drain(now);
        }
    }
    const ResequencerCounters& counters = pair.lane.counters();
    EXPECT_EQ(counters.in_order + counters.waited + counters.late, pair.got);
    return counters;
}

TEST(ResequencerModel, AgreesOnOrderedLanes) {
    base::Rng rng({});
    ResequencerCounters sum;
    for (int round = 0; round < 60 && !HasFatalFailure(); ++round) {
        SCOPED_TRACE(round);
        const ResequencerCounters counters = run_history(rng, true);
        sum.late += counters.late;
        sum.duplicates += counters.duplicates;
        sum.stale += counters.stale;
        sum.discarded += counters.discarded;
        sum.restarts += counters.restarts;
    }
    // The histories are worth something only if everything happened in them.
    EXPECT_GT(std::min({sum.late, sum.duplicates, sum.stale, sum.discarded, sum.restarts}), 10U);
}

TEST(ResequencerModel, AgreesOnLooseLanes) {
    base::Rng rng({});
    for (int round = 0; round < 20 && !HasFatalFailure(); ++round) {
        SCOPED_TRACE(round);
        EXPECT_EQ(run_history(rng, false).waited, 0U);
    }
}

/// Sends `count` datagrams over two paths whose delays differ by up to 20 ms, each copied at times.
std::multimap<Instant, std::int64_t> two_paths(base::Rng& rng, std::int64_t first,
                                               std::int64_t count) {
    std::multimap<Instant, std::int64_t> arrivals;
    Instant sent;
    for (std::int64_t i = 0; i < count; ++i) {
        sent = sent + base::microseconds(rng.below(50));
        const std::uint64_t copies = rng.below(10) == 0 ? 2 : 1;
        for (std::uint64_t copy = 0; copy < copies; ++copy) {
            const auto delay = base::microseconds(rng.below(2) * 15'000 + rng.below(5000));
            arrivals.emplace(sent + delay, first + i);
        }
    }
    return arrivals;
}

TEST(ResequencerModel, PathsOfUnequalDelayYieldPerfectOrderToThePatient) {
    base::Rng rng({});
    const std::int64_t first = (std::int64_t{1} << 29) - 10'000;
    constexpr std::int64_t kCount = 20'000;
    const auto arrivals = two_paths(rng, first, kCount);
    Resequencer lane(true, 8U << 20);
    std::vector<std::int64_t> got;
    // The lane learns from its first arrival where it begins.
    ASSERT_EQ(lane.arrive(Instant(), sequence_of(first - 1), {}), Arrival::Deliver);
    for (const auto& [when, number] : arrivals) {
        const base::Bytes bytes = content(number, 8 + rng.below(1400));
        if (lane.arrive(when, sequence_of(number), bytes) == Arrival::Deliver) {
            got.push_back(number);
        }
        while (const auto next = lane.pop(when)) {
            got.push_back(number_of(*next));
        }
    }
    ASSERT_EQ(got.size(), static_cast<std::size_t>(kCount));
    for (std::int64_t i = 0; i < kCount; ++i) {
        ASSERT_EQ(got[static_cast<std::size_t>(i)], first + i);
    }
    EXPECT_EQ(lane.counters().gaps, 0U);
    EXPECT_EQ(lane.counters().duplicates, arrivals.size() - kCount);
}

TEST(ResequencerModel, TheImpatientGetEveryDatagramOnceAllTheSame) {
    base::Rng rng({});
    constexpr std::int64_t kCount = 20'000;
    for (const bool ordered : {true, false}) {
        const auto arrivals = two_paths(rng, 1000, kCount);
        Resequencer lane(ordered, 8U << 20);
        lane.set_patience(milliseconds(5));
        std::set<std::int64_t> got;
        for (const auto& [when, number] : arrivals) {
            const base::Bytes bytes = content(number, 100);
            if (lane.arrive(when, sequence_of(number), bytes) == Arrival::Deliver) {
                ASSERT_TRUE(got.insert(number).second) << number;
            }
            while (const auto next = lane.pop(when)) {
                ASSERT_TRUE(got.insert(number_of(*next)).second);
            }
        }
        while (const auto next = lane.pop(Instant::never())) {
            ASSERT_TRUE(got.insert(number_of(*next)).second);
        }
        EXPECT_EQ(got.size(), static_cast<std::size_t>(kCount));
        EXPECT_GT(lane.counters().late, 0U);
    }
}

}  // namespace
}  // namespace qe::multipath
