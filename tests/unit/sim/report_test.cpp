// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/report/html.h"
#include "sim/report/json.h"
#include "sim/report/svg.h"
#include "sim/report/table.h"

namespace qe::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

RunReport sample() {
    RunReport report;
    report.scenario = "mesh<3>";
    report.title = "A & B";
    report.file = "tests/sim/scenarios/mesh.toml";
    report.commit = "abc123";
    report.seed = 42;
    report.duration = base::seconds(3);
    report.hosts = {"n1", "n2"};
    report.trace_hash = "0123456789abcdef";
    report.verdicts = {{"delivery >= 99%", "97.00% (calls)", 12, false}, {"meshed", "1s", 3, true}};
    report.convergence = base::milliseconds(1500);
    report.delivery = 0.97;
    FlowSummary flow;
    flow.name = "calls";
    flow.kind = FlowKind::Udp;
    flow.delay_ms = {10, -1, 20};
    flow.mbit = {1, 0, 1};
    report.flows = {flow};
    report.seconds = {{1000, 500, 1, 1, {100, 100}},
                      {900, 400, 1, 0, {0, Figures::kNotAwake}},
                      {800, 300, 1, 1, {100, Figures::kAlone}}};
    report.marks = {{base::Instant::from_nanoseconds(1'500'000'000), "crash n2 <hard>"}};
    return report;
}

TEST(TextReport, SaysWhatFailedAndHowToDoItAgain) {
    const std::string text = to_text(sample());
    EXPECT_THAT(text, HasSubstr("FAIL  mesh<3> (seed 42, 3.00s of 2 hosts): A & B"));
    EXPECT_THAT(text, HasSubstr("FAIL  delivery >= 99%: 97.00% (calls) "
                                "(tests/sim/scenarios/mesh.toml:12)"));
    EXPECT_THAT(text, HasSubstr("pass  meshed: 1s\n"));
    EXPECT_THAT(text, HasSubstr("seed 42, commit abc123; again: quicether-sim run "
                                "tests/sim/scenarios/mesh.toml --seed 42"));
}

TEST(TextReport, OfASuccessHasNoReplay) {
    RunReport report = sample();
    report.verdicts.erase(report.verdicts.begin());
    EXPECT_THAT(to_text(report), Not(HasSubstr("again:")));
    report.findings = {{"no-loop", base::seconds(2), "a packet came back"}};
    EXPECT_THAT(to_text(report), HasSubstr("FAIL  no-loop at 2.00s: a packet came back"));
    report.findings.clear();
    report.repeated = false;
    EXPECT_FALSE(report.passed());
}

TEST(SummaryTable, CountsWhatPassed) {
    RunReport good = sample();
    good.verdicts.clear();
    const std::string table = summary_table({sample(), good});
    EXPECT_THAT(table, HasSubstr("1 of 2 passed\n"));
    EXPECT_THAT(table, HasSubstr("97.00%"));
}

TEST(SummaryTable, SaysWhenAllDidTheSameTwice) {
    RunReport good = sample();
    good.twice = true;
    EXPECT_THAT(to_text(good), HasSubstr(", the same again\n"));
    EXPECT_THAT(summary_table({good, good}), HasSubstr("; each did the same when it ran again\n"));
    EXPECT_THAT(summary_table({good, sample()}), Not(HasSubstr("ran again")));
    good.repeated = false;
    EXPECT_THAT(to_text(good), HasSubstr("FAIL  a second run of the same seed did something else"));
    EXPECT_THAT(summary_table({good, good}), Not(HasSubstr("ran again")));
}

TEST(TextReport, SaysNothingOfWhatWasNotMeasured) {
    EXPECT_THAT(to_text(sample()), HasSubstr("RTT p50 - p99 -, goodput -\n"));
    RunReport report = sample();
    report.rtt_p50 = base::milliseconds(20);
    report.flows[0].kind = FlowKind::Tcp;
    EXPECT_THAT(to_text(report), HasSubstr("RTT p50 20.0ms p99 -, goodput 0.00 bit/s\n"));
}

TEST(JsonReport, EscapesAndKeepsNumbers) {
    const std::string json = to_json(sample());
    EXPECT_THAT(json, HasSubstr(R"("scenario":"mesh<3>")"));
    EXPECT_THAT(json, HasSubstr(R"("convergence_s":1.5)"));
    EXPECT_THAT(json, HasSubstr(R"("passed":false)"));
    EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(HtmlReport, NeedsNothingFromElsewhereAndEscapes) {
    const std::string page = to_html({sample()});
    EXPECT_THAT(page, HasSubstr("mesh&lt;3&gt;"));
    EXPECT_THAT(page, HasSubstr("A &amp; B"));
    EXPECT_THAT(page, HasSubstr("crash n2 &lt;hard&gt;"));
    EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
    for (const char* foreign : {"<script", "http://", "https://", "src=", "@import", "url("}) {
        EXPECT_THAT(page, Not(HasSubstr(foreign)));
    }
}

TEST(Plot, InterruptsLinesWhereNothingCame) {
    const std::string svg = plot_svg({"t", "ms", {{"a", {1, -1, 2, 3}}}}, 4, {});
    const std::size_t path = svg.find("d=\"M");
    ASSERT_NE(path, std::string::npos);
    const std::string drawn = svg.substr(path, svg.find("\"><title>a", path) - path);
    EXPECT_EQ(std::count(drawn.begin(), drawn.end(), 'M'), 2);
    EXPECT_EQ(std::count(drawn.begin(), drawn.end(), 'L'), 1);
}

TEST(Strip, JoinsEqualCells) {
    const RunReport report = sample();
    const std::string svg = strip_svg({"s", report.hosts, &report.seconds}, {});
    EXPECT_THAT(svg, HasSubstr("class=\"off\""));
    EXPECT_THAT(svg, HasSubstr("class=\"alone\""));
    EXPECT_THAT(svg, HasSubstr("class=\"none\""));
}

}  // namespace
}  // namespace qe::sim
