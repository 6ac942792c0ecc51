// SPDX-License-Identifier: Apache-2.0
//
// `start --daemon`: a child in a session of its own, and a parent that waits for its readiness.
//
// Until then the parent passes on what the child writes to standard error, so that a failing start
// is explained where it was typed. Afterwards nobody reads it any more: `quicether logs` does.
#pragma once

#include <functional>
#include <string>

#include <sys/types.h>
#include <tl/expected.hpp>

namespace qe::app {

struct Detached {
    bool ready = false;
    pid_t pid = 0;
    int exit_code = 0;  ///< Of a child that ended before it was ready.
};

/// Runs `body` in the child; it writes one byte to the descriptor it gets once it is ready, or
/// closes it. Returns in the parent only; call it before the process has threads. On failure: a
/// sentence.
[[nodiscard]] tl::expected<Detached, std::string> run_detached(
    const std::function<int(int ready_fd)>& body);

}  // namespace qe::app
