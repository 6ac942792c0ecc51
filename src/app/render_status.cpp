// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/render.h"
#include "app/render_dht.h"
#include "app/units.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

using config::printable;

/// "a, b, c", printable.
std::string list_text(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : ", ") + printable(item);
    }
    return text;
}

/// " (a, b)", or nothing.
std::string in_brackets(const std::vector<std::string>& items) {
    return items.empty() ? std::string() : " (" + list_text(items) + ")";
}

std::string counter_lines(const std::vector<control::Counter>& counters) {
    std::string text;
    for (const control::Counter& counter : counters) {
        text += fmt::format("  {} {}\n", printable(counter.name), counter.value);
    }
    return text.empty() ? text : "Counters:\n" + text;
}

std::string problem_lines(const std::vector<std::string>& problems, const Palette& palette) {
    std::string text;
    for (const std::string& problem : problems) {
        text +=
            fmt::format("{} {}\n", palette.paint(Tint::Warn, "Problem:"), printable(problem, 400));
    }
    return text;
}

}  // namespace

std::string render_status(const control::StatusReply& status, bool counters,
                          const Palette& palette) {
    const auto label = [&](std::string_view name) {
        return palette.paint(Tint::Strong, fmt::format("{}:", name));
    };
    std::string text;
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{} {}\n", label("Node ID"), printable(status.node_id));
    fmt::format_to(out, "{} {}{}\n", label("TUN Interface"), printable(status.tun_name),
                   in_brackets(status.overlay_addresses));
    fmt::format_to(out, "{} {}\n", label("Connected Peers"),
                   status.peers_configured == status.peers_connected
                       ? std::to_string(status.peers_connected)
                       : fmt::format("{} of {}", status.peers_connected, status.peers_configured));
    fmt::format_to(out, "{} {}{}\n", label("Active Paths"), status.active_paths.size(),
                   in_brackets(status.active_paths));
    fmt::format_to(out, "{} {} ({})\n", label("Name"), printable(status.name),
                   printable(status.role));
    fmt::format_to(
        out, "{} {}\n", label("State"),
        palette.paint(status.state == "ok" ? Tint::Good : Tint::Warn, printable(status.state)));
    fmt::format_to(out, "{} {}\n", label("Listening"), list_text(status.listen));
    if (const std::string discovery = discovery_text(status.discovery, status.discovery_contacts);
        !discovery.empty()) {
        fmt::format_to(out, "{} {}\n", label("Discovery"), discovery);
    }
    fmt::format_to(out, "{} {}\n", label("MTU"), status.tun_mtu_bytes);
    fmt::format_to(out, "{} {}\n", label("Uptime"), span_text(status.uptime_us));
    fmt::format_to(out, "{} {}\n", label("Version"), printable(status.version));
    text += problem_lines(status.problems, palette);
    return counters ? text + counter_lines(status.counters) : text;
}

}  // namespace qe::app
