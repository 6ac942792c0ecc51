// SPDX-License-Identifier: Apache-2.0
#include "allocation_count.h"

#include <execinfo.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

// glibc's own, under the names it keeps for those who replace them.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);
}

namespace qe::testing {
namespace {

constexpr std::size_t kDepth = 24;
constexpr std::size_t kCallersMax = 24;

/// Where memory was asked for, and how often.
struct Caller {
    Allocator who = Allocator::Ours;
    std::array<void*, kDepth> frames{};
    int depth = 0;
    std::uint64_t times = 0;

    [[nodiscard]] bool is(const Caller& other) const noexcept {
        return depth == other.depth && frames == other.frames;
    }
};

thread_local AllocationCount* counting = nullptr;
thread_local Allocator asking = Allocator::Ngtcp2;
std::array<Caller, kCallersMax> callers;
std::size_t caller_count = 0;

void remember_caller() noexcept {
    Caller caller{.who = asking};
    caller.depth = backtrace(caller.frames.data(), static_cast<int>(kDepth));
    Caller* const end = callers.data() + caller_count;
    Caller* known = std::find_if(callers.data(), end, [&](Caller& c) { return c.is(caller); });
    if (known == end) {
        if (caller_count == kCallersMax) {
            return;
        }
        *known = caller;
        ++caller_count;
    }
    ++known->times;
}

void count() noexcept {
    if (AllocationCount* const into = std::exchange(counting, nullptr)) {
        ++into->by[static_cast<std::size_t>(asking)];
        remember_caller();
        counting = into;
    }
}

/// Says who asks, for as long as it lives.
class Asking {
  public:
    explicit Asking(Allocator who) noexcept : before_(std::exchange(asking, who)) {}
    ~Asking() { asking = before_; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

  private:
    Allocator before_;
};

void* crypto_malloc(std::size_t size, const char* /*file*/, int /*line*/) {
    const Asking crypto(Allocator::Crypto);
    return std::malloc(size);
}
void* crypto_realloc(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
    const Asking crypto(Allocator::Crypto);
    return std::realloc(memory, size);
}
void crypto_free(void* memory, const char* /*file*/, int /*line*/) { std::free(memory); }

void* allocate(std::size_t size, std::size_t alignment) {
    const Asking ours(Allocator::Ours);
    void* const memory = std::aligned_alloc(alignment, size);
    if (memory == nullptr) {
        std::abort();
    }
    return memory;
}

}  // namespace

AllocationCount& AllocationCount::operator+=(const AllocationCount& more) noexcept {
    for (std::size_t i = 0; i < by.size(); ++i) {
        by[i] += more.by[i];
    }
    return *this;
}

CountingScope::CountingScope(AllocationCount& into) noexcept { counting = &into; }
CountingScope::~CountingScope() { counting = nullptr; }

bool tell_crypto_apart() noexcept {
    forget_callers();
    return CRYPTO_set_mem_functions(&crypto_malloc, &crypto_realloc, &crypto_free) == 1;
}

void forget_callers() noexcept {
    // The first call loads the unwinder, which allocates: not when somebody counts.
    std::array<void*, 1> frame{};
    static_cast<void>(backtrace(frame.data(), 1));
    caller_count = 0;
}

void print_callers() noexcept {
    static constexpr std::array<const char*, kAllocators> kNames = {"ours", "ngtcp2", "crypto"};
    for (std::size_t i = 0; i < caller_count; ++i) {
        const Caller& caller = callers[i];
        std::fprintf(stderr, "%llu allocations (%s) from:\n",
                     static_cast<unsigned long long>(caller.times),
                     kNames[static_cast<std::size_t>(caller.who)]);
        backtrace_symbols_fd(caller.frames.data(), caller.depth, STDERR_FILENO);
    }
}

}  // namespace qe::testing

// --- What the whole process calls ----------------------------------------------------------------

extern "C" {

void* malloc(std::size_t size) noexcept {
    qe::testing::count();
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
    qe::testing::count();
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
    qe::testing::count();
    return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
    qe::testing::count();
    return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    qe::testing::count();
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
    qe::testing::count();
    *memory = __libc_memalign(alignment, size);
    return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) noexcept { __libc_free(memory); }

}  // extern "C"

// The other forms of new and delete end in these.
void* operator new(std::size_t size) {
    return qe::testing::allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return qe::testing::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
    std::free(memory);
}
