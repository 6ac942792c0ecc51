// SPDX-License-Identifier: Apache-2.0
//
// The data plane allocates nothing per packet: counted with a replaced operator new.
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/overlay/fragmenter.h"
#include "quicether/overlay/packer.h"
#include "quicether/overlay/reassembler.h"

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

namespace qe::overlay {
namespace {

/// Cuts and joins some packets, several of them unfinished at a time, and loses some for ever.
std::size_t pass_packets(Fragmenter& fragmenter, Reassembler& reassembler, base::ByteView packet,
                         int count) {
    std::size_t whole_count = 0;
    for (int i = 0; i < count; ++i) {
        const auto first = fragmenter.cut(packet, 700).value();
        const auto second = fragmenter.cut(packet.first(1300), 600).value();
        for (const auto* plan : {&first, &second}) {
            for (std::size_t k = i % 5 == 0 ? 1 : 0; k < plan->count(); ++k) {
                const auto piece = plan->piece(k);
                const auto whole = reassembler.handle_fragment(
                    base::Instant(), piece.header.fragment, piece.payload);
                whole_count += whole && *whole ? 1U : 0U;
            }
        }
    }
    return whole_count;
}

TEST(Allocation, FragmentsAndReassemblyAreFreeOfItOnceWarm) {
    Fragmenter fragmenter(0);
    Reassembler reassembler;
    const base::Bytes packet(1420);
    pass_packets(fragmenter, reassembler, packet, 500);
    const std::size_t before = g_allocations;
    const std::size_t whole_count = pass_packets(fragmenter, reassembler, packet, 1000);
    EXPECT_EQ(g_allocations - before, 0U);
    EXPECT_EQ(whole_count, 1600U);
}

TEST(Allocation, PackingAndWalkingAreFreeOfIt) {
    const base::Bytes packet(60);
    base::Bytes payload(100);
    Packer packer;
    packer.set_datagram_bytes_max(1200);
    const std::size_t before = g_allocations;
    std::size_t packed = 0;
    while (packer.add({}, packet, false)) {
        ++packed;
    }
    static_cast<void>(packer.take());
    const auto unpacked = for_each_packet(payload, [](base::ByteView) {});
    EXPECT_EQ(g_allocations - before, 0U);
    EXPECT_EQ(packed, 19U);
    EXPECT_EQ(unpacked.dropped_bytes, payload.size());
}

}  // namespace
}  // namespace qe::overlay
