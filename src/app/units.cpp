// SPDX-License-Identifier: Apache-2.0
#include "app/units.h"

#include <array>
#include <charconv>

#include <fmt/core.h>

namespace qe::app {
namespace {

struct Scaled {
    std::string digits;
    std::string_view suffix;
};

/// To two digits and the power of thousand that goes with them.
Scaled scale(std::uint64_t count) {
    constexpr std::array<std::string_view, 6> kSuffixes{"", "K", "M", "G", "T", "P"};
    double scaled = static_cast<double>(count);
    std::size_t power = 0;
    while (scaled >= 999.5 && power + 1 < kSuffixes.size()) {
        scaled /= 1000.0;
        ++power;
    }
    return {
        scaled < 9.95 && power > 0 ? fmt::format("{:.1f}", scaled) : fmt::format("{:.0f}", scaled),
        kSuffixes[power]};
}

}  // namespace

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
    constexpr std::uint64_t kExactBelow = 10'000;
    if (count < kExactBelow) {
        return std::to_string(count);
    }
    const Scaled scaled = scale(count);
    return scaled.digits + std::string(scaled.suffix);
}

std::string rate_text(std::optional<std::uint64_t> rate_bps) {
    if (!rate_bps) {
        return "-";
    }
    const Scaled scaled = scale(*rate_bps);
    return fmt::format("{} {}bit/s", scaled.digits, scaled.suffix);
}

std::string share_text(double share) {
    const double percent = 100 * share;
    constexpr double kRoundedToNone = 0.05;
    if (percent < kRoundedToNone) {
        return "0%";
    }
    return percent < 9.95 ? fmt::format("{:.1f}%", percent) : fmt::format("{:.0f}%", percent);
}

}  // namespace qe::app
