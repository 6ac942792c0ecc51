// SPDX-License-Identifier: Apache-2.0
#include "conditions.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace qe::linkemu {
namespace {

constexpr double kDurationSecondsMax = 3600;

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array kDurationUnits = {Unit{"us", 1e3}, Unit{"ms", 1e6}, Unit{"s", 1e9},
                                       Unit{"m", 60e9}};
constexpr std::array kRateUnits = {Unit{"", 1}, Unit{"k", 1e3}, Unit{"M", 1e6}, Unit{"G", 1e9}};
constexpr std::array kByteUnits = {Unit{"", 1}, Unit{"K", 1024}, Unit{"M", 1 << 20}};
constexpr std::array kShareUnits = {Unit{"", 1}, Unit{"%", 0.01}};

/// A number that is not negative, with one of the units behind it.
std::optional<double> scaled(std::string_view word, std::span<const Unit> units) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || !std::isfinite(value) || value < 0) {
        return std::nullopt;
    }
    const std::string_view unit = word.substr(static_cast<std::size_t>(end - word.data()));
    for (const Unit& one : units) {
        if (one.name == unit) {
            return value * one.factor;
        }
    }
    return std::nullopt;
}

bool read_share(std::string_view word, double& share) {
    const auto value = scaled(word, kShareUnits);
    share = value.value_or(0);
    return value.has_value() && share <= 1;
}

bool read_duration(std::string_view word, base::Duration& duration) {
    const auto value = scaled(word, kDurationUnits);
    if (!value || *value > kDurationSecondsMax * 1e9) {
        return false;
    }
    duration = base::Duration(std::llround(*value));
    return true;
}

bool read_rate(std::string_view word, Conditions& to) {
    const auto value = scaled(word, kRateUnits);
    if (word != "unlimited" && (!value || *value > 1e12)) {
        return false;
    }
    to.rate_bps = static_cast<std::uint64_t>(value.value_or(0));
    return true;
}

/// One of the two limits takes the place of the other.
bool read_queue(std::string_view word, Conditions& to) {
    if (read_duration(word, to.queue_time)) {
        to.queue_bytes = 0;
        return true;
    }
    const auto value = scaled(word, kByteUnits);
    if (!value || *value < 1 || *value > 1e10) {
        return false;
    }
    to.queue_bytes = static_cast<std::size_t>(*value);
    return true;
}

bool read_loss(std::string_view word, Conditions& to) {
    to.loss = {};
    return read_share(word, to.loss.good);
}

/// To the bad state, back, loss in the bad one (100 %), loss in the good one (0).
bool read_bursts(std::string_view word, Conditions& to) {
    to.loss = {.good = 0, .bad = 1, .to_bad = 0, .to_good = 1};
    for (double* share : {&to.loss.to_bad, &to.loss.to_good, &to.loss.bad, &to.loss.good}) {
        if (!word.empty() && !read_share(cut(word, ','), *share)) {
            return false;
        }
    }
    return word.empty();
}

bool read_reorder(std::string_view word, Conditions& to) {
    const std::string_view share = cut(word, ',');
    to.reorder_by = {};
    return read_share(share, to.reorder) &&
           (to.reorder == 0 || (read_duration(word, to.reorder_by) && to.reorder_by.count() > 0));
}

bool read_distribution(std::string_view word, Conditions& to) {
    constexpr std::array<std::pair<std::string_view, Distribution>, 3> kNames = {
        {{"uniform", Distribution::Uniform},
         {"normal", Distribution::Normal},
         {"exponential", Distribution::Exponential}}};
    for (const auto& [name, value] : kNames) {
        if (name == word) {
            to.distribution = value;
            return true;
        }
    }
    return false;
}

bool read_mtu(std::string_view word, Conditions& to) {
    const auto value = scaled(word, std::array{Unit{"", 1}});
    to.mtu = static_cast<std::size_t>(value && *value <= 65535 ? *value : 0);
    return to.mtu > 0;
}

bool read_blackhole(std::string_view word, Conditions& to) {
    to.blackhole = word == "on";
    return word == "on" || word == "off";
}

struct Key {
    std::string_view name;
    bool (*read)(std::string_view, Conditions&);
    std::string_view example;
};

constexpr std::array kKeys = {
    Key{"rate", read_rate, "100M or unlimited"},
    Key{"queue", read_queue, "64K or 50ms"},
    Key{"delay", [](std::string_view w, Conditions& to) { return read_duration(w, to.delay); },
        "20ms"},
    Key{"jitter", [](std::string_view w, Conditions& to) { return read_duration(w, to.jitter); },
        "2ms"},
    Key{"distribution", read_distribution, "uniform, normal or exponential"},
    Key{"loss", read_loss, "1%"},
    Key{"bursts", read_bursts, "0.5%,25%,100%,0%"},
    Key{"reorder", read_reorder, "2%,5ms"},
    Key{"duplicate", [](std::string_view w, Conditions& to) { return read_share(w, to.duplicate); },
        "0.1%"},
    Key{"mtu", read_mtu, "1400"},
    Key{"blackhole", read_blackhole, "on or off"},
};

Checked<void> apply_one(std::string_view name, std::string_view value, Conditions& to) {
    for (const Key& key : kKeys) {
        if (key.name == name) {
            return key.read(value, to)
                       ? Checked<void>()
                       : tl::unexpected(fmt::format("{} is \"{}\", but has to be like {}", name,
                                                    value, key.example));
        }
    }
    return tl::unexpected(fmt::format("there is no condition \"{}\"", name));
}

}  // namespace

std::string_view cut(std::string_view& rest, char separator) noexcept {
    const std::size_t at = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return part;
}

Checked<base::Duration> parse_duration(std::string_view word) {
    base::Duration duration{0};
    if (!read_duration(word, duration)) {
        return tl::unexpected(
            fmt::format("\"{}\" is not a time like 150us, 20ms, 1.5s or 2m", word));
    }
    return duration;
}

Checked<void> apply_words(std::span<const std::string_view> words, Conditions& conditions) {
    if (words.size() % 2 != 0) {
        return tl::unexpected(fmt::format("\"{}\" has no value", words.back()));
    }
    Conditions changed = conditions;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        if (auto done = apply_one(words[i], words[i + 1], changed); !done) {
            return done;
        }
    }
    conditions = changed;
    return {};
}

}  // namespace qe::linkemu
