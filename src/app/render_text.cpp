// SPDX-License-Identifier: Apache-2.0
//
// Replies that are lines rather than tables: reload and log records.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "app/render.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

using config::printable;

constexpr std::size_t kMessageBytesMax = 2000;

Tint tint_of(std::string_view level) noexcept {
    if (level == "error") {
        return Tint::Bad;
    }
    if (level == "warn") {
        return Tint::Warn;
    }
    return level == "info" ? Tint::Plain : Tint::Dim;
}

}  // namespace

std::string render_reload(const control::ReloadReply& reply) {
    std::string text;
    for (const std::string& key : reply.applied) {
        text += fmt::format("applied: {}\n", printable(key));
    }
    for (const std::string& key : reply.needs_restart) {
        text += fmt::format("waits for a restart: {}\n", printable(key));
    }
    return text.empty() ? "nothing has changed\n" : text;
}

std::string render_log_line(const control::LogLine& line, const Palette& palette) {
    return fmt::format(
        "{} {} {}: {}\n", palette.paint(Tint::Dim, printable(line.time)),
        palette.paint(tint_of(line.level), fmt::format("{:<5}", printable(line.level))),
        printable(line.module), printable(line.message, kMessageBytesMax));
}

}  // namespace qe::app
