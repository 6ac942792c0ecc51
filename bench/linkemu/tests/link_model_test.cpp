// SPDX-License-Identifier: Apache-2.0
#include "link_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qe::linkemu {
namespace {

using base::Duration;
using base::Instant;
using base::microseconds;
using base::milliseconds;
using base::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Instant at(Duration since_start) { return Instant::from_nanoseconds(0) + since_start; }

struct Landed {
    PacketHandle packet;
    Duration when;
    friend bool operator==(const Landed&, const Landed&) = default;
};

/// Drives a model as the shell does: polls at every deadline, and at no other time.
class Driver {
  public:
    explicit Driver(const Conditions& conditions, std::uint64_t seed = 1)
        : model(seed, "wan/ab", conditions) {}

    PacketHandle send(Duration when, std::size_t bytes = 1250) {
        run_until(when);
        model.handle_packet(at(when), next_, bytes);
        collect_dropped();
        return next_++;
    }

    void run_until(Duration when) {
        while (model.next_deadline() <= at(when)) {
            const Instant deadline = model.next_deadline();
            while (const auto arrival = model.poll_arrival(deadline)) {
                landed.push_back({arrival->packet, deadline - at({})});
                copies += arrival->twice ? 2U : 1U;
            }
            collect_dropped();
        }
    }

    void finish() { run_until(seconds(100)); }

    [[nodiscard]] std::vector<PacketHandle> order() const {
        std::vector<PacketHandle> packets;
        for (const Landed& one : landed) {
            packets.push_back(one.packet);
        }
        return packets;
    }

    LinkModel model;
    std::vector<Landed> landed;
    std::vector<PacketHandle> dropped;
    std::size_t copies = 0;

  private:
    void collect_dropped() {
        while (const auto packet = model.poll_dropped()) {
            dropped.push_back(*packet);
        }
    }

    PacketHandle next_ = 0;
};

/// Each handle has come back exactly once, and the counters say so.
void expect_all_accounted(const Driver& driver, std::size_t sent) {
    std::vector<PacketHandle> seen = driver.order();
    seen.insert(seen.end(), driver.dropped.begin(), driver.dropped.end());
    std::sort(seen.begin(), seen.end());
    std::vector<PacketHandle> all(sent);
    std::iota(all.begin(), all.end(), PacketHandle{0});
    EXPECT_EQ(seen, all);
    const LinkCounters& counters = driver.model.counters();
    EXPECT_EQ(counters.entered, sent);
    EXPECT_EQ(counters.arrived, driver.landed.size());
    EXPECT_EQ(counters.dropped(), driver.dropped.size());
    EXPECT_EQ(driver.model.inside(), 0U);
}

TEST(LinkModel, HandsOnAtOnceWithoutConditions) {
    Driver driver({});
    driver.send(milliseconds(3));
    driver.finish();
    EXPECT_THAT(driver.landed, ElementsAre(Landed{0, milliseconds(3)}));
}

TEST(LinkModel, DelaysEveryPacketAlike) {
    Driver driver({.delay = milliseconds(20)});
    driver.send(milliseconds(0));
    driver.send(milliseconds(7));
    driver.finish();
    EXPECT_THAT(driver.landed,
                ElementsAre(Landed{0, milliseconds(20)}, Landed{1, milliseconds(27)}));
}

TEST(LinkModel, SendsOnePacketAfterTheOther) {
    // 1250 bytes are 10,000 bits: 1 ms at 10 Mbit/s.
    Driver driver({.rate_bps = 10'000'000, .delay = milliseconds(5)});
    driver.send(milliseconds(0));
    driver.send(milliseconds(0));
    driver.send(milliseconds(0), 625);
    driver.send(milliseconds(10));
    driver.finish();
    EXPECT_THAT(driver.landed,
                ElementsAre(Landed{0, milliseconds(6)}, Landed{1, milliseconds(7)},
                            Landed{2, microseconds(7500)}, Landed{3, milliseconds(16)}));
    EXPECT_EQ(driver.model.counters().queue_delay_max, milliseconds(2));
}

TEST(LinkModel, KeepsARateThatIsNoWholeNumberOfNanosecondsPerPacket) {
    Driver driver({.rate_bps = 7'000'003, .queue_time = seconds(60)});
    constexpr std::size_t kPackets = 7000;
    for (std::size_t i = 0; i < kPackets; ++i) {
        driver.send(milliseconds(0), 1000);
    }
    driver.finish();
    const double wanted = kPackets * 8000.0 / 7'000'003;
    const double seen = std::chrono::duration<double>(driver.landed.back().when).count();
    EXPECT_NEAR(seen, wanted, 1e-9);
}

TEST(LinkModel, DropsTheTailBeyondTheQueueInBytes) {
    Driver driver({.rate_bps = 10'000'000, .queue_bytes = 2500});
    for (int i = 0; i < 5; ++i) {
        driver.send(milliseconds(0));  // one on the line, two wait
    }
    EXPECT_EQ(driver.model.queued_bytes(), 2500U);
    driver.send(milliseconds(1));  // the line took one of the two
    driver.finish();
    EXPECT_THAT(driver.order(), ElementsAre(0, 1, 2, 5));
    EXPECT_THAT(driver.dropped, ElementsAre(3, 4));
    EXPECT_EQ(driver.model.counters().lost_queue, 2U);
    EXPECT_EQ(driver.model.counters().queue_bytes_max, 2500U);
    expect_all_accounted(driver, 6);
}

TEST(LinkModel, DropsTheTailBeyondTheQueueInTime) {
    Driver driver({.rate_bps = 10'000'000, .queue_time = milliseconds(3)});
    for (int i = 0; i < 6; ++i) {
        driver.send(milliseconds(0));
    }
    driver.finish();
    EXPECT_THAT(driver.dropped, ElementsAre(4, 5));
    EXPECT_LE(driver.model.counters().queue_delay_max, milliseconds(3));
}

TEST(LinkModel, LetsOnePacketWaitHoweverSlowTheLine) {
    Driver driver({.rate_bps = 8000, .queue_time = milliseconds(1)});
    driver.send(milliseconds(0));
    driver.send(milliseconds(0));
    driver.send(milliseconds(0));
    driver.finish();
    EXPECT_THAT(driver.order(), ElementsAre(0, 1));
}

TEST(LinkModel, SwallowsWhatIsTooLarge) {
    Driver driver({.mtu = 1400});
    driver.send({}, 1400);
    driver.send({}, 1401);
    driver.finish();
    EXPECT_THAT(driver.order(), ElementsAre(0));
    EXPECT_EQ(driver.model.counters().lost_mtu, 1U);
}

TEST(LinkModel, LosesTheShareThatIsAskedFor) {
    Driver driver({.loss = {.good = 0.1}});
    constexpr std::size_t kPackets = 20'000;
    for (std::size_t i = 0; i < kPackets; ++i) {
        driver.send({});
    }
    driver.finish();
    EXPECT_NEAR(static_cast<double>(driver.dropped.size()) / kPackets, 0.1, 0.01);
    expect_all_accounted(driver, kPackets);
}

TEST(LinkModel, LosesTheSamePacketsWithTheSameSeedWhateverElseIsRandom) {
    const Conditions plain{.loss = {.good = 0.2}};
    Conditions noisy = plain;
    noisy.jitter = milliseconds(5);
    noisy.duplicate = 0.3;
    Driver one(plain, 7), two(noisy, 7), three(plain, 8);
    for (Driver* driver : {&one, &two, &three}) {
        for (int i = 0; i < 500; ++i) {
            driver->send(milliseconds(i));
        }
        driver->finish();
    }
    EXPECT_EQ(one.dropped, two.dropped);
    EXPECT_NE(one.dropped, three.dropped);
}

TEST(LinkModel, LosesInBurstsOfTheLengthThatIsAskedFor) {
    Driver driver({.loss = {.good = 0, .bad = 1, .to_bad = 0.01, .to_good = 0.25}});
    constexpr std::size_t kPackets = 100'000;
    for (std::size_t i = 0; i < kPackets; ++i) {
        driver.send({});
    }
    driver.finish();
    std::size_t bursts = 0;
    for (std::size_t i = 0; i < driver.dropped.size(); ++i) {
        bursts += i == 0 || driver.dropped[i] != driver.dropped[i - 1] + 1 ? 1U : 0U;
    }
    const auto lost = static_cast<double>(driver.dropped.size());
    EXPECT_NEAR(lost / kPackets, 0.01 / 0.26, 0.005);
    EXPECT_NEAR(lost / static_cast<double>(bursts), 4, 0.4);
}

TEST(LinkModel, KeepsTheOrderInSpiteOfJitter) {
    for (const auto distribution :
         {Distribution::Uniform, Distribution::Normal, Distribution::Exponential}) {
        Driver driver(
            {.delay = milliseconds(30), .jitter = milliseconds(10), .distribution = distribution});
        for (int i = 0; i < 1000; ++i) {
            driver.send(microseconds(100 * i));
        }
        driver.finish();
        const auto order = driver.order();
        EXPECT_EQ(order.size(), 1000U);
        EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    }
}

/// Packets far enough apart that order does not change their delay.
std::vector<double> delays_ms(const Conditions& conditions) {
    Driver driver(conditions);
    constexpr int kPackets = 4000;
    for (int i = 0; i < kPackets; ++i) {
        driver.send(milliseconds(200 * i));
    }
    driver.run_until(seconds(1000));
    std::vector<double> delays;
    for (const Landed& one : driver.landed) {
        const Duration delay = one.when - milliseconds(200 * one.packet);
        delays.push_back(std::chrono::duration<double, std::milli>(delay).count());
    }
    return delays;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
        sum += (value - mean(values)) * (value - mean(values));
    }
    return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(LinkModel, SpreadsDelaysEvenly) {
    const auto delays = delays_ms({.delay = milliseconds(30), .jitter = milliseconds(10)});
    EXPECT_NEAR(mean(delays), 30, 0.5);
    EXPECT_NEAR(deviation(delays), 10 / std::sqrt(3), 0.3);
    EXPECT_GE(*std::min_element(delays.begin(), delays.end()), 20);
    EXPECT_LE(*std::max_element(delays.begin(), delays.end()), 40);
}

TEST(LinkModel, SpreadsDelaysNormally) {
    const auto delays = delays_ms({.delay = milliseconds(50),
                                   .jitter = milliseconds(10),
                                   .distribution = Distribution::Normal});
    EXPECT_NEAR(mean(delays), 50, 0.6);
    EXPECT_NEAR(deviation(delays), 10, 0.4);
    EXPECT_GE(*std::min_element(delays.begin(), delays.end()), 20);
}

TEST(LinkModel, SpreadsDelaysExponentially) {
    const auto delays = delays_ms({.delay = milliseconds(30),
                                   .jitter = milliseconds(10),
                                   .distribution = Distribution::Exponential});
    EXPECT_NEAR(mean(delays), 40, 0.6);
    EXPECT_GE(*std::min_element(delays.begin(), delays.end()), 30);
}

TEST(LinkModel, LetsTheFollowingOvertakeWhatItHoldsBack) {
    Driver driver({.reorder = 0.1, .reorder_by = milliseconds(5)});
    for (int i = 0; i < 1000; ++i) {
        driver.send(milliseconds(i));
    }
    driver.finish();
    const auto order = driver.order();
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    for (const Landed& one : driver.landed) {
        const Duration delay = one.when - milliseconds(one.packet);
        EXPECT_TRUE(delay == Duration(0) || delay == milliseconds(5));
    }
    EXPECT_NEAR(static_cast<double>(driver.model.counters().reordered), 100, 30);
    expect_all_accounted(driver, 1000);
}

TEST(LinkModel, DoublesTheShareThatIsAskedFor) {
    Driver driver({.duplicate = 0.5});
    for (int i = 0; i < 1000; ++i) {
        driver.send({});
    }
    driver.finish();
    EXPECT_EQ(driver.copies, 1000 + driver.model.counters().duplicated);
    EXPECT_NEAR(static_cast<double>(driver.model.counters().duplicated), 500, 60);
    expect_all_accounted(driver, 1000);
}

TEST(LinkModel, LosesWhatIsInsideWhenItIsCut) {
    Driver driver({.rate_bps = 10'000'000, .delay = milliseconds(2)});
    for (int i = 0; i < 6; ++i) {
        driver.send({});
    }
    driver.run_until(milliseconds(3));  // the first has just arrived
    driver.model.set_up(at(milliseconds(3)), false);
    driver.send(milliseconds(3));
    driver.model.set_up(at(milliseconds(4)), true);
    const PacketHandle after = driver.send(milliseconds(4));
    driver.finish();
    EXPECT_THAT(driver.landed,
                ElementsAre(Landed{0, milliseconds(3)}, Landed{after, milliseconds(7)}));
    EXPECT_EQ(driver.model.counters().lost_down, 6U);
    expect_all_accounted(driver, 8);
}

TEST(LinkModel, DeliversWhatIsInsideWhenItBecomesABlackHole) {
    Driver driver({.delay = milliseconds(5)});
    driver.send({});
    driver.model.set_conditions(at({}), {.delay = milliseconds(5), .blackhole = true});
    driver.send({});
    driver.finish();
    EXPECT_THAT(driver.order(), ElementsAre(0));
    EXPECT_THAT(driver.dropped, ElementsAre(1));
}

TEST(LinkModel, SendsWhatWaitsAtTheNewRate) {
    Driver driver({.rate_bps = 1'000'000});
    driver.send({});  // on the line for 10 ms
    driver.send({});
    driver.run_until(milliseconds(5));
    driver.model.set_conditions(at(milliseconds(5)), {.rate_bps = 10'000'000});
    driver.finish();
    EXPECT_THAT(driver.landed,
                ElementsAre(Landed{0, milliseconds(10)}, Landed{1, milliseconds(11)}));
}

TEST(LinkModel, KeepsTheOrderWhenTheDelayShrinks) {
    Driver driver({.delay = milliseconds(100)});
    driver.send({});
    driver.model.set_conditions(at({}), {.delay = milliseconds(10)});
    driver.send(milliseconds(1));
    driver.finish();
    EXPECT_THAT(driver.landed,
                ElementsAre(Landed{0, milliseconds(100)}, Landed{1, milliseconds(100)}));
}

TEST(LinkModel, HasABoundOnWhatIsInside) {
    Driver driver({.delay = seconds(50)});
    for (std::size_t i = 0; i < LinkModel::kInsideMax + 2; ++i) {
        driver.send({});
    }
    EXPECT_EQ(driver.model.inside(), LinkModel::kInsideMax);
    EXPECT_EQ(driver.model.counters().lost_full, 2U);
    EXPECT_THAT(driver.landed, IsEmpty());
}

}  // namespace
}  // namespace qe::linkemu
