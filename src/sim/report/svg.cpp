// SPDX-License-Identifier: Apache-2.0
#include "sim/report/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace qe::sim {
namespace {

constexpr double kLeft = 90;  // Of the plot's area, in SVG units.
constexpr double kWidth = 800;
constexpr double kRight = 10;
constexpr double kTop = 8;
constexpr double kHeight = 130;
constexpr double kBottom = 20;
constexpr std::size_t kColours = 8;

std::string begin_svg(double height, std::string_view title) {
    return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n",
                       kLeft + kWidth + kRight, height, html_text(title));
}

double x_of(double second, std::size_t seconds) {
    return kLeft + kWidth * second / static_cast<double>(std::max<std::size_t>(seconds, 1));
}

std::string marks_svg(const std::vector<PlotMark>& marks, std::size_t seconds, double height) {
    std::string out;
    for (const PlotMark& mark : marks) {
        const double x = x_of(mark.second, seconds);
        out += fmt::format(
            "<line class=\"mark\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\">"
            "<title>{3:.1f}s: {4}</title></line>\n",
            x, kTop, kTop + height, mark.second, html_text(mark.text));
    }
    return out;
}

/// 1, 2 or 5 times a power of ten: what the top of an axis is, or the distance of its ticks.
double round_up(double value) {
    if (value <= 0) {
        return 1;
    }
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (value <= step * power) {
            return step * power;
        }
    }
    return 10 * power;
}

std::string time_axis(std::size_t seconds, double y) {
    constexpr double kTicks = 8;
    const double step = std::max(round_up(static_cast<double>(seconds) / kTicks), 1.0);
    std::string out;
    for (double t = 0; t <= static_cast<double>(seconds); t += step) {
        out += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" class=\"tick mid\">{:g}s</text>\n",
                           x_of(t, seconds), y, t);
    }
    return out;
}

std::string value_axis(double top, std::string_view unit) {
    std::string out;
    for (const double share : {0.0, 0.5, 1.0}) {
        const double y = kTop + kHeight * (1 - share);
        out += fmt::format(
            "<line class=\"grid\" x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
            "<text x=\"{3:.0f}\" y=\"{4:.1f}\" class=\"tick end\">{5:g} {6}</text>\n",
            kLeft, kLeft + kWidth, y, kLeft - 6, y + 4, top * share, unit);
    }
    return out;
}

std::string line_svg(const PlotLine& line, std::size_t number, double top, std::size_t seconds) {
    std::string path;
    bool drawing = false;
    for (std::size_t i = 0; i < line.values.size(); ++i) {
        if (line.values[i] < 0) {
            drawing = false;
            continue;
        }
        path += fmt::format("{}{:.1f} {:.1f}", drawing ? 'L' : 'M',
                            x_of(static_cast<double>(i) + 0.5, seconds),
                            kTop + kHeight * (1 - std::min(line.values[i] / top, 1.0)));
        // A second by itself would be a line without length.
        path += drawing ? "" : "h.1";
        drawing = true;
    }
    return fmt::format("<path class=\"line c{}\" d=\"{}\"><title>{}</title></path>\n",
                       number % kColours, path, html_text(line.name));
}

std::string_view cell_class(std::uint8_t percent) {
    if (percent == Figures::kNotAwake) {
        return "off";
    }
    if (percent == Figures::kAlone) {
        return "alone";
    }
    return percent == 100 ? "full" : percent >= 50 ? "most" : percent > 0 ? "some" : "none";
}

/// One rectangle for each run of equal cells.
std::string row_svg(const std::vector<SecondFigures>& seconds, std::size_t row, double y,
                    double height) {
    std::string out;
    for (std::size_t i = 0; i < seconds.size();) {
        const std::string_view kind = cell_class(seconds[i].hosts[row]);
        std::size_t end = i + 1;
        while (end < seconds.size() && cell_class(seconds[end].hosts[row]) == kind) {
            ++end;
        }
        const double x = x_of(static_cast<double>(i), seconds.size());
        out += fmt::format(
            "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
            kind, x, y, x_of(static_cast<double>(end), seconds.size()) - x, height);
        i = end;
    }
    return out + "\n";
}

}  // namespace

std::string html_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string plot_svg(const Plot& plot, std::size_t seconds, const std::vector<PlotMark>& marks) {
    double most = 0;
    for (const PlotLine& line : plot.lines) {
        for (const double value : line.values) {
            most = std::max(most, value);
        }
    }
    const double top = round_up(most);
    std::string out = begin_svg(kTop + kHeight + kBottom, plot.title);
    out += value_axis(top, plot.unit) + marks_svg(marks, seconds, kHeight);
    for (std::size_t i = 0; i < plot.lines.size(); ++i) {
        out += line_svg(plot.lines[i], i, top, seconds);
    }
    return out + time_axis(seconds, kTop + kHeight + kBottom - 4) + "</svg>\n";
}

std::string strip_svg(const Strip& strip, const std::vector<PlotMark>& marks) {
    constexpr std::size_t kNamedMax = 40;
    const std::size_t rows = strip.names.size();
    const double row = rows <= kNamedMax ? 14 : std::max(1.0, 560.0 / static_cast<double>(rows));
    const double height = row * static_cast<double>(rows);
    std::string out = begin_svg(kTop + height + kBottom, strip.title);
    for (std::size_t i = 0; i < rows; ++i) {
        const double y = kTop + row * static_cast<double>(i);
        if (rows <= kNamedMax) {
            out += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" class=\"tick end\">{}</text>",
                               kLeft - 6, y + row - 3, html_text(strip.names[i]));
        }
        out += row_svg(*strip.seconds, i, y, rows <= kNamedMax ? row - 2 : row);
    }
    out += marks_svg(marks, strip.seconds->size(), height);
    return out + time_axis(strip.seconds->size(), kTop + height + kBottom - 4) + "</svg>\n";
}

}  // namespace qe::sim
