// SPDX-License-Identifier: Apache-2.0
//
// Numbers as people read them. Scripts get the exact ones with --json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace qe::app {

/// A round-trip time for a table: "0.41ms", "4.1ms", "15ms", "1200ms"; "-" when unknown.
[[nodiscard]] std::string rtt_text(std::optional<std::uint64_t> rtt_us);

/// A round-trip time for `ping`, with three decimals at most: "0.412ms", "15.2ms".
[[nodiscard]] std::string precise_rtt_text(std::uint64_t rtt_us);

/// A span of time by its two largest units: "42s", "3m 5s", "1d 2h".
[[nodiscard]] std::string span_text(std::uint64_t span_us);

/// "999", "450K", "1.2M": decimal multiples.
[[nodiscard]] std::string count_text(std::uint64_t count);

}  // namespace qe::app
