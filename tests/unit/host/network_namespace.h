// SPDX-License-Identifier: Apache-2.0
//
// Runs a test body in a network namespace of its own, which vanishes with it: a thread that has
// unshared its network (unshare(2)). Nothing of the machine's own network can be touched from
// there.
#pragma once

#include <functional>
#include <thread>

#include <sched.h>

namespace qe::host {

/// False when this process may not make namespaces; `body` has not run then.
[[nodiscard]] inline bool in_fresh_namespace(const std::function<void()>& body) {
    bool made = false;
    std::thread([&] {
        made = ::unshare(CLONE_NEWNET) == 0;
        if (made) {
            body();
        }
    }).join();
    return made;
}

}  // namespace qe::host

#define QE_IN_FRESH_NAMESPACE(...)                             \
    if (!::qe::host::in_fresh_namespace(__VA_ARGS__)) {        \
        GTEST_SKIP() << "needs the right to make a namespace"; \
    }
