// SPDX-License-Identifier: Apache-2.0
#include "app/units.h"

#include <array>
#include <charconv>

#include <fmt/core.h>

namespace qe::app {

std::string rtt_text(std::optional<std::uint64_t> rtt_us) {
    if (!rtt_us) {
        return "-";
    }
    const double ms = static_cast<double>(*rtt_us) / 1000.0;
    if (*rtt_us < 1000) {
        return fmt::format("{:.2f}ms", ms);
    }
    return *rtt_us < 10'000 ? fmt::format("{:.1f}ms", ms) : fmt::format("{:.0f}ms", ms);
}

std::string precise_rtt_text(std::uint64_t rtt_us) {
    const double ms = static_cast<double>(rtt_us) / 1000.0;
    return rtt_us < 10'000 ? fmt::format("{:.3f}ms", ms) : fmt::format("{:.1f}ms", ms);
}

std::string span_text(std::uint64_t span_us) {
    struct Unit {
        std::string_view name;
        std::uint64_t seconds;
    };
    constexpr std::array<Unit, 4> kUnits{{{"d", 86'400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
    std::uint64_t seconds = span_us / 1'000'000;
    for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
        if (seconds >= kUnits[i].seconds) {
            return fmt::format("{}{} {}{}", seconds / kUnits[i].seconds, kUnits[i].name,
                               seconds % kUnits[i].seconds / kUnits[i + 1].seconds,
                               kUnits[i + 1].name);
        }
    }
    return fmt::format("{}s", seconds);
}

std::optional<std::uint64_t> parse_span(std::string_view text) {
    std::uint64_t count = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) {
        return std::nullopt;
    }
    const std::string_view unit = text.substr(static_cast<std::size_t>(stop - text.data()));
    const std::uint64_t seconds = unit.empty() || unit == "s" ? 1
                                  : unit == "m"               ? 60
                                  : unit == "h"               ? 3600
                                  : unit == "d"               ? 86'400
                                                              : 0;
    constexpr std::uint64_t kCountMax = 1'000'000'000;
    return seconds == 0 || count > kCountMax ? std::nullopt : std::optional(count * seconds);
}

std::string count_text(std::uint64_t count) {
    if (count < 10'000) {
        return std::to_string(count);
    }
    constexpr std::array<std::string_view, 6> kSuffixes{"", "K", "M", "G", "T", "P"};
    double scaled = static_cast<double>(count);
    std::size_t power = 0;
    while (scaled >= 999.5 && power + 1 < kSuffixes.size()) {
        scaled /= 1000.0;
        ++power;
    }
    return scaled < 9.95 ? fmt::format("{:.1f}{}", scaled, kSuffixes[power])
                         : fmt::format("{:.0f}{}", scaled, kSuffixes[power]);
}

}  // namespace qe::app
