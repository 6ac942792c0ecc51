// SPDX-License-Identifier: Apache-2.0
//
// Which CPUs the daemon runs on (sched_setaffinity(2)): the operator's choice, or else the
// system's.
#pragma once

#include <span>

#include "host/failure.h"

namespace qe::host {

/// Keeps the calling thread, and threads it starts later, on `cpus`; empty: leaves things alone.
/// Numbers are below CPU_SETSIZE (1024). Refuses, with nothing changed, when one of them does not
/// exist or is not open to this process.
[[nodiscard]] Checked<void> set_cpu_affinity(std::span<const unsigned> cpus);

}  // namespace qe::host
