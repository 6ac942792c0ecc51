// SPDX-License-Identifier: Apache-2.0
//
// AllocationCount: every piece of memory that this process asks the C library for, by who asked.
//
// This program defines malloc and its relatives itself and passes them on to glibc's, so nothing
// that is linked in can allocate unseen: our code, the C++ library, ngtcp2, OpenSSL. Ours is what
// comes through operator new, because nothing of ours calls malloc; OpenSSL is told to allocate
// through functions of its own; what is left is ngtcp2 (and glibc). Only calls under a
// CountingScope of the same thread count, so a test may allocate as it likes between its calls into
// the code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace qe::testing {

enum class Allocator : std::uint8_t { Ours, Ngtcp2, Crypto };
inline constexpr std::size_t kAllocators = 3;

/// Calls that returned memory: realloc() counts, because it may move and copy.
struct AllocationCount {
    std::array<std::uint64_t, kAllocators> by{};

    [[nodiscard]] std::uint64_t of(Allocator who) const noexcept {
        return by[static_cast<std::size_t>(who)];
    }
    AllocationCount& operator+=(const AllocationCount& more) noexcept;
};

/// Adds this thread's allocations to `count` while it lives. Scopes do not nest.
class CountingScope {
  public:
    explicit CountingScope(AllocationCount& count) noexcept;
    ~CountingScope();
    CountingScope(const CountingScope&) = delete;
    CountingScope& operator=(const CountingScope&) = delete;
};

/// Has OpenSSL allocate where it can be told from others. Call before anything uses OpenSSL; false:
/// it was too late.
[[nodiscard]] bool tell_crypto_apart() noexcept;

/// Writes to stderr where the first allocations under a CountingScope since forget_callers() came
/// from, as "program(+offset)" for addr2line.
void print_callers() noexcept;
void forget_callers() noexcept;

}  // namespace qe::testing
