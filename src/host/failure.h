// SPDX-License-Identifier: Apache-2.0
//
// How this module says what went wrong: an Error from a system call, or a sentence for the
// operator.
//
// A base::Error has static text and suits the run-time; what ends a start needs the path, the name
// and the number in question, hence Checked<T>, whose failing side is one whole sentence.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

#include "quicether/base/result.h"

namespace qe::host {

/// A value, or one sentence saying what failed, where, and what to do.
template <typename T>
using Checked = tl::expected<T, std::string>;

[[nodiscard]] inline tl::unexpected<std::string> refuse(std::string sentence) {
    return tl::unexpected<std::string>(std::move(sentence));
}

/// kSystemCall, or the more telling code for permissions and things in use.
[[nodiscard]] inline tl::unexpected<base::Error> fail_errno(std::string_view text,
                                                            int error = errno) noexcept {
    switch (error) {
        case EPERM:
        case EACCES:
            return base::fail(base::ErrorCode::kNoPermission, text, error);
        case EADDRINUSE:
        case EBUSY:
            return base::fail(base::ErrorCode::kInUse, text, error);
        case EEXIST:
            return base::fail(base::ErrorCode::kAlreadyExists, text, error);
        default:
            return base::fail(base::ErrorCode::kSystemCall, text, error);
    }
}

/// "Permission denied"
[[nodiscard]] inline std::string errno_text(int error) {
    return std::generic_category().message(error);
}

/// "setting the MTU: Operation not permitted"
[[nodiscard]] inline std::string describe(const base::Error& error) {
    std::string text(error.text);
    return error.native == 0 ? text : text + ": " + errno_text(error.native);
}

}  // namespace qe::host
