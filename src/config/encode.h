// SPDX-License-Identifier: Apache-2.0
//
// Field values as TOML value texts: one overload per type of the Config. Injective, so that two
// values differ exactly when their texts do; the empty text means "unset".
#pragma once

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "config/text.h"
#include "quicether/config/config.h"
#include "quicether/config/tree.h"

namespace qe::config {

[[nodiscard]] inline std::string encode(const std::string& value) { return toml_string(value); }
[[nodiscard]] inline std::string encode(std::same_as<bool> auto value) {
    return value ? "true" : "false";
}
[[nodiscard]] inline std::string encode(std::uint16_t value) { return fmt::format("{}", value); }
[[nodiscard]] inline std::string encode(unsigned value) { return fmt::format("{}", value); }
[[nodiscard]] inline std::string encode(double value) { return fmt::format("{}", value); }
[[nodiscard]] inline std::string encode(NodeRole value) { return toml_string(to_text(value)); }
[[nodiscard]] inline std::string encode(OversizePolicy value) {
    return toml_string(to_text(value));
}
[[nodiscard]] inline std::string encode(ConnectPolicy value) { return toml_string(to_text(value)); }
[[nodiscard]] inline std::string encode(base::seconds value) {
    return toml_string(fmt::format("{}s", value.count()));
}
[[nodiscard]] inline std::string encode(base::milliseconds value) {
    constexpr int kPerSecond = 1000;
    return toml_string(value.count() % kPerSecond == 0
                           ? fmt::format("{}s", value.count() / kPerSecond)
                           : fmt::format("{}ms", value.count()));
}
[[nodiscard]] inline std::string encode(CongestionControl value) {
    return toml_string(to_text(value));
}
[[nodiscard]] inline std::string encode(TrafficClass value) {
    return toml_string(fmt::format("{}", value.dscp));
}
[[nodiscard]] inline std::string encode(base::LogLevel value) {
    return toml_string(base::to_text(value));
}
[[nodiscard]] inline std::string encode(const net::Prefix& value) {
    return toml_string(value.to_string());
}
[[nodiscard]] inline std::string encode(const net::IpAddress& value) {
    return toml_string(value.to_string());
}
[[nodiscard]] inline std::string encode(const HostPort& value) {
    return toml_string(value.to_string());
}
[[nodiscard]] inline std::string encode(const PeerRef& value) {
    return toml_string(to_string(value));
}

template <typename T>
[[nodiscard]] std::string encode(const std::optional<T>& value) {
    return value ? encode(*value) : std::string();
}

template <typename T>
[[nodiscard]] std::string encode(const std::vector<T>& values) {
    std::string out;
    for (const T& value : values) {
        out += (out.empty() ? "" : ", ") + encode(value);
    }
    return '[' + out + ']';
}

template <typename T>
[[nodiscard]] std::string encode(const std::map<std::string, T>& values) {
    std::string out;
    for (const auto& [key, value] : values) {
        out += fmt::format("{}{} = {}", out.empty() ? " " : ", ", toml_key(key), encode(value));
    }
    return out.empty() ? "{}" : '{' + out + " }";
}

/// One [[peer]] as an inline table.
[[nodiscard]] std::string encode(const PeerConfig& peer);
/// A tree value in canonical spelling. Must not contain dates.
[[nodiscard]] std::string encode(const Value& value);

}  // namespace qe::config
