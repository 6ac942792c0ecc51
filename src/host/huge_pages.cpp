// SPDX-License-Identifier: Apache-2.0
#include "host/huge_pages.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <malloc.h>
#include <sys/mman.h>

namespace qe::host {
namespace {

constexpr std::uintptr_t kHugePage = 2U << 20;
constexpr std::size_t kReserve = 32U << 20;
/// glibc's own default (mallopt(3)): what is larger does not come from the heap.
constexpr int kMappedAbove = 128 << 10;

}  // namespace

void grow_heap_on_huge_pages() noexcept {
    // One block makes the heap as large as it may become; released, it stays the heap's free end.
    ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(kReserve));
    ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * kReserve));
    constexpr std::size_t kBlock = kReserve - kHugePage;
    if (void* const block = std::malloc(kBlock)) {
        const auto at = reinterpret_cast<std::uintptr_t>(block);
        const std::uintptr_t first = (at + kHugePage - 1) / kHugePage * kHugePage;
        const std::uintptr_t last = (at + kBlock) / kHugePage * kHugePage;
        // The kernel may have no huge pages, or may be told to give none.
        static_cast<void>(::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE));
        std::free(block);
    }
    ::mallopt(M_MMAP_THRESHOLD, kMappedAbove);
}

}  // namespace qe::host
