// SPDX-License-Identifier: Apache-2.0
//
// The data path through this module allocates nothing once warm: counted with a replaced operator
// new.
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/multipath/repair_buffer.h"
#include "quicether/multipath/resequencer.h"
#include "quicether/multipath/scheduler.h"

namespace {

std::atomic<std::size_t> g_allocations{0};

}  // namespace

// Not inlined: g++ would see malloc meet delete and warn of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++g_allocations;
    if (void* const memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace qe::multipath {
namespace {

using base::Instant;

Instant at(std::uint32_t us) { return Instant::from_nanoseconds(std::uint64_t{us} * 1000); }

/// Numbers of `count` datagrams over two paths, in blocks of 64 of which the second half comes
/// first; one in a hundred is missing. Returns how many were delivered.
std::size_t pass_lane(Resequencer& lane, std::uint32_t first, std::uint32_t count) {
    const std::array<std::byte, 1400> bytes{};
    std::size_t delivered = 0;
    for (std::uint32_t i = first; i < first + count; ++i) {
        const std::uint32_t number = i ^ 32U;
        if (number % 100 == 99) {
            continue;
        }
        const auto arrival = lane.arrive(at(10 * i), Sequence(number), bytes);
        delivered += arrival == Arrival::Deliver ? 1U : 0U;
        while (lane.pop(at(10 * i))) {
            ++delivered;
        }
    }
    return delivered;
}

TEST(Allocation, ResequencingIsFreeOfItOnceWarm) {
    Resequencer lane(true, 1U << 20);
    lane.set_patience(base::milliseconds(2));
    pass_lane(lane, 0, 6400);
    const std::size_t before = g_allocations;
    const std::size_t delivered = pass_lane(lane, 6400, 64'000);
    EXPECT_EQ(g_allocations - before, 0U);
    EXPECT_GT(delivered, 63'000U);
    EXPECT_GT(lane.counters().waited, 20'000U);
    EXPECT_GT(lane.counters().gaps, 600U);
}

/// Keeps 200 in flight; every tenth is lost and sent again. Returns how many were.
std::size_t pass_repairs(RepairBuffer& buffer, std::uint32_t count) {
    const std::array<std::byte, 1400> bytes{};
    const std::array parts = {base::ByteView(bytes).first(9), base::ByteView(bytes).subspan(9)};
    std::size_t repaired = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const RepairToken token = buffer.keep(at(10 * i), 0, parts);
        if (token % 10 == 0) {
            buffer.handle_lost(token - 200, 0);
        } else {
            buffer.handle_acknowledged(token - 200);
        }
        if (const auto repair = buffer.next(at(10 * i))) {
            ++repaired;
            buffer.handle_sent_again(repair->token, 1);
            buffer.handle_acknowledged(repair->token);
        }
    }
    return repaired;
}

TEST(Allocation, KeepingAndRepairingIsFreeOfItOnceWarm) {
    RepairBuffer buffer(1U << 20);
    pass_repairs(buffer, 2000);
    const std::size_t before = g_allocations;
    const std::size_t repaired = pass_repairs(buffer, 20'000);
    EXPECT_EQ(g_allocations - before, 0U);
    EXPECT_EQ(repaired, 2000U);
}

TEST(Allocation, SchedulingIsFreeOfIt) {
    const std::array schedulers = {make_round_robin(), make_weighted(), make_latency({}),
                                   make_redundant()};
    const std::array<PathView, 2> paths = {PathView{0, 9000, {}, 1e6, 2},
                                           PathView{3, 9000, {}, 1e6, 1}};
    std::size_t granted = 0;
    const std::size_t before = g_allocations;
    for (int i = 0; i < 1000; ++i) {
        for (const auto& scheduler : schedulers) {
            const Grant grant = scheduler->next(paths);
            granted += grant.paths != 0 ? 1U : 0U;
            scheduler->handle_sent(contains(grant.paths, 0) ? 0 : 3, 1000);
        }
    }
    EXPECT_EQ(g_allocations - before, 0U);
    EXPECT_EQ(granted, 4000U);
}

}  // namespace
}  // namespace qe::multipath
