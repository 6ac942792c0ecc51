// SPDX-License-Identifier: Apache-2.0
//
// Values with units, as scenario files write them: one text → one number, or what is accepted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "quicether/base/time.h"

namespace qe::sim {

/// A value, or the second half of a sentence: "is not …; write …".
template <typename T>
using Parsed = tl::expected<T, std::string>;

/// "150us", "20ms", "1.5s", "2m", "1h", "0"; at most 1000 hours.
[[nodiscard]] Parsed<base::Duration> parse_duration(std::string_view text);
/// Bits per second: "64kbit", "100mbit", "1.5gbit".
[[nodiscard]] Parsed<std::uint64_t> parse_rate(std::string_view text);
/// Bytes: "1200B", "256KiB", "10MB".
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);
/// "12.5%" → 0.125; also "0.125".
[[nodiscard]] Parsed<double> parse_share(std::string_view text);

/// "250ms", "12.3s": for people, three digits.
[[nodiscard]] std::string duration_text(base::Duration duration);
/// "12.3 Mbit/s".
[[nodiscard]] std::string rate_text(double bits_per_second);
/// "1.2 MB", decimal.
[[nodiscard]] std::string size_text(double bytes);

}  // namespace qe::sim
