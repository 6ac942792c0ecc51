// SPDX-License-Identifier: Apache-2.0
//
// An ExplainReply as sentences. What came from a peer is made printable.
#include <algorithm>

#include <fmt/format.h>

#include "app/render_multipath.h"
#include "app/render_network.h"
#include "app/units.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

using config::printable;

constexpr std::size_t kShortIdDigits = 12;

/// "0.2s", "42s", "3m 5s".
std::string time_text(std::uint64_t ms) {
    constexpr std::uint64_t kFractionBelow = 10'000;
    constexpr std::uint64_t kMicroseconds = 1000;
    return ms < kFractionBelow ? fmt::format("{:.1f}s", static_cast<double>(ms) / 1000.0)
                               : span_text(ms * kMicroseconds);
}

/// "1 copy", "2 copies".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count_text(count), count == 1 ? one : many);
}

std::string rtt_of(std::optional<double> ms) {
    constexpr double kPerMs = 1000;
    return rtt_text(ms ? std::optional(static_cast<std::uint64_t>(*ms * kPerMs)) : std::nullopt);
}

// --- A session ---------------------------------------------------------------------------------

std::string figures(const control::SessionPathReply& path) {
    std::string text = "round trip not known yet";
    if (path.rtt_ms) {
        text = fmt::format("round trip {}, at least {}, varies by {}", rtt_of(path.rtt_ms),
                           rtt_of(path.min_rtt_ms), rtt_of(path.rtt_variation_ms));
    }
    if (path.rate_bps) {
        text += fmt::format("; carried {} lately", rate_text(path.rate_bps));
    }
    return text + fmt::format("; loses {}; {}", share_text(path.loss),
                              path.last_used_ms
                                  ? "last packet " + time_text(*path.last_used_ms) + " ago"
                                  : "no packet yet");
}

/// The state and its cause, and what it means for packets.
std::string use_text(const control::SessionPathReply& path) {
    const bool sound = path.state == "active";
    std::string text = fmt::format("{} for {}{}.", path.state, time_text(path.since_ms),
                                   path.cause.empty() ? "" : ": " + path.cause);
    if (path.used) {
        return text + (sound ? " Carries packets." : " Carries packets for want of a better one.");
    }
    return text +
           (sound && !path.reason.empty() ? " Not used: " + path.reason + "." : " Not used.");
}

/// Only where flows are placed in groups.
std::string group_text(const control::PeerPathsReply& session,
                       const control::SessionPathReply& path) {
    const bool grouped = std::ranges::any_of(
        session.paths, [](const control::SessionPathReply& p) { return p.used && p.group != 0; });
    return grouped && path.used ? fmt::format(" Group {}.", path.group + 1) : "";
}

std::string path_lines(const control::PeerPathsReply& session,
                       const control::SessionPathReply& path, const Palette& palette) {
    const std::string title =
        fmt::format("{}: {} to {}", path.interface.empty() ? "no interface" : path.interface,
                    path.local, path.remote);
    return fmt::format(
        "  {}\n    {}{}{}\n    Figures: {}.\n", palette.paint(Tint::Strong, printable(title)),
        printable(use_text(path), 400), group_text(session, path),
        path.control ? " Carries what the nodes tell each other." : "", figures(path));
}

std::string decision_line(const control::PeerPathsReply& session) {
    if (session.scheduler.empty()) {
        return "There has been one path only, so there was nothing to decide.\n";
    }
    std::uint64_t rate_bps = 0;
    for (const control::SessionPathReply& path : session.paths) {
        rate_bps += path.used ? path.rate_bps.value_or(0) : 0;
    }
    const std::string evidence =
        rate_bps == 0 ? std::string(", before it has seen what they carry")
                      : fmt::format(", which carried {} lately", rate_text(rate_bps));
    return fmt::format("Decision: scheduler {}, {}{}.\n", printable(session.scheduler),
                       printable(session.decision), evidence);
}

std::string order_lines(const control::PeerPathsReply& session) {
    if (session.scheduler.empty()) {
        return "";
    }
    const control::OrderReply& order = session.order;
    const control::RepairReply& repair = session.repair;
    return fmt::format(
        "Order: what comes early waits up to {} for what is before it. {} had to; {} of what they "
        "waited for did not come in time, {} came later; {} dropped.\n"
        "Repair: {} that a path had lost left again by the best one; for {} it was too late, and "
        "{} "
        "not kept for want of room.\n",
        rtt_of(order.patience_ms), counted(order.waited, "datagram", "datagrams"),
        count_text(order.gaps), count_text(order.late),
        counted(order.duplicates, "copy was", "copies were"),
        counted(repair.repaired, "datagram", "datagrams"), count_text(repair.abandoned),
        counted(repair.forgotten, "was", "were"));
}

std::string missing_lines(const control::ExplainReply& reply) {
    std::string text;
    for (const control::MissingPathReply& path : reply.missing) {
        text += fmt::format(
            "Missing: a path from {} to {}; {}.\n",
            path.interface.empty() ? "an interface that is gone" : printable(path.interface),
            path.peer_uplink == 0 ? std::string("the peer")
                                  : fmt::format("the peer's uplink {}", path.peer_uplink),
            path.dialling ? "it is being dialled, and again in " + time_text(path.next_try_ms)
                          : "the next try is in " + time_text(path.next_try_ms));
    }
    if (reply.multipath && !reply.plans && reply.state == "connected") {
        text += "Further paths are dialled by the peer, which dialled the session.\n";
    }
    return text;
}

std::string session_lines(const control::ExplainReply& reply, const Palette& palette) {
    const control::PeerPathsReply& session = *reply.session;
    std::string text = fmt::format(
        "Multipath is {}; {}\n",
        reply.multipath ? fmt::format("on ({})", printable(reply.mode)) : "off",
        session.paths.empty()       ? "no path is left."
        : session.paths.size() == 1 ? "there is one path:"
                                    : fmt::format("there are {} paths:", session.paths.size()));
    for (const control::SessionPathReply& path : session.paths) {
        text += path_lines(session, path, palette);
    }
    return text + (session.paths.empty() ? "" : decision_line(session)) + order_lines(session) +
           missing_lines(reply);
}

// --- No session --------------------------------------------------------------------------------

std::string search_line(const control::ExplainReply& reply) {
    if (reply.searching) {
        return "The DHT is being asked where it is.\n";
    }
    return reply.next_search_ms ? fmt::format("The DHT is asked in {} where it is.\n",
                                              time_text(*reply.next_search_ms))
                                : "";
}

std::string dial_lines(const control::ExplainReply& reply) {
    std::string text =
        reply.wanted.empty()
            ? std::string("Nobody asks for a session with it, so it is not dialled.\n")
            : fmt::format("There shall be a session, as {}.\n", printable(reply.wanted));
    if (reply.endpoints.empty()) {
        text += "No address of it is known: it has to dial, or to be found.\n";
    } else {
        std::string list;
        for (const std::string& endpoint : reply.endpoints) {
            list += (list.empty() ? "" : ", ") + printable(endpoint);
        }
        text += fmt::format("It may be at {}.\n", list);
    }
    for (const control::HandshakeReply& handshake : reply.handshakes) {
        text += fmt::format("Dialling {} from {} now.\n", printable(handshake.remote),
                            printable(handshake.local));
    }
    if (reply.next_try_ms) {
        text += fmt::format("The next try is in {}.\n", time_text(*reply.next_try_ms));
    }
    text += search_line(reply);
    return text + fmt::format("Dialled {} so far{}\n", counted(reply.dials, "time", "times"),
                              reply.last_error.empty()
                                  ? std::string(".")
                                  : fmt::format("; the last failure: {}.",
                                                printable(reply.last_error, 400)));
}

std::string opening(const control::ExplainReply& reply) {
    const std::string who =
        fmt::format("{} ({})", printable_name(reply.name), reply.node_id.substr(0, kShortIdDigits));
    std::string text = fmt::format("{} is {}.", who, printable(reply.state));
    if (reply.connected_ms) {
        text += fmt::format(" The session has lasted {}", time_text(*reply.connected_ms));
        text +=
            reply.migrations == 0
                ? std::string()
                : fmt::format(" and lived through {}",
                              counted(reply.migrations, "change of address", "changes of address"));
        text += ".";
    }
    if (reply.last_seen_ms) {
        text += fmt::format(" Last heard of {} ago.", time_text(*reply.last_seen_ms));
    }
    if (reply.ends_ms) {
        text +=
            fmt::format(" It ends in {} unless the peer comes back.", time_text(*reply.ends_ms));
    }
    return text + "\n";
}

}  // namespace

std::string render_explain(const control::ExplainReply& reply, const Palette& palette) {
    return opening(reply) + (reply.session ? session_lines(reply, palette) : "") +
           (reply.state == "connected" ? "" : dial_lines(reply));
}

}  // namespace qe::app
