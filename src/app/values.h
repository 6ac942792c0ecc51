// SPDX-License-Identifier: Apache-2.0
//
// Option values that CLI11 hands over as text, checked with sentences of our own.
#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

namespace qe::app {

/// Accepts whole numbers that fit 64 bits; somebody else knows the bounds.
[[nodiscard]] CLI::Validator any_whole_number();

/// Accepts whole numbers from `least` to `most`.
[[nodiscard]] CLI::Validator whole_number(std::int64_t least, std::int64_t most);

/// Accepts decimal numbers of seconds from `least` to `most`.
[[nodiscard]] CLI::Validator seconds_value(double least, double most);

/// Accepts spans of time such as "30m" or "7d", from `least` to `most` seconds.
[[nodiscard]] CLI::Validator span_value(std::int64_t least, std::int64_t most);

}  // namespace qe::app
