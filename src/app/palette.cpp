// SPDX-License-Identifier: Apache-2.0
#include "app/palette.h"

namespace qe::app {
namespace {

/// ECMA-48 "select graphic rendition".
std::string_view sequence_of(Tint tint) noexcept {
    switch (tint) {
        case Tint::Plain:
            break;
        case Tint::Good:
            return "\x1b[32m";
        case Tint::Warn:
            return "\x1b[33m";
        case Tint::Bad:
            return "\x1b[31m";
        case Tint::Dim:
            return "\x1b[2m";
        case Tint::Strong:
            return "\x1b[1m";
    }
    return {};
}

}  // namespace

bool wants_colour(const ColourSurroundings& surroundings) noexcept {
    const auto says = [](const char* variable) {
        return std::string_view(variable == nullptr ? "" : variable);
    };
    return surroundings.is_terminal && !surroundings.no_color_flag &&
           says(surroundings.no_color).empty() && says(surroundings.term) != "dumb";
}

std::string Palette::paint(Tint tint, std::string_view text) const {
    const std::string_view start = sequence_of(tint);
    if (!colour_ || start.empty() || text.empty()) {
        return std::string(text);
    }
    return std::string(start).append(text).append("\x1b[0m");
}

}  // namespace qe::app
