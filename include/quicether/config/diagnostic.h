// SPDX-License-Identifier: Apache-2.0
//
// Diagnostic: one thing wrong with a configuration, in one sentence an operator can act on.
//
// The sentence names the file, the line, the key, what is wrong and what to do:
//   /etc/quicether/config.toml:12: network.mtu: 100 is too small; use 1280 to 9000
// Whatever came from outside is escaped, so a hostile file cannot drive the terminal it is shown
// on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace qe::config {

struct Diagnostic {
    std::string file;      ///< Label of the text, or "command line".
    std::size_t line = 0;  ///< From 1; 0 when there is none.
    std::string key;       ///< Dotted key or flag; empty for the text as a whole.
    std::string message;   ///< "what is wrong; what to do", without a full stop.

    /// `FILE:LINE: KEY: MESSAGE`, parts that are absent left out; one line, printable.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// All of them, one a line, each ended by a newline.
[[nodiscard]] std::string to_string(const std::vector<Diagnostic>& diagnostics);

/// A value, or everything that is wrong (never an empty list).
template <typename T>
using Checked = tl::expected<T, std::vector<Diagnostic>>;

/// `text` with control characters and broken UTF-8 as \xNN, cut after `bytes_max` bytes ("…").
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 80);

}  // namespace qe::config
