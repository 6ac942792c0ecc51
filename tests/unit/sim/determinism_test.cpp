// SPDX-License-Identifier: Apache-2.0
//
// One seed decides everything: what two runs of one world send is compared byte for byte, within
// one process and between processes, whose memory lies elsewhere.
#include "sim/determinism.h"

#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/time.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sim/trace.h"
#include "small_world.h"

namespace qe::sim {
namespace {

constexpr std::size_t kHosts = 4;

/// Handshakes, traffic, resumption after a crash and after a leave, loss, a suspend, a move.
class EventfulWorld : public test::SmallWorld {
  public:
    explicit EventfulWorld(std::uint64_t seed) : SmallWorld(seed) {
        add_observer(trace);
        for (std::size_t i = 0; i < kHosts; ++i) {
            add("host" + std::to_string(i), i % 2 == 0 ? "north" : "south");
        }
        know_each_other();
        make_lossy();
    }

    std::uint64_t run() {
        start_all();
        run_for(base::seconds(20));
        host(0).crash();
        host(1).suspend();
        run_for(base::seconds(5));
        host(0).start();
        host(1).resume();
        ping(2, 3);
        run_for(base::seconds(15));
        EXPECT_TRUE(host(2).move("eth0", "south", test::link_of(base::milliseconds(3))));
        host(3).leave();
        run_for(base::seconds(3));
        host(3).start();
        run_for(base::seconds(30));
        EXPECT_TRUE(connected(0, 1));
        return trace.hash();
    }

    Trace trace{[this] { return now(); }, 1024};

  private:
    void make_lossy() {
        LinkOptions link = *topology().link_options("north");
        link.up.loss.good = 0.02;
        link.up.jitter = base::milliseconds(3);
        link.up.reorder = 0.02;
        link.up.reorder_by = base::milliseconds(4);
        EXPECT_TRUE(topology().set_link("north", link).has_value());
    }
    void ping(HostId from, HostId to) {
        const auto address = host(to).overlay_address(net::Family::V4);
        ASSERT_TRUE(address.has_value());
        [[maybe_unused]] const auto later =
            host(from).ask(control::PingRequest{address->to_string()});
    }
};

std::uint64_t run_eventful(std::uint64_t seed) { return EventfulWorld(seed).run(); }

/// Runs this program again for one seed and takes the number it prints.
std::string hash_of_another_process() {
    const std::string command = std::filesystem::read_symlink("/proc/self/exe").string() +
                                " --gtest_also_run_disabled_tests"
                                " --gtest_filter=Determinism.DISABLED_PrintsTheHashOfSeed7 2>&1";
    FILE* const pipe = popen(command.c_str(), "r");
    std::string output;
    std::array<char, 256> part{};
    while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) {
        output += part.data();
    }
    EXPECT_EQ(pclose(pipe), 0) << output;
    const auto at = output.find("hash=");
    return at == std::string::npos ? output : output.substr(at + 5, 16);
}

TEST(Determinism, RepeatsAWorldInOneProcess) { EXPECT_EQ(run_eventful(7), run_eventful(7)); }

TEST(Determinism, RepeatsAWorldInAnotherProcess) {
    EventfulWorld world(7);
    world.run();
    EXPECT_EQ(world.trace.hash_text(), hash_of_another_process());
}

TEST(Determinism, DISABLED_PrintsTheHashOfSeed7) {
    EventfulWorld world(7);
    world.run();
    std::printf("hash=%s\n", world.trace.hash_text().c_str());
}

TEST(Determinism, GivesAnotherSeedAnotherRun) { EXPECT_NE(run_eventful(7), run_eventful(8)); }

TEST(Determinism, AnswersWithTheWallClockThatWasSet) {
    set_wall_clock({1'800'000'000}, base::milliseconds(250));
    EXPECT_EQ(std::time(nullptr), 1'800'000'000);
    timeval now{};
    gettimeofday(&now, nullptr);
    EXPECT_EQ(now.tv_sec, 1'800'000'000);
    EXPECT_EQ(now.tv_usec, 250'000);
}

TEST(Determinism, ShowsTheTlsLibraryTheWallClockThatWasSet) {
    set_wall_clock({1'800'000'000});
    SSL_SESSION* const session = SSL_SESSION_new();
    EXPECT_EQ(SSL_SESSION_get_time_ex(session), 1'800'000'000);
    SSL_SESSION_free(session);
}

using Drawn = std::array<unsigned char, 16>;

/// By both ways that the library has.
std::pair<Drawn, Drawn> draw() {
    std::pair<Drawn, Drawn> drawn;
    EXPECT_EQ(RAND_bytes(drawn.first.data(), drawn.first.size()), 1);
    EXPECT_EQ(RAND_priv_bytes(drawn.second.data(), drawn.second.size()), 1);
    return drawn;
}

TEST(Determinism, BeginsTheTlsLibrarysGeneratorAnew) {
    make_process_deterministic();
    restart_randomness(1);
    const auto first = draw();
    const auto second = draw();
    restart_randomness(1);
    EXPECT_EQ(draw(), first);
    EXPECT_NE(first, second);
    restart_randomness(2);
    EXPECT_NE(draw(), first);
}

TEST(Determinism, LetsAHostDrawWithoutChangingWhatOthersDraw) {
    make_process_deterministic();
    restart_randomness(1);
    const auto undisturbed = draw();
    restart_randomness(1);
    base::Rng rng{base::Rng::Seed{}};
    {
        const TlsRandomness scope(rng);
        EXPECT_NE(draw(), undisturbed);
    }
    EXPECT_EQ(draw(), undisturbed);
}

}  // namespace
}  // namespace qe::sim
