// SPDX-License-Identifier: Apache-2.0
//
// QE_ASSERT: a bug of ours, never bad input. On in release builds; prints the place and aborts.
#pragma once

namespace qe::base {

/// Writes `file:line: assertion failed: what` to standard error and aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* what) noexcept;

}  // namespace qe::base

#define QE_ASSERT(condition)                              \
    (__builtin_expect(static_cast<bool>(condition), true) \
         ? static_cast<void>(0)                           \
         : ::qe::base::assertion_failed(__FILE__, __LINE__, #condition))
