// SPDX-License-Identifier: Apache-2.0
//
// Plots as inline SVG: lines over the seconds of a run, and strips of cells. Colours are classes
// that the page's style defines for light and dark.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/figures.h"

namespace qe::sim {

/// One line of a plot: a value for each second; a negative one interrupts the line.
struct PlotLine {
    std::string name;
    std::vector<double> values;
};

struct Plot {
    std::string title;
    std::string unit;
    std::vector<PlotLine> lines;  ///< At most eight are told apart by colour.
};

/// What happened, for the upright marks in every plot: seconds and a text.
struct PlotMark {
    double second = 0;
    std::string text;
};

[[nodiscard]] std::string plot_svg(const Plot& plot, std::size_t seconds,
                                   const std::vector<PlotMark>& marks);

/// A row of cells for each name: `cells[second][row]` in percent, Figures::kNotAwake, kAlone.
struct Strip {
    std::string title;
    std::vector<std::string> names;
    const std::vector<SecondFigures>* seconds = nullptr;
};

[[nodiscard]] std::string strip_svg(const Strip& strip, const std::vector<PlotMark>& marks);

/// `text` with what HTML gives a meaning to replaced.
[[nodiscard]] std::string html_text(std::string_view text);

}  // namespace qe::sim
