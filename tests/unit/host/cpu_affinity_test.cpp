// SPDX-License-Identifier: Apache-2.0
#include "host/cpu_affinity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <thread>
#include <vector>

#include <sched.h>

namespace qe::host {
namespace {

std::vector<unsigned> current() {
    cpu_set_t set;
    CPU_ZERO(&set);
    EXPECT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

/// In a thread of its own: affinity stays with the thread.
void apart(const std::function<void()>& body) { std::thread(body).join(); }

TEST(CpuAffinity, KeepsTheThreadAndThoseItStartsOnTheCpusNamed) {
    apart([] {
        const std::vector<unsigned> last = {current().back()};
        const auto set = set_cpu_affinity(last);
        ASSERT_TRUE(set) << set.error();
        EXPECT_EQ(current(), last);
        apart([&] { EXPECT_EQ(current(), last); });
    });
}

TEST(CpuAffinity, TakesSeveral) {
    apart([] {
        const std::vector<unsigned> all = current();
        ASSERT_TRUE(set_cpu_affinity(all));
        EXPECT_EQ(current(), all);
    });
}

TEST(CpuAffinity, LeavesTheChoiceToTheSystemWithoutAny) {
    apart([] {
        const auto before = current();
        EXPECT_TRUE(set_cpu_affinity({}));
        EXPECT_EQ(current(), before);
    });
}

TEST(CpuAffinity, NamesACpuThatDoesNotExistAndChangesNothing) {
    apart([] {
        const auto before = current();
        const std::array<unsigned, 2> cpus = {before.front(), 1023};
        const auto set = set_cpu_affinity(cpus);
        ASSERT_FALSE(set);
        EXPECT_THAT(set.error(),
                    ::testing::StartsWith("performance.cpu_affinity: CPU 1023 does not exist"));
        EXPECT_THAT(set.error(), ::testing::HasSubstr("this host has CPUs 0 to "));
        EXPECT_EQ(current(), before);
    });
}

}  // namespace
}  // namespace qe::host
