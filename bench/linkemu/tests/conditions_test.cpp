// SPDX-License-Identifier: Apache-2.0
#include "conditions.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qe::linkemu {
namespace {

using testing::HasSubstr;

Checked<void> apply_line(std::string_view line, Conditions& conditions) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        words.push_back(cut(line, ' '));
    }
    return apply_words(words, conditions);
}

TEST(Conditions, ReadsEveryWord) {
    Conditions seen;
    ASSERT_TRUE(
        apply_line("rate 2.5M queue 64K delay 20ms jitter 150us distribution normal "
                   "bursts 0.5%,25%,90%,1% reorder 2%,5ms duplicate 0.001 mtu 1400 "
                   "blackhole on",
                   seen));
    const Conditions wanted{.rate_bps = 2'500'000,
                            .queue_bytes = 65536,
                            .delay = base::milliseconds(20),
                            .jitter = base::microseconds(150),
                            .distribution = Distribution::Normal,
                            .loss = {.good = 0.01, .bad = 0.9, .to_bad = 0.005, .to_good = 0.25},
                            .reorder = 0.02,
                            .reorder_by = base::milliseconds(5),
                            .duplicate = 0.001,
                            .mtu = 1400,
                            .blackhole = true};
    EXPECT_EQ(seen, wanted);
}

TEST(Conditions, KeepWhatIsNotNamed) {
    Conditions seen{.rate_bps = 1000, .delay = base::milliseconds(3)};
    ASSERT_TRUE(apply_line("loss 30%", seen));
    EXPECT_EQ(seen.rate_bps, 1000U);
    EXPECT_EQ(seen.delay, base::milliseconds(3));
    EXPECT_DOUBLE_EQ(seen.loss.good, 0.3);
}

TEST(Conditions, HaveOneKindOfLossAndOneKindOfQueue) {
    Conditions seen;
    ASSERT_TRUE(apply_line("bursts 1%,25% queue 10K", seen));
    EXPECT_DOUBLE_EQ(seen.loss.bad, 1);
    ASSERT_TRUE(apply_line("loss 0 queue 30ms", seen));
    EXPECT_EQ(seen.loss, LossModel{});
    EXPECT_EQ(seen.queue_bytes, 0U);
    EXPECT_EQ(seen.queue_time, base::milliseconds(30));
}

TEST(Conditions, UnlimitedIsNoRate) {
    Conditions seen{.rate_bps = 1000};
    ASSERT_TRUE(apply_line("rate unlimited", seen));
    EXPECT_EQ(seen.rate_bps, 0U);
}

TEST(Conditions, RefuseBadWordsAndChangeNothing) {
    for (const char* line :
         {"rate fast", "rate -1", "rate 1X", "queue 0", "delay 20", "delay 2h", "delay 7200s",
          "loss 101%", "loss nan", "bursts 1%,2%,3%,4%,5%", "reorder 2%", "mtu 0", "mtu 70000",
          "blackhole maybe", "distribution flat", "colour red", "loss", "delay 1ms loss x"}) {
        Conditions seen;
        const auto applied = apply_line(line, seen);
        ASSERT_FALSE(applied) << line;
        EXPECT_EQ(seen, Conditions{}) << line;
        EXPECT_FALSE(applied.error().empty());
    }
}

TEST(Conditions, SayWhatIsWrong) {
    Conditions seen;
    EXPECT_THAT(apply_line("delay 20", seen).error(), HasSubstr("delay is \"20\""));
    EXPECT_THAT(apply_line("colour red", seen).error(), HasSubstr("\"colour\""));
    EXPECT_THAT(apply_line("loss", seen).error(), HasSubstr("\"loss\" has no value"));
}

TEST(Conditions, ReadTimes) {
    EXPECT_EQ(parse_duration("1.5s"), base::milliseconds(1500));
    EXPECT_EQ(parse_duration("2m"), base::seconds(120));
    EXPECT_FALSE(parse_duration("soon"));
}

}  // namespace
}  // namespace qe::linkemu
