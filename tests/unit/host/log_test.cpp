// SPDX-License-Identifier: Apache-2.0
#include "host/log_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace qe::host {
namespace {

using std::chrono::system_clock;

LogRecord record(base::LogLevel level, std::string message) {
    // 2026-01-31T23:59:59.000001Z
    return {system_clock::time_point(std::chrono::microseconds(1'769'903'999'000'001)), level,
            "node", std::move(message)};
}

TEST(LogFormat, WritesOneLineForPeople) {
    EXPECT_EQ(format_human(record(base::LogLevel::Warn, "peer is gone"), false),
              "23:59:59.000 WARN  node     peer is gone");
}

TEST(LogFormat, ColoursTheLevelOnlyWhenAsked) {
    const auto coloured = format_human(record(base::LogLevel::Error, "x"), true);
    EXPECT_EQ(coloured, "23:59:59.000 \x1b[31mERROR\x1b[0m node     x");
}

TEST(LogFormat, WritesJsonWithTheTimeInUtc) {
    EXPECT_EQ(format_json(record(base::LogLevel::Info, "up")),
              R"({"time":"2026-01-31T23:59:59.000001Z","level":"info","module":"node",)"
              R"("message":"up"})");
}

TEST(LogFormat, NeverLetsAMessageLeaveItsLineOrDriveTheTerminal) {
    const auto hostile = record(base::LogLevel::Info, "a\nb\x1b[2Jc\"d\\");
    EXPECT_THAT(format_human(hostile, false), ::testing::Not(::testing::HasSubstr("\n")));
    EXPECT_THAT(format_human(hostile, false), ::testing::Not(::testing::HasSubstr("\x1b")));
    EXPECT_THAT(format_json(hostile), ::testing::HasSubstr(R"("message":"a\nb\u001b[2Jc\"d\\"})"));
}

TEST(LogFormat, ReplacesBrokenUtf8InJson) {
    struct Case {
        std::string text;
        std::string expected;
    };
    const std::string bad = "\xEF\xBF\xBD";
    for (const Case& c :
         {Case{"gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"},
          Case{"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"}, Case{"\xFFz", bad + "z"}, Case{"\xC3", bad},
          Case{"\xC0\x80", bad + bad}, Case{"\xED\xA0\x80", bad + bad + bad}}) {
        EXPECT_THAT(format_json(record(base::LogLevel::Info, c.text)),
                    ::testing::HasSubstr("\"message\":\"" + c.expected + "\"}"));
    }
}

TEST(LogFormat, IsJsonUnlessOnATerminalOrForced) {
    EXPECT_EQ(choose_log_format("auto", -1), LogFormat::Json);
    EXPECT_EQ(choose_log_format("human", -1), LogFormat::Human);
    EXPECT_EQ(choose_log_format("json", -1), LogFormat::Json);
}

class DaemonLogTest : public ::testing::Test {
  protected:
    std::vector<std::string> lines_;
    DaemonLog sink_{[this](std::string_view line) { lines_.emplace_back(line); }, LogFormat::Json,
                    false};
    base::Log log_{sink_, "host"};
};

TEST_F(DaemonLogTest, FollowsTheLevelOfEachModule) {
    sink_.set_levels(base::LogLevel::Warn, {{"quic", base::LogLevel::Trace}});
    log_.info("hidden");
    log_.warn("shown {}", 1);
    log_.named("quic").trace("shown {}", 2);
    ASSERT_EQ(sink_.recent().size(), 2U);
    EXPECT_EQ(sink_.recent()[0].message, "shown 1");
    EXPECT_EQ(sink_.recent()[1].module, "quic");
    sink_.set_levels(base::LogLevel::Off, {});
    log_.error("hidden");
    EXPECT_EQ(sink_.recent().size(), 2U);
}

TEST_F(DaemonLogTest, WritesOneLineARecord) {
    log_.info("a");
    log_.info("100 % {{literal}}");
    ASSERT_EQ(lines_.size(), 2U);
    EXPECT_THAT(lines_[1], ::testing::HasSubstr("100 % {literal}"));
}

TEST_F(DaemonLogTest, KeepsTheLastRecordsOnly) {
    for (std::size_t i = 0; i < DaemonLog::kRingRecords + 5; ++i) {
        log_.info("{}", i);
    }
    ASSERT_EQ(sink_.recent().size(), DaemonLog::kRingRecords);
    EXPECT_EQ(sink_.recent().front().message, "5");
}

TEST_F(DaemonLogTest, TellsTheListenerButNotOfItsOwnRecords) {
    int heard = 0;
    sink_.set_listener([&](const LogRecord&) {
        ++heard;
        log_.info("logged by the listener");
    });
    log_.info("x");
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(sink_.recent().size(), 2U);
}

}  // namespace
}  // namespace qe::host
