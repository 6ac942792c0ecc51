// SPDX-License-Identifier: Apache-2.0
//
// The TLS library draws its own random numbers and reads the wall clock. In a simulator's process
// both must come from the world.
//
// time() and gettimeofday() are defined by this module for the whole executable, hence a TLS
// library linked statically sees them too. Until set_wall_clock() is called they tell the real
// time. The monotonic clocks are never touched.
#pragma once

#include <cstdint>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"

namespace qe::sim {

/// Replaces the TLS library's random source by a generator of known seed. To be called before
/// anything uses the library; the whole process is then unfit for real keys. Further calls change
/// nothing.
void make_process_deterministic();
/// Begins the generator anew, so that two worlds in one process may be compared.
void restart_randomness(std::uint64_t seed);
/// What time() and gettimeofday() answer in this process from now on, the library included:
/// `fraction` (less than a second) after `now`.
void set_wall_clock(base::UnixTime now, base::Duration fraction = {}) noexcept;

/// While it lives, the TLS library draws from `rng` instead of the process' generator, so that what
/// one host draws changes nothing for another. Scopes nest. No effect before
/// make_process_deterministic().
class TlsRandomness {
  public:
    explicit TlsRandomness(base::Rng& rng) noexcept;
    ~TlsRandomness();
    TlsRandomness(const TlsRandomness&) = delete;
    TlsRandomness& operator=(const TlsRandomness&) = delete;

  private:
    base::Rng* outer_;
};

}  // namespace qe::sim
