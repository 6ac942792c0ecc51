// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace qe::sim {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array kTimes = {Unit{"ns", 1},  Unit{"us", 1e3}, Unit{"ms", 1e6},
                               Unit{"s", 1e9}, Unit{"m", 60e9}, Unit{"h", 3600e9}};
constexpr std::array kRates = {Unit{"bit", 1}, Unit{"kbit", 1e3}, Unit{"mbit", 1e6},
                               Unit{"gbit", 1e9}};
constexpr std::array kSizes = {
    Unit{"B", 1},        Unit{"KB", 1e3},        Unit{"MB", 1e6},          Unit{"GB", 1e9},
    Unit{"KiB", 1024.0}, Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0}};

/// The number times its unit; nothing when either is not understood or it is negative.
std::optional<double> scaled(std::string_view text, std::span<const Unit> units) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0)) {
        return std::nullopt;
    }
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    if (name.empty() && number == 0) {
        return 0;
    }
    for (const Unit& unit : units) {
        if (unit.name == name) {
            return number * unit.factor;
        }
    }
    return std::nullopt;
}

std::string digits(double value) {
    return value >= 100  ? fmt::format("{:.0f}", value)
           : value >= 10 ? fmt::format("{:.1f}", value)
                         : fmt::format("{:.2f}", value);
}

}  // namespace

Parsed<base::Duration> parse_duration(std::string_view text) {
    constexpr double kMax = 1000 * 3600e9;
    const auto ns = scaled(text, kTimes);
    if (!ns || *ns > kMax) {
        return tl::unexpected(
            std::string("is not a span of time; write a number with us, ms, s, m or h, like "
                        "\"250ms\", of at most 1000h"));
    }
    return base::Duration(std::llround(*ns));
}

Parsed<std::uint64_t> parse_rate(std::string_view text) {
    constexpr double kMax = 1e12;
    const auto bits = scaled(text, kRates);
    if (!bits || *bits > kMax) {
        return tl::unexpected(std::string(
            "is not a rate; write a number with bit, kbit, mbit or gbit, like \"100mbit\""));
    }
    return static_cast<std::uint64_t>(std::llround(*bits));
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
    constexpr double kMax = 1e15;
    const auto bytes = scaled(text, kSizes);
    if (!bytes || *bytes > kMax) {
        return tl::unexpected(std::string(
            "is not a size; write a number with B, KB, MB, GB, KiB, MiB or GiB, like \"256KiB\""));
    }
    return static_cast<std::uint64_t>(std::llround(*bytes));
}

Parsed<double> parse_share(std::string_view text) {
    constexpr std::array kUnits = {Unit{"%", 0.01}, Unit{"", 1}};
    const auto share = scaled(text, kUnits);
    if (!share || *share > 1) {
        return tl::unexpected(std::string("is not a share; write 0 to 1, or \"0%\" to \"100%\""));
    }
    return *share;
}

std::string duration_text(base::Duration duration) {
    const auto ns = static_cast<double>(duration.count());
    if (ns < 1e6) {
        return digits(ns / 1e3) + "us";
    }
    return ns < 1e9 ? digits(ns / 1e6) + "ms" : digits(ns / 1e9) + "s";
}

std::string rate_text(double bits_per_second) {
    return bits_per_second < 1e3   ? digits(bits_per_second) + " bit/s"
           : bits_per_second < 1e6 ? digits(bits_per_second / 1e3) + " kbit/s"
           : bits_per_second < 1e9 ? digits(bits_per_second / 1e6) + " Mbit/s"
                                   : digits(bits_per_second / 1e9) + " Gbit/s";
}

std::string size_text(double bytes) {
    return bytes < 1e3   ? fmt::format("{:.0f} B", bytes)
           : bytes < 1e6 ? digits(bytes / 1e3) + " kB"
           : bytes < 1e9 ? digits(bytes / 1e6) + " MB"
                         : digits(bytes / 1e9) + " GB";
}

}  // namespace qe::sim
