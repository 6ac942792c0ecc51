// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/determinism.h"
#include "sim/scenario/build.h"
#include "sim/scenario/library.h"
#include "sim/scenario/read_scenario.h"
#include "sim/scenario/run.h"
#include "sim/scenario/units.h"

namespace qe::sim {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHead = "title = \"t\"\nduration = \"20s\"\n";
constexpr std::string_view kHosts =
    "[[host]]\nname = \"n\"\ncount = 3\nlink = { rtt = \"10ms\" }\n";
constexpr std::string_view kMeshed = "[[expect]]\nmetric = \"meshed\"\nwithin = \"1s\"\n";

config::Checked<Scenario> read(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) {
        text += part;
    }
    return read_scenario(text, "dir/some.toml");
}

/// All complaints; empty when there is none.
std::string complaints(std::initializer_list<std::string_view> parts) {
    const auto scenario = read(parts);
    return scenario ? std::string() : config::to_string(scenario.error());
}

TEST(Units, AreReadAsWritten) {
    EXPECT_EQ(parse_duration("1.5s"), base::milliseconds(1500));
    EXPECT_EQ(parse_duration("2m"), base::seconds(120));
    EXPECT_EQ(parse_duration("0"), base::Duration(0));
    EXPECT_FALSE(parse_duration("5").has_value());
    EXPECT_FALSE(parse_duration("-1s").has_value());
    EXPECT_EQ(parse_rate("1.5gbit"), 1'500'000'000U);
    EXPECT_FALSE(parse_rate("10mb").has_value());
    EXPECT_EQ(parse_size("256KiB"), 262'144U);
    EXPECT_EQ(parse_share("12.5%"), 0.125);
    EXPECT_FALSE(parse_share("101%").has_value());
}

TEST(ReadScenario, NamesHostsOfAGroupAndLetsThemKnowEachOther) {
    const auto scenario = read({kHead, kHosts, kMeshed});
    ASSERT_TRUE(scenario.has_value()) << config::to_string(scenario.error());
    EXPECT_EQ(scenario->name, "some");
    ASSERT_EQ(scenario->hosts.size(), 3U);
    EXPECT_EQ(scenario->hosts[1].options.name, "n2");
    EXPECT_EQ(scenario->hosts[1].knows, (std::vector<HostId>{0, 2}));
    EXPECT_EQ(scenario->hosts[1].options.interfaces[0].link.up.delay, base::milliseconds(5));
    EXPECT_EQ(path_round_trip(*scenario, 0, 1), base::milliseconds(20));
}

TEST(ReadScenario, LetsTheLaterOfTwoDial) {
    const auto scenario =
        read({kHead, "[[host]]\nname = \"n\"\ncount = 3\ndials = \"earlier\"\n", kMeshed});
    ASSERT_TRUE(scenario.has_value()) << config::to_string(scenario.error());
    World world(1);
    ASSERT_TRUE(build_world(world, *scenario).has_value());
    for (HostId a = 0; a < world.host_count(); ++a) {
        const auto& peers = world.host(a).config().peer;
        ASSERT_EQ(peers.size(), 2U);
        const auto dialled = std::ranges::count_if(
            peers, [](const config::PeerConfig& peer) { return !peer.endpoints.empty(); });
        EXPECT_EQ(dialled, a) << "host " << a;
    }
}

TEST(ReadScenario, SaysWhereAndWhatIsAccepted) {
    EXPECT_THAT(complaints({kHead, kHosts, kMeshed, "speed = 3\n"}),
                HasSubstr("dir/some.toml:10: expect[0].speed: is not a known key here; use "));
    EXPECT_THAT(complaints({kHead, kMeshed, "[[host]]\nname = \"a\"\nlink = { rtt = \"5\" }\n"}),
                HasSubstr("host[0].link.rtt: \"5\" is not a span of time; write a number with us"));
    EXPECT_THAT(complaints({kHead, kHosts, kMeshed, "[[at]]\ntime = \"1s\"\naction = \"burn\"\n"}),
                HasSubstr("at[0].action: is not known; use set_link, link_down, "));
    EXPECT_THAT(complaints({kHead, kHosts, kMeshed,
                            "[[at]]\ntime = \"1s\"\naction = \"crash\"\nhost = \"m1\"\n"}),
                HasSubstr("some.toml:13: at[0].host: no host is named \"m1\""));
    EXPECT_THAT(complaints({kHead, kHosts}), HasSubstr("expect: is missing"));
    EXPECT_THAT(complaints({"title = \n"}), HasSubstr("is not valid TOML"));
    EXPECT_THAT(complaints({kHead, kHosts, "[[expect]]\nmetric = \"delivery\"\n"}),
                HasSubstr("has no bound"));
}

TEST(ReadScenario, TellsAllProblemsInOrderOfLines) {
    const auto scenario = read({"duration = 3\n", kHosts, "color = 1\n", kMeshed});
    ASSERT_FALSE(scenario.has_value());
    ASSERT_EQ(scenario.error().size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(scenario.error(), {}, &config::Diagnostic::line));
}

TEST(ReadScenario, RepeatsActionsAndSortsThem) {
    const auto scenario =
        read({kHead, kHosts, kMeshed,
              "[[at]]\ntime = \"5s\"\naction = \"restart\"\nhost = \"n2..n3\"\nafter = \"1s\"\n"
              "every = \"4s\"\ntimes = 3\n[[at]]\ntime = \"6s\"\naction = \"heal\"\n"});
    ASSERT_TRUE(scenario.has_value()) << config::to_string(scenario.error());
    ASSERT_EQ(scenario->actions.size(), 4U);
    EXPECT_TRUE(std::holds_alternative<Heal>(scenario->actions[1].change));
    EXPECT_EQ(scenario->actions[3].when, base::seconds(13));
    EXPECT_EQ(std::get<Crash>(scenario->actions[3].change).hosts, (std::vector<HostId>{1, 2}));
}

TEST(LinkChange, MovesEvenlyBetweenConditions) {
    LinkOptions from;
    from.up.delay = base::milliseconds(10);
    from.up.rate_bps = 100;
    LinkChange change;
    change.both.delay = base::milliseconds(30);
    change.up.loss = LossModel{.good = 0.2};
    change.both.rate_bps = 300;
    const LinkOptions to = change.applied_to(from);
    const LinkOptions half = between(from, to, 0.5);
    EXPECT_EQ(half.up.delay, base::milliseconds(20));
    EXPECT_EQ(half.up.rate_bps, 200U);
    EXPECT_DOUBLE_EQ(half.up.loss.good, 0.1);
    EXPECT_EQ(between(from, to, 1), to);
}

// --- Runs ----------------------------------------------------------------------------------------

class RunScenario : public testing::Test {
  protected:
    static void SetUpTestSuite() { make_process_deterministic(); }

    static RunReport run(std::initializer_list<std::string_view> parts, bool twice = false) {
        const auto scenario = read(parts);
        EXPECT_TRUE(scenario.has_value()) << config::to_string(scenario.error());
        RunOptions options;
        options.twice = twice;
        return scenario ? run_scenario(*scenario, options) : RunReport{};
    }
};

constexpr std::string_view kTraffic =
    "[[traffic]]\nkind = \"ping\"\nname = \"echo\"\nfrom = \"n1\"\nto = \"n2\"\n"
    "interval = \"100ms\"\nstart = \"2s\"\nstop = \"18s\"\n"
    "[[traffic]]\nkind = \"udp\"\nname = \"call\"\nfrom = \"n2\"\nto = \"n3\"\nfamily = \"v6\"\n"
    "interval = \"20ms\"\npacket_bytes = 1420\nstart = \"2s\"\nstop = \"18s\"\n"
    "[[traffic]]\nkind = \"tcp\"\nname = \"file\"\nfrom = \"n1\"\nto = \"n3\"\n"
    "bytes = \"2MB\"\nstart = \"3s\"\n";

TEST_F(RunScenario, CarriesEveryKindOfTrafficAndRepeatsItself) {
    const RunReport report =
        run({kHead, kHosts, kTraffic, kMeshed,
             "[[expect]]\nmetric = \"delivery\"\nmin = \"100%\"\n"
             "[[expect]]\nmetric = \"rtt_p99\"\nmax_path_ratio = 1.5\n"
             "[[expect]]\nmetric = \"finished\"\nflow = \"file\"\nafter = \"3s\"\nwithin = \"5s\"\n"
             "[[expect]]\nmetric = \"altered\"\nmax = 0\n"},
            true);
    for (const Verdict& verdict : report.verdicts) {
        EXPECT_TRUE(verdict.passed) << verdict.expected << ": " << verdict.measured;
    }
    EXPECT_TRUE(report.repeated);
    EXPECT_TRUE(report.passed());
    EXPECT_EQ(report.trace_hash.size(), 16U);
    EXPECT_GT(report.flows[1].sent, 700U);
}

TEST_F(RunScenario, FailsWhatIsNotMet) {
    const RunReport report = run(
        {kHead, kHosts, kTraffic, "[[at]]\ntime = \"5s\"\naction = \"crash\"\nhost = \"n2\"\n",
         "[[expect]]\nmetric = \"delivery\"\nflow = \"echo\"\nafter = \"6s\"\nmin = \"1%\"\n"
         "[[expect]]\nmetric = \"rtt_p99\"\nflow = \"echo\"\nmax = \"1ms\"\n"
         "[[expect]]\nmetric = \"delivery\"\nflow = \"echo\"\nuntil = \"4900ms\"\nmin = \"100%\"\n"
         "[[expect]]\nmetric = \"goodput\"\nflow = \"file\"\nmin = \"1gbit\"\n"
         "[[expect]]\nmetric = \"log\"\nhas = \"no node says this\"\n"});
    ASSERT_EQ(report.verdicts.size(), 5U);
    EXPECT_FALSE(report.verdicts[0].passed);
    EXPECT_FALSE(report.verdicts[1].passed);
    EXPECT_TRUE(report.verdicts[2].passed);
    EXPECT_FALSE(report.verdicts[3].passed);
    EXPECT_FALSE(report.verdicts[4].passed);
    EXPECT_FALSE(report.passed());
}

TEST_F(RunScenario, SeesAPartitionAndItsEnd) {
    const RunReport report = run(
        {"title = \"t\"\nduration = \"80s\"\n", kHosts,
         "[[at]]\ntime = \"5s\"\naction = \"partition\"\ngroups = [[\"n1\", \"n2\"], [\"n3\"]]\n"
         "[[at]]\ntime = \"50s\"\naction = \"heal\"\n",
         "[[expect]]\nmetric = \"parted\"\nafter = \"5s\"\nwithin = \"45s\"\n"
         "[[expect]]\nmetric = \"parted\"\nafter = \"5s\"\nwithin = \"1s\"\n"
         "[[expect]]\nmetric = \"meshed\"\nafter = \"50s\"\nwithin = \"30s\"\n"
         "[[expect]]\nmetric = \"reconnects\"\nhost = \"n3\"\nmin = 2\nmax = 2\n"});
    ASSERT_EQ(report.verdicts.size(), 4U);
    EXPECT_TRUE(report.verdicts[0].passed) << report.verdicts[0].measured;
    EXPECT_FALSE(report.verdicts[1].passed) << report.verdicts[1].measured;
    EXPECT_TRUE(report.verdicts[2].passed) << report.verdicts[2].measured;
    EXPECT_TRUE(report.verdicts[3].passed) << report.verdicts[3].measured;
}

TEST_F(RunScenario, ExplainsAWorldThatCannotBe) {
    const RunReport report =
        run({kHead, "[[network]]\nname = \"tiny\"\nv4 = \"192.0.2.0/30\"\n",
             "[[host]]\nname = \"n\"\ncount = 9\nnetwork = \"tiny\"\n", kMeshed});
    EXPECT_FALSE(report.passed());
    EXPECT_THAT(report.error, HasSubstr("dir/some.toml: host n"));
}

TEST(Library, HoldsOnlyScenariosThatCanBeRead) {
    const Library library(std::string(QE_TEST_DATA_DIR) + "/sim/scenarios");
    EXPECT_GE(library.files().size(), 20U);
    for (const std::string& file : library.files()) {
        const auto scenario = load_scenario(file);
        EXPECT_TRUE(scenario.has_value()) << (scenario ? "" : scenario.error());
    }
    EXPECT_FALSE(library.find("no-such").has_value());
    EXPECT_TRUE(library.find("mesh-5").has_value());
}

}  // namespace
}  // namespace qe::sim
