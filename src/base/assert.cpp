// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace qe::base {

void assertion_failed(const char* file, int line, const char* what) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    std::abort();
}

}  // namespace qe::base
