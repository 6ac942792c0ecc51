// SPDX-License-Identifier: Apache-2.0
//
// How a peer is reached, or what is tried to reach it; the text is the asker's business.
#include <algorithm>

#include "node/path_reports.h"
#include "node/reports.h"

namespace qe::node {
namespace {

std::uint64_t whole_milliseconds_of(base::Duration d) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.count()) / 1'000'000);
}

/// Nothing for what is not planned.
std::optional<std::uint64_t> until(base::Instant now, base::Instant then) {
    return then.is_never() ? std::nullopt : std::optional(whole_milliseconds_of(then - now));
}

std::optional<std::uint64_t> milliseconds_of(std::optional<std::uint64_t> microseconds) {
    return microseconds ? std::optional(*microseconds / 1000) : std::nullopt;
}

std::string wanted_text(const Peer& peer) {
    if (!peer.by_network) {
        return "it is configured";
    }
    if (peer.demand.kept) {
        return "this node is to keep a session with it";
    }
    return peer.demand.asked ? "packets for it have come" : "";
}

bool is_under_way(const Peer& peer, quic::ConnectionHandle connection) {
    return std::ranges::any_of(peer.dial.attempts, [connection](const DialAttempt& attempt) {
        return attempt.connection == connection;
    });
}

void add_missing(control::ExplainReply& reply, base::Instant now, const NodeState& state,
                 const Peer& peer) {
    for (const PathWish& wish : peer.wishes) {
        const Interface* const interface = state.view.find_interface(wish.pair.ours);
        reply.missing.push_back({interface == nullptr ? "" : interface->name, wish.pair.theirs,
                                 is_under_way(peer, wish.attempt),
                                 whole_milliseconds_of(wish.next_at - now)});
    }
}

void add_session(control::ExplainReply& reply, base::Instant now, const NodeState& state,
                 const Peer& peer) {
    if (!peer.session) {
        return;
    }
    const Link* const active = peer.session->active_link();
    reply.plans = active != nullptr && active->role == quic::Role::Client;
    reply.ends_ms = until(now, peer.session_ends);
    reply.session = paths_report(now, state, peer);
    add_missing(reply, now, state, peer);
}

void add_dials(control::ExplainReply& reply, base::Instant now, const Peer& peer) {
    for (const DialAttempt& attempt : peer.dial.attempts) {
        reply.handshakes.push_back(
            {attempt.flow.local.to_string(), attempt.flow.remote.to_string()});
    }
    if (!peer.connected()) {
        reply.next_try_ms = until(now, peer.dial.next_at);
        reply.searching = peer.search.running;
        reply.next_search_ms = until(now, peer.search.next_at);
    }
}

}  // namespace

control::Reply explain_report(base::Instant now, const NodeState& state,
                              const control::ExplainRequest& request) {
    const auto found = state.peers.find(request.peer);
    if (const auto* failure = std::get_if<FindFailure>(&found)) {
        return find_error(*failure, request.peer);
    }
    const Peer& peer = *state.peers.get(std::get<PeerHandle>(found));
    control::PeerReply known = peer_report(now, state, peer);
    control::ExplainReply reply;
    reply.node_id = std::move(known.node_id);
    reply.name = std::move(known.name);
    reply.state = std::move(known.state);
    reply.wanted = wanted_text(peer);
    reply.multipath = state.config.multipath.enabled;
    reply.mode = state.config.multipath.mode;
    reply.connected_ms = milliseconds_of(known.connected_us);
    reply.last_seen_ms = milliseconds_of(known.last_seen_us);
    reply.migrations = known.migrations;
    reply.endpoints = std::move(known.endpoints);
    reply.dials = known.dials;
    reply.last_error = std::move(known.last_error);
    add_session(reply, now, state, peer);
    add_dials(reply, now, peer);
    return reply;
}

}  // namespace qe::node
