// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "app/render.h"
#include "app/units.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {

using config::printable;

std::string render_ping(const control::PingReply& reply, std::uint32_t sequence) {
    const std::string id = reply.node_id.substr(0, 12);
    const std::string who =
        reply.name.empty() ? printable(id) : printable(reply.name) + " (" + printable(id) + ")";
    return fmt::format("reply from {}: seq={} time={} {}, {} -> {}\n", who, sequence,
                       precise_rtt_text(reply.rtt_us), printable(reply.kind),
                       printable(reply.path_local), printable(reply.path_remote));
}

std::string render_ping_summary(const control::PingSummaryDocument& summary) {
    const double lost = summary.sent == 0 ? 0.0
                                          : 100.0 * (summary.sent - summary.received) /
                                                static_cast<double>(summary.sent);
    std::string text = fmt::format("{}: {} sent, {} received, {:.0f}% lost",
                                   printable(summary.peer), summary.sent, summary.received, lost);
    if (summary.rtt_min_us && summary.rtt_mean_us && summary.rtt_max_us) {
        text += fmt::format(", min/mean/max {}/{}/{}", precise_rtt_text(*summary.rtt_min_us),
                            precise_rtt_text(*summary.rtt_mean_us),
                            precise_rtt_text(*summary.rtt_max_us));
    }
    return text + "\n";
}

}  // namespace qe::app
