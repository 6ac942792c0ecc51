// SPDX-License-Identifier: Apache-2.0
//
// What `quicether` tells the shell. Stable: scripts and monitoring depend on it.
#pragma once

#include <string>
#include <vector>

#include "quicether/control/messages.h"

namespace qe::app {

enum class ExitCode : int {
    Ok = 0,
    Failure = 1,
    Usage = 2,       ///< The command line itself is wrong.
    Degraded = 3,    ///< `status`: the daemon runs and has problems.
    NotRunning = 4,  ///< A daemon was asked and there is none.
};

/// Why a verb gave up: what, where and what to do, one sentence each, without a full stop.
struct Failure {
    ExitCode code = ExitCode::Failure;
    control::ErrorKind kind = control::ErrorKind::Failed;
    std::vector<std::string> sentences;
};

[[nodiscard]] inline Failure usage_failure(std::string sentence) {
    return {ExitCode::Usage, control::ErrorKind::Usage, {std::move(sentence)}};
}

}  // namespace qe::app
