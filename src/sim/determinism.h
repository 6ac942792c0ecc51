// SPDX-License-Identifier: Apache-2.0
//
// The TLS library draws its own random numbers and reads the wall clock. In a simulator's process
// both must come from the world.
#pragma once

#include <cstdint>

#include "quicether/base/time.h"

namespace qe::sim {

/// Replaces the TLS library's random source by a generator of known seed. To be called before
/// anything uses the library; the whole process is then unfit for real keys.
void make_process_deterministic();
/// Begins the generator anew, so that two worlds in one process may be compared.
void restart_randomness(std::uint64_t seed);
/// What time() and gettimeofday() answer in this process from now on, the library included.
void set_wall_clock(base::UnixTime now) noexcept;

}  // namespace qe::sim
