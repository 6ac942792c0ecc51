// SPDX-License-Identifier: Apache-2.0
//
// Colours for people: decided once, applied to whole words, absent everywhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qe::app {

enum class Tint : std::uint8_t { Plain, Good, Warn, Bad, Dim, Strong };

/// What the decision depends on, so that it can be tested without a terminal.
struct ColourSurroundings {
    bool is_terminal = false;
    bool no_color_flag = false;
    const char* no_color = nullptr;  ///< $NO_COLOR; counts when not empty (no-color.org).
    const char* term = nullptr;      ///< $TERM; "dumb" means no colours.
};
[[nodiscard]] bool wants_colour(const ColourSurroundings& surroundings) noexcept;

class Palette {
  public:
    explicit Palette(bool colour) noexcept : colour_(colour) {}

    /// `text` in its colour, or as it is.
    [[nodiscard]] std::string paint(Tint tint, std::string_view text) const;

  private:
    bool colour_;
};

}  // namespace qe::app
