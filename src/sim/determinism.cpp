// SPDX-License-Identifier: Apache-2.0
#include "sim/determinism.h"

#include <sys/time.h>

// Deprecated since OpenSSL 3.0, but the one hook that every draw passes, those of the providers
// too.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rand.h>

#include <ctime>

#include "quicether/base/assert.h"
#include "quicether/base/bytes.h"

namespace qe::sim {
namespace {

base::Rng& process_generator() {
    static base::Rng generator{base::Rng::Seed{}};
    return generator;
}

base::Rng* current = nullptr;  ///< Of the host that runs; null: the process' generator.

int draw(unsigned char* out, int size) noexcept {
    base::Rng& rng = current != nullptr ? *current : process_generator();
    rng.fill(std::as_writable_bytes(std::span(out, static_cast<std::size_t>(size))));
    return 1;
}

int seed_ignored(const void* /*bytes*/, int /*size*/) noexcept { return 1; }
int add_ignored(const void* /*bytes*/, int /*size*/, double /*entropy*/) noexcept { return 1; }
int always_ready() noexcept { return 1; }

struct WallClock {
    bool is_set = false;
    base::UnixTime now;
    base::Duration fraction{0};
};
WallClock wall_clock;

timeval read_wall_clock() noexcept {
    if (wall_clock.is_set) {
        const auto fraction = std::chrono::duration_cast<base::microseconds>(wall_clock.fraction);
        return {.tv_sec = wall_clock.now.seconds, .tv_usec = fraction.count()};
    }
    timespec real{};
    clock_gettime(CLOCK_REALTIME, &real);
    return {.tv_sec = real.tv_sec, .tv_usec = real.tv_nsec / 1000};
}

}  // namespace

void make_process_deterministic() {
    static const RAND_METHOD method = {.seed = &seed_ignored,
                                       .bytes = &draw,
                                       .cleanup = nullptr,
                                       .add = &add_ignored,
                                       .pseudorand = &draw,
                                       .status = &always_ready};
    QE_ASSERT(RAND_set_rand_method(&method) == 1);
}

void restart_randomness(std::uint64_t seed) {
    base::Rng::Seed bytes{};
    base::ByteWriter(bytes).u64(seed);
    process_generator() = base::Rng(bytes);
}

void set_wall_clock(base::UnixTime now, base::Duration fraction) noexcept {
    wall_clock = {true, now, fraction};
}

TlsRandomness::TlsRandomness(base::Rng& rng) noexcept : outer_(current) { current = &rng; }

TlsRandomness::~TlsRandomness() { current = outer_; }

}  // namespace qe::sim

// For the whole executable, in place of the C library's.

extern "C" time_t time(time_t* out) noexcept {
    const time_t now = qe::sim::read_wall_clock().tv_sec;
    if (out != nullptr) {
        *out = now;
    }
    return now;
}

extern "C" int gettimeofday(timeval* __restrict out, void* __restrict /*zone*/) noexcept {
    *out = qe::sim::read_wall_clock();
    return 0;
}
