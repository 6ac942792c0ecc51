// SPDX-License-Identifier: Apache-2.0
#include "host/huge_pages.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qe::host {
namespace {

// GCC says it with a macro, clang with a feature.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

bool kernel_grants_huge_pages() {
    std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
    std::string modes;
    std::getline(file, modes);
    return !modes.empty() && modes.find("[never]") == std::string::npos;
}

long huge_kilobytes() {
    std::ifstream file("/proc/self/smaps_rollup");
    for (std::string word; file >> word;) {
        if (word == "AnonHugePages:") {
            long size = 0;
            file >> size;
            return size;
        }
    }
    return 0;
}

/// Small blocks, as the transport makes them.
void use_heap(std::size_t bytes) {
    constexpr std::size_t kBlock = 1000;
    for (std::size_t used = 0; used < bytes; used += kBlock) {
        void* const block = std::malloc(kBlock);
        std::memset(block, 1, kBlock);
        static_cast<void>(*static_cast<volatile char*>(block));
    }
}

/// Run by the other test, with a heap that nobody has used before.
TEST(HugePages, DISABLED_InAFreshProcess) {
    const long before = huge_kilobytes();
    grow_heap_on_huge_pages();
    EXPECT_LT(huge_kilobytes() - before, 4096) << "memory is taken before it is used";
    use_heap(16U << 20);
    EXPECT_GE(huge_kilobytes() - before, 4096);
}

TEST(HugePages, TakeWhatTheHeapGrowsBy) {
    if (kSanitized) {
        GTEST_SKIP() << "the sanitizer has a heap of its own";
    }
    if (!kernel_grants_huge_pages()) {
        GTEST_SKIP() << "this kernel grants no huge pages";
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl("/proc/self/exe", "unit_host", "--gtest_also_run_disabled_tests",
                "--gtest_filter=HugePages.DISABLED_InAFreshProcess", nullptr);
        ::_exit(127);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace qe::host
