// SPDX-License-Identifier: Apache-2.0
#include "app/values.h"

#include <charconv>
#include <limits>

#include <fmt/core.h>

#include "app/units.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

/// True when all of `text` is one number inside the bounds.
template <typename Number>
bool is_number(const std::string& text, Number least, Number most) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end && value >= least && value <= most;
}

}  // namespace

CLI::Validator any_whole_number() {
    return {[](std::string& text) {
                constexpr auto kLimits = std::numeric_limits<std::int64_t>();
                return is_number<std::int64_t>(text, kLimits.min(), kLimits.max())
                           ? std::string()
                           : fmt::format("\"{}\" is not a whole number", config::printable(text));
            },
            ""};
}

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
    return {[least, most](std::string& text) {
                return is_number(text, least, most)
                           ? std::string()
                           : fmt::format("\"{}\" is not a whole number from {} to {}",
                                         config::printable(text), least, most);
            },
            ""};
}

CLI::Validator seconds_value(double least, double most) {
    return {[least, most](std::string& text) {
                return is_number(text, least, most)
                           ? std::string()
                           : fmt::format("\"{}\" is not a number of seconds from {} to {}",
                                         config::printable(text), least, most);
            },
            ""};
}

CLI::Validator span_value(std::int64_t least, std::int64_t most) {
    return {[least, most](std::string& text) {
                const auto span = parse_span(text);
                const bool fits = span && *span >= static_cast<std::uint64_t>(least) &&
                                  *span <= static_cast<std::uint64_t>(most);
                return fits ? std::string()
                            : fmt::format(
                                  "\"{}\" is not a time such as 30m, 24h or 7d, from {} to "
                                  "{} seconds",
                                  config::printable(text), least, most);
            },
            ""};
}

}  // namespace qe::app
