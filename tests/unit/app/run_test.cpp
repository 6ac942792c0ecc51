// SPDX-License-Identifier: Apache-2.0
//
// Whole command lines that need no daemon: help, versions and everything that can be mistyped.
#include "app/run.h"

#include <sstream>

#include <gtest/gtest.h>

namespace qe::app {
namespace {

struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
};

Outcome run_words(std::vector<std::string> words) {
    std::ostringstream out;
    std::ostringstream err;
    Outcome outcome;
    outcome.code = run(std::move(words), {out, err, {}});
    outcome.out = out.str();
    outcome.err = err.str();
    return outcome;
}

constexpr const char* kNoSocket = "/nonexistent/quicether.sock";

TEST(Run, HelpGoesToStandardOutput) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"--help"}, {"-h"}, {"start", "--help"}, {"config", "set", "--help"}}) {
        const Outcome outcome = run_words(words);
        EXPECT_EQ(outcome.code, 0);
        EXPECT_NE(outcome.out.find("Usage: quicether"), std::string::npos) << outcome.out;
        EXPECT_EQ(outcome.err, "");
    }
}

TEST(Run, VersionNeedsNoDaemon) {
    EXPECT_EQ(run_words({"--version"}).code, 0);
    const Outcome outcome = run_words({"version", "--socket", kNoSocket});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.out.starts_with("quicether ")) << outcome.out;
}

TEST(Run, WithoutADaemonIsItsOwnExitCode) {
    for (const char* verb : {"status", "peers", "routes", "reload", "stop", "logs"}) {
        const Outcome outcome = run_words({verb, "--socket", kNoSocket});
        EXPECT_EQ(outcome.code, 4) << verb;
        EXPECT_EQ(outcome.out, "");
        EXPECT_NE(outcome.err.find("the daemon is not running"), std::string::npos);
    }
    EXPECT_EQ(run_words({"ping", "server", "--socket", kNoSocket}).code, 4);
    EXPECT_EQ(run_words({"config", "show", "--socket", kNoSocket}).code, 4);
}

TEST(Run, WithJsonAFailureIsADocumentToo) {
    const Outcome outcome = run_words({"status", "--json", "--socket", kNoSocket});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_TRUE(
        outcome.out.starts_with(R"({"v":1,"reply":"error","kind":"not_running","message":")"))
        << outcome.out;
    EXPECT_NE(outcome.err, "");
}

TEST(Run, CommonFlagsMayStandBeforeTheVerb) {
    const Outcome outcome = run_words({"--json", "--socket", kNoSocket, "status"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_TRUE(outcome.out.starts_with("{")) << outcome.out;
}

TEST(Run, APeerMayBeCalledLikeAVerb) {
    const Outcome outcome = run_words({"ping", "status", "--socket", kNoSocket});
    EXPECT_EQ(outcome.code, 4) << outcome.err;
}

TEST(Run, NeverLetsAnExceptionOut) {
    EXPECT_EQ(run_words({std::string("st\0p", 4)}).code, 2);
    EXPECT_EQ(run_words({"\xff\xfe"}).code, 2);
    EXPECT_EQ(run_words({"status", "--socket", ""}).code, 1);
    EXPECT_EQ(run_words({"status", "--socket", std::string(500, 'x')}).code, 1);
}

struct Mistake {
    std::vector<std::string> words;
    const char* sentence;
};

class Mistyped : public testing::TestWithParam<Mistake> {};

TEST_P(Mistyped, IsOneSentenceAndExitCode2) {
    const Outcome outcome = run_words(GetParam().words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, std::string("quicether: ") + GetParam().sentence + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, Mistyped,
    testing::Values(
        Mistake{{},
                "a command is missing: start, stop, status, peers, routes, multipath, explain, "
                "ping, dht, network, "
                "invite, join, members, find, revoke, promote, id, config, reload, logs, version; "
                "see \"quicether --help\""},
        Mistake{{"statsu"}, "there is no command \"statsu\"; did you mean \"status\"?"},
        Mistake{{"frobnicate"}, "there is no command \"frobnicate\"; see \"quicether --help\""},
        Mistake{{"--jsno"}, "there is no option --jsno; did you mean --json?"},
        Mistake{{"config"},
                "config: a command is missing: validate, show, set; see \"quicether config "
                "--help\""},
        Mistake{{"config", "shwo"}, "config has no command \"shwo\"; did you mean \"show\"?"},
        Mistake{{"config", "set"}, "config set needs KEY; see \"quicether config set --help\""},
        Mistake{{"start", "--mut=1300"}, "start has no option --mut; did you mean --mtu?"},
        Mistake{{"start", "--mtu"},
                "start needs a value after --mtu; see \"quicether start --help\""},
        Mistake{{"start", "--mtu", "big"}, "command line: --mtu: \"big\" is not a whole number"},
        Mistake{{"start", "now"},
                "start does not know what to do with \"now\"; see \"quicether start --help\""},
        Mistake{{"ping"}, "ping needs PEER; see \"quicether ping --help\""},
        Mistake{{"ping", "a", "-c", "many"},
                "command line: --count: \"many\" is not a whole number from 0 to 1000000"},
        Mistake{{"ping", "a", "-i", "0"},
                "command line: --interval: \"0\" is not a number of seconds from 0.01 to 3600"},
        Mistake{{"logs", "-n", "99999"},
                "command line: --lines: \"99999\" is not a whole number from 0 to 10000"},
        Mistake{{"stop", "--timeout", "-1"},
                "command line: --timeout: \"-1\" is not a whole number from 1 to 3600"}));

}  // namespace
}  // namespace qe::app
