// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/diagnostic.h"

#include <fmt/format.h>

namespace qe::config {
namespace {

constexpr std::size_t kLabelShownMax = 1024;
constexpr std::size_t kMessageShownMax = 1024;

}  // namespace

std::string Diagnostic::to_string() const {
    std::string out = printable(file, kLabelShownMax);
    if (line != 0) {
        out += fmt::format(":{}", line);
    }
    if (!key.empty()) {
        out += ": " + printable(key);
    }
    return out + ": " + printable(message, kMessageShownMax);
}

std::string to_string(const std::vector<Diagnostic>& diagnostics) {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics) {
        out += diagnostic.to_string();
        out += '\n';
    }
    return out;
}

}  // namespace qe::config
