// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error, the only way a function of ours reports failure.
//
// A project-owned name over tl::expected, so that moving to std::expected one day touches this file
// alone. Nothing of ours throws. `QE_TRY` is the only control-flow macro in the project.
#pragma once

#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "quicether/base/error.h"

namespace qe::base {

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  public:
    using tl::expected<T, Error>::expected;
};

/// Success without a value.
using Status = Result<void>;

/// Makes the failing side of a Result. `text` must be a literal (static storage duration).
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string_view text,
                                                int native = 0) noexcept {
    return tl::unexpected<Error>(Error{code, native, text});
}

/// Passes a failure on from a Result of another type.
template <typename T>
[[nodiscard]] tl::unexpected<Error> fail(const Result<T>& failed) noexcept {
    return tl::unexpected<Error>(failed.error());
}

}  // namespace qe::base

#define QE_TRY_CONCAT_INNER(a, b) a##b
#define QE_TRY_CONCAT(a, b) QE_TRY_CONCAT_INNER(a, b)

/// `QE_TRY(auto x, parse(bytes));` declares x from the value, or returns the Error.
#define QE_TRY(declaration, expression)                                                     \
    auto QE_TRY_CONCAT(qe_try_, __LINE__) = (expression);                                   \
    if (!QE_TRY_CONCAT(qe_try_, __LINE__)) {                                                \
        return tl::unexpected<::qe::base::Error>(QE_TRY_CONCAT(qe_try_, __LINE__).error()); \
    }                                                                                       \
    declaration = std::move(*QE_TRY_CONCAT(qe_try_, __LINE__))

/// `QE_TRY_STATUS(check(x));` returns the Error of a Status, or goes on.
#define QE_TRY_STATUS(expression)                                            \
    do {                                                                     \
        if (auto qe_try_status = (expression); !qe_try_status) {             \
            return tl::unexpected<::qe::base::Error>(qe_try_status.error()); \
        }                                                                    \
    } while (false)
