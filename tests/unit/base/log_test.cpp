// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/log.h"

#include <vector>

#include <gtest/gtest.h>

namespace qe::base {
namespace {

struct Sink final : LogSink {
    LogLevel threshold = LogLevel::Info;
    std::vector<std::string> lines;

    [[nodiscard]] bool enabled(LogLevel level, std::string_view) const noexcept override {
        return level >= threshold;
    }
    void write(LogLevel level, std::string_view module, std::string_view message) override {
        lines.push_back(fmt::format("{} {}: {}", to_text(level), module, message));
    }
};

TEST(LogLevel, NamesReadBack) {
    for (const LogLevel level : {LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn,
                                 LogLevel::Error, LogLevel::Off}) {
        EXPECT_EQ(parse_log_level(to_text(level)), level);
    }
    for (const char* text : {"", "INFO", "info ", "warning", "fatal"}) {
        EXPECT_FALSE(parse_log_level(text)) << text;
    }
}

TEST(Log, WritesWhatTheSinkTakesUnderTheModulesName) {
    Sink sink;
    const Log log(sink, "quic");
    log.trace("no {}", 0);
    log.debug("no {}", 1);
    log.info("yes {}", 2);
    log.warn("yes");
    log.named("dht").error("{}-{}", "a", 3);
    EXPECT_EQ(sink.lines,
              (std::vector<std::string>{"info quic: yes 2", "warn quic: yes", "error dht: a-3"}));
}

TEST(Log, DoesNotFormatWhatIsNotTaken) {
    Sink sink;
    sink.threshold = LogLevel::Off;
    Log(sink, "quic").error("{}", 1);
    EXPECT_TRUE(sink.lines.empty());
}

TEST(Log, WithoutASinkDropsEverything) {
    const Log log;
    log.error("nobody listens {}", 1);
    log.named("x").info("still nobody");
}

TEST(LogLimiter, LetsOneThroughPerIntervalAndCountsTheRest) {
    LogLimiter limiter(seconds(10));
    const Instant start = Instant() + seconds(100);
    EXPECT_EQ(limiter.admit(start), 0U);
    EXPECT_EQ(limiter.admit(start), std::nullopt);
    EXPECT_EQ(limiter.admit(start + seconds(10) - Duration(1)), std::nullopt);
    EXPECT_EQ(limiter.admit(start + seconds(10)), 2U);
    EXPECT_EQ(limiter.admit(start + seconds(15)), std::nullopt);
    EXPECT_EQ(limiter.admit(start + seconds(1000)), 1U);
}

TEST(LogLimiter, LetsTheFirstThroughEvenAtTheOrigin) {
    LogLimiter limiter;
    EXPECT_EQ(limiter.admit(Instant()), 0U);
    EXPECT_EQ(limiter.admit(Instant()), std::nullopt);
}

}  // namespace
}  // namespace qe::base
