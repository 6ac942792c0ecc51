// SPDX-License-Identifier: Apache-2.0
#include "app/table.h"

#include <algorithm>

#include "quicether/base/assert.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

constexpr std::size_t kCellBytesMax = 120;
constexpr std::string_view kSeparator = " | ";

void trim_right(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
    constexpr unsigned kContinuationMask = 0xC0;
    constexpr unsigned kContinuation = 0x80;
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
        return (static_cast<unsigned char>(c) & kContinuationMask) != kContinuation;
    }));
}

void Table::add(std::vector<Cell> row) {
    QE_ASSERT(row.size() == titles_.size());
    for (Cell& cell : row) {
        cell.text = config::printable(cell.text, kCellBytesMax);
    }
    rows_.push_back(std::move(row));
}

bool Table::is_shown(std::size_t column) const {
    return std::ranges::find(optional_, titles_[column]) == optional_.end() ||
           std::ranges::any_of(rows_, [&](const auto& row) { return !row[column].text.empty(); });
}

std::size_t Table::width_of(std::size_t column) const {
    std::size_t width = display_width(titles_[column]);
    for (const auto& row : rows_) {
        width = std::max(width, display_width(row[column].text));
    }
    return width;
}

std::string Table::to_string(const Palette& palette) const {
    std::vector<std::string> lines(rows_.size() + 1);
    for (std::size_t column = 0; column < titles_.size(); ++column) {
        if (!is_shown(column)) {
            continue;
        }
        const std::size_t width = width_of(column);
        const auto append = [&](std::string& line, std::string_view text, Tint tint) {
            line += column == 0 ? "" : kSeparator;
            line += palette.paint(tint, text);
            line.append(width - display_width(text), ' ');
        };
        append(lines[0], titles_[column], Tint::Strong);
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            append(lines[row + 1], rows_[row][column].text, rows_[row][column].tint);
        }
    }
    std::string text;
    for (std::string& line : lines) {
        trim_right(line);
        text += line + "\n";
    }
    return text;
}

}  // namespace qe::app
