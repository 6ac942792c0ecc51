// SPDX-License-Identifier: Apache-2.0
//
// A plain-text table: `NodeID | Address | RTT | Status`, columns as wide as their widest cell.
//
// Cells are made printable here (control characters and broken UTF-8 become \xNN), so that a name
// chosen by a peer cannot drive the operator's terminal. Width counts code points.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/palette.h"

namespace qe::app {

struct Cell {
    std::string text;
    Tint tint = Tint::Plain;
};

class Table {
  public:
    explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}

    /// As many cells as there are titles.
    void add(std::vector<Cell> row);

    /// The column of this title is left out when all its cells are empty.
    void make_optional(std::string_view title) { optional_.emplace_back(title); }

    /// Title line and rows, each ended by a newline and without trailing blanks.
    [[nodiscard]] std::string to_string(const Palette& palette) const;

  private:
    [[nodiscard]] bool is_shown(std::size_t column) const;
    [[nodiscard]] std::size_t width_of(std::size_t column) const;

    std::vector<std::string> titles_;
    std::vector<std::string> optional_;
    std::vector<std::vector<Cell>> rows_;
};

/// Code points of a UTF-8 text.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

}  // namespace qe::app
