// SPDX-License-Identifier: Apache-2.0
//
// Numbers as people read them. Scripts get the exact ones with --json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qe::app {

/// A round-trip time for a table: "0.41ms", "4.1ms", "15ms", "1200ms"; "-" when unknown.
[[nodiscard]] std::string rtt_text(std::optional<std::uint64_t> rtt_us);

/// A round-trip time for `ping`, with three decimals at most: "0.412ms", "15.2ms".
[[nodiscard]] std::string precise_rtt_text(std::uint64_t rtt_us);

/// A span of time by its two largest units: "42s", "3m 5s", "1d 2h".
[[nodiscard]] std::string span_text(std::uint64_t span_us);

/// Seconds of "90", "90s", "30m", "24h" or "7d"; empty for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_span(std::string_view text);

/// Bits per second: "850 Kbit/s", "9.5 Mbit/s", "2.4 Gbit/s"; "-" when unknown.
[[nodiscard]] std::string rate_text(std::optional<std::uint64_t> rate_bps);

/// A share from 0 to 1 in percent: "0%", "0.4%", "12%".
[[nodiscard]] std::string share_text(double share);

/// "999", "450K", "1.2M": decimal multiples.
[[nodiscard]] std::string count_text(std::uint64_t count);

}  // namespace qe::app
