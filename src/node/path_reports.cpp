// SPDX-License-Identifier: Apache-2.0
#include "node/path_reports.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include <fmt/core.h>

#include "node/links/close_text.h"
#include "node/reports.h"
#include "node/uplinks.h"

namespace qe::node {
namespace {

using multipath::PathSet;
using multipath::PathState;

/// To the microsecond: more digits would only be noise.
double milliseconds_of(base::Duration d) {
    return std::round(static_cast<double>(std::max<std::int64_t>(0, d.count())) / 1e3) / 1e3;
}

std::uint64_t whole_milliseconds_of(base::Duration d) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.count()) / 1'000'000);
}

std::string_view cause_text(multipath::PathMonitor::Cause cause) {
    const std::string_view text = multipath::explain(cause);
    return text.starts_with(": ") ? text.substr(2) : text;
}

// --- What the scheduler makes of the paths -----------------------------------------------------

/// What decides on the paths of a session.
struct Choice {
    std::size_t usable = 0;  ///< Links.
    PathSet used = 0;
    std::set<multipath::GroupIndex> groups;  ///< Of the paths used.
    std::uint32_t best = UINT32_MAX;         ///< Standing of those the scheduler chooses from.
    const multipath::Scheduler* scheduler = nullptr;  ///< None: the active link alone is used.
};

/// Of the paths that Outbound shows to a group's scheduler those used, as if all had room.
PathSet scheduled(const NodeState& state, const Session& session, const Choice& choice,
                  multipath::GroupIndex group) {
    std::vector<multipath::PathView> views;
    for (const Link& link : session.links) {
        const bool eligible =
            link.usable() && link.standing() == choice.best && link.group == group;
        const auto metrics = eligible ? state.endpoint->metrics(link.connection) : std::nullopt;
        if (metrics) {
            views.push_back({.path = link.index,
                             .room = 1,
                             .rtt = metrics->smoothed_rtt,
                             .rate = link.monitor->delivery_rate(),
                             .weight = link.weight});
        }
    }
    std::ranges::sort(views, {}, &multipath::PathView::path);
    if (views.empty()) {
        return 0;
    }
    const Bond::Group& bonded = session.bond->groups[group];
    const auto alone = bonded.judge.alone();
    return alone ? multipath::set_of(*alone) : bonded.scheduler->uses(views);
}

Choice choice_of(const NodeState& state, const Session& session) {
    Choice choice;
    for (const Link& link : session.links) {
        if (link.usable()) {
            ++choice.usable;
            choice.best = std::min(choice.best, link.standing());
        }
    }
    const Link* const active = session.active_link();
    if (session.bond && choice.usable > 1) {
        choice.scheduler = &session.bond->scheduler();
        for (multipath::GroupIndex group = 0; group < multipath::kGroupsMax; ++group) {
            const PathSet used = scheduled(state, session, choice, group);
            choice.used = static_cast<PathSet>(choice.used | used);
            if (used != 0) {
                choice.groups.insert(group);
            }
        }
    } else if (active != nullptr && active->usable()) {
        choice.used = multipath::set_of(active->index);
    }
    return choice;
}

std::string decision_text(const Choice& choice) {
    const int count = std::popcount(choice.used);
    if (count < 2) {
        return count == 0 ? "no path" : "one path";
    }
    const std::string_view name = choice.scheduler->name();
    const std::string groups =
        choice.groups.size() < 2 ? "" : fmt::format(" in {} groups", choice.groups.size());
    if (name == "redundant") {
        return fmt::format("copies on {} paths", count);
    }
    return name == "latency" ? fmt::format("the quickest of {} paths that has room", count)
                             : fmt::format("stripes over {} paths{}", count, groups);
}

// --- One path ----------------------------------------------------------------------------------

std::string interface_of(const NodeState& state, const Link& link) {
    const Interface* found = state.view.find_interface(link.flow.local.ip);
    if (found == nullptr && link.uplink != 0) {
        found = state.view.find_interface(link.uplink);
    }
    return found == nullptr ? "" : found->name;
}

/// "eth0", "eth0 and eth1": where the packets go instead.
std::string used_interfaces(const NodeState& state, const Session& session, const Choice& choice) {
    std::set<std::string> names;
    for (const Link& link : session.links) {
        if (link.usable() && multipath::contains(choice.used, link.index)) {
            names.insert(interface_of(state, link));
        }
    }
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : " and ") + name;
    }
    return text;
}

std::string retreat_text(const multipath::BondJudge& judge) {
    constexpr double kMegabit = 1e6 / 8;
    const double together = judge.rate_together() / kMegabit;
    return judge.rate_alone() > 0
               ? fmt::format("the paths carried {:.1f} Mbit/s together, and one alone {:.1f}",
                             together, judge.rate_alone() / kMegabit)
               : fmt::format("the paths carried {:.1f} Mbit/s together, and one is tried alone",
                             together);
}

std::string reason_text(const NodeState& state, const Session& session, const Choice& choice,
                        const Link& link) {
    const std::string_view cause = multipath::explain(link.monitor->cause());
    switch (link.monitor->state()) {
        case PathState::Probing:
            return "it has not answered yet";
        case PathState::Failed:
            return fmt::format("it has failed{}", cause);
        case PathState::Degraded:
            return fmt::format("it is degraded{}", cause);
        case PathState::Active:
            break;
    }
    if (link.standing() > choice.best) {
        return fmt::format("it is in reserve behind {}{}", used_interfaces(state, session, choice),
                           link.reserve == 0 ? ", as the peer wants it" : "");
    }
    if (choice.scheduler == nullptr) {
        return "the session has not spread yet";
    }
    const multipath::BondJudge& judge = session.bond->groups[link.group].judge;
    return judge.alone() ? retreat_text(judge) : std::string(choice.scheduler->reason_against());
}

void add_metrics(control::SessionPathReply& path, base::Instant now, const Link& link,
                 const quic::PathMetrics& metrics) {
    if (metrics.smoothed_rtt > base::Duration::zero()) {
        path.rtt_ms = milliseconds_of(metrics.smoothed_rtt);
        path.min_rtt_ms = milliseconds_of(metrics.min_rtt);
        path.rtt_variation_ms = milliseconds_of(metrics.rtt_variation);
    }
    path.bytes_sent = metrics.bytes_sent;
    path.bytes_received = metrics.bytes_received;
    path.packets_sent = metrics.packets_sent;
    path.packets_lost = metrics.packets_lost;
    if (!link.last_used.is_never()) {
        path.last_used_ms = whole_milliseconds_of(now - link.last_used);
    }
}

/// A session with one path is judged as a whole, and its monitor is not fed.
void judge_alone(control::SessionPathReply& path, base::Instant now, const Session& session,
                 const Link& link) {
    path.state = multipath::to_text(session.unreachable ? PathState::Failed : PathState::Active);
    path.cause = session.unreachable ? "the peer does not answer" : "";
    path.since_ms = whole_milliseconds_of(now - link.established_at);
    path.loss = path.packets_sent == 0 ? 0
                                       : static_cast<double>(path.packets_lost) /
                                             static_cast<double>(path.packets_sent);
}

void judge(control::SessionPathReply& path, base::Instant now, const Link& link) {
    path.state = multipath::to_text(link.monitor->state());
    path.cause = cause_text(link.monitor->cause());
    path.since_ms = whole_milliseconds_of(now - link.monitor->since());
    path.loss = link.monitor->loss();
    if (link.monitor->delivery_rate() > 0) {
        constexpr double kBitsPerByte = 8;
        path.rate_bps = static_cast<std::uint64_t>(link.monitor->delivery_rate() * kBitsPerByte);
    }
}

control::SessionPathReply path_report(base::Instant now, const NodeState& state,
                                      const Session& session, const Choice& choice,
                                      const Link& link) {
    control::SessionPathReply path;
    path.index = link.index;
    path.interface = interface_of(state, link);
    path.local = link.flow.local.to_string();
    path.remote = link.flow.remote.to_string();
    path.peer_uplink = link.pair().theirs;
    path.group = link.group;
    path.control = link.connection == session.active;
    path.used = multipath::contains(choice.used, link.index);
    if (const auto metrics = state.endpoint->metrics(link.connection)) {
        add_metrics(path, now, link, *metrics);
    }
    if (choice.usable < 2) {
        judge_alone(path, now, session, link);
    } else {
        judge(path, now, link);
    }
    if (!path.used) {
        path.reason = reason_text(state, session, choice, link);
    }
    constexpr double kShown = 1e5;
    path.loss = std::round(path.loss * kShown) / kShown;
    return path;
}

// --- The whole ---------------------------------------------------------------------------------

void add_bond(control::PeerPathsReply& reply, const Bond& bond) {
    reply.scheduler = bond.scheduler().name();
    for (std::size_t i = 0; i < bond.group_count; ++i) {
        reply.order.patience_ms =
            std::max(reply.order.patience_ms, milliseconds_of(bond.groups[i].patience));
    }
    for (const multipath::Resequencer& lane : bond.lanes) {
        reply.order.waited += lane.counters().waited;
        reply.order.gaps += lane.counters().gaps;
        reply.order.late += lane.counters().late;
        reply.order.duplicates += lane.counters().duplicates;
        reply.order.bytes_held += lane.bytes_held();
    }
    const multipath::RepairCounters& repairs = bond.repair.counters();
    reply.repair = {repairs.repaired, repairs.abandoned, repairs.forgotten,
                    bond.repair.bytes_held()};
}

control::UplinkReply uplink_report(const NodeState& state, const Interface& interface, bool up) {
    control::UplinkReply reply;
    reply.interface = interface.name;
    for (const net::Prefix& prefix : interface.addresses) {
        reply.addresses.push_back(prefix.address().to_string());
    }
    reply.state = up ? "up" : "down";
    reply.weight = weight_of(state, interface.index);
    reply.reserve = reserve_of(state, interface.index);
    return reply;
}

/// Those in use, then those that the configuration asks for and that are down or not there.
std::vector<control::UplinkReply> uplinks_report(const NodeState& state) {
    std::vector<control::UplinkReply> found;
    for (const Interface* interface : uplinks(state)) {
        found.push_back(uplink_report(state, *interface, true));
    }
    if (!state.config.multipath.enabled) {
        return found;
    }
    for (const std::string& pattern : state.config.multipath.interfaces) {
        bool any = false;
        for (const Interface& interface : state.view.interfaces) {
            if (!matches_pattern(pattern, interface.name)) {
                continue;
            }
            any = true;
            if (std::ranges::find(found, interface.name, &control::UplinkReply::interface) ==
                found.end()) {
                found.push_back(uplink_report(state, interface, false));
            }
        }
        if (!any) {
            found.push_back({.interface = pattern, .addresses = {}, .state = "down"});
        }
    }
    return found;
}

control::Reply not_connected(const Peer& peer) {
    return control::ErrorReply{
        control::ErrorKind::NotConnected,
        fmt::format("{} is not connected; \"quicether explain\" says why", describe(peer))};
}

}  // namespace

control::PeerPathsReply paths_report(base::Instant now, const NodeState& state, const Peer& peer) {
    control::PeerPathsReply reply;
    reply.node_id = peer.id.to_string();
    reply.name = peer.shown_name();
    const Session& session = *peer.session;
    const Choice choice = choice_of(state, session);
    reply.decision = decision_text(choice);
    for (const Link& link : session.links) {
        if (link.usable()) {
            reply.paths.push_back(path_report(now, state, session, choice, link));
        }
    }
    std::ranges::sort(reply.paths, {}, &control::SessionPathReply::index);
    if (session.bond) {
        add_bond(reply, *session.bond);
    }
    return reply;
}

control::Reply multipath_report(base::Instant now, const NodeState& state,
                                const control::MultipathRequest& request) {
    control::MultipathReply reply;
    reply.enabled = state.config.multipath.enabled;
    reply.mode = state.config.multipath.mode;
    reply.scheduler = state.config.multipath.scheduler;
    reply.uplinks = uplinks_report(state);
    if (!request.peer.empty()) {
        const auto found = state.peers.find(request.peer);
        if (const auto* failure = std::get_if<FindFailure>(&found)) {
            return find_error(*failure, request.peer);
        }
        const Peer& peer = *state.peers.get(std::get<PeerHandle>(found));
        if (!peer.connected()) {
            return not_connected(peer);
        }
        reply.peers.push_back(paths_report(now, state, peer));
        return reply;
    }
    state.peers.for_each([&](PeerHandle, const Peer& peer) {
        if (peer.connected()) {
            reply.peers.push_back(paths_report(now, state, peer));
        }
    });
    return reply;
}

}  // namespace qe::node
