// SPDX-License-Identifier: Apache-2.0
#include "node/reports.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "node/links/close_text.h"

namespace qe::node {
namespace {

std::uint64_t microseconds_of(base::Duration d) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.count() / 1000));
}

void add_counters(std::vector<control::Counter>& out, const DataCounters& data) {
    const std::initializer_list<control::Counter> counters = {
        {"tun_packets", data.tun_packets},
        {"tun_malformed", data.tun_malformed},
        {"tun_multicast", data.tun_multicast},
        {"no_route", data.no_route},
        {"peer_not_connected", data.peer_not_connected},
        {"too_big_refused", data.too_big_refused},
        {"peer_datagrams", data.peer_datagrams},
        {"peer_malformed", data.peer_malformed},
        {"peer_early_refused", data.peer_early_refused},
        {"source_refused", data.source_refused},
        {"forward_refused", data.forward_refused},
        {"hop_limit_exceeded", data.hop_limit_exceeded},
        {"forwarded", data.forwarded},
        {"delivered", data.delivered},
        {"batch_full", data.batch_full},
        {"icmp_errors_sent", data.icmp_errors_sent},
    };
    out.insert(out.end(), counters);
}

void add_counters(std::vector<control::Counter>& out, const OutboundCounters& outbound) {
    const std::initializer_list<control::Counter> counters = {
        {"queue_marked", outbound.queues.marked},
        {"queue_dropped", outbound.queues.dropped},
        {"queue_overflowed", outbound.queues.overflowed},
        {"queue_malformed", outbound.queues.malformed},
        {"packet_pool_full", outbound.pool_full},
        {"fragments_sent", outbound.fragments_sent},
        {"send_refused", outbound.refused},
        {"peer_lost", outbound.peer_lost},
    };
    out.insert(out.end(), counters);
}

void add_counters(std::vector<control::Counter>& out, const PartCounters& parts) {
    add_counters(out, parts.data);
    add_counters(out, parts.outbound);
    const std::initializer_list<control::Counter> counters = {
        {"strangers_refused", parts.strangers_refused},
        {"protocol_violations", parts.protocol_violations},
        {"claims_refused", parts.claims_refused},
        {"network_messages_dropped", parts.network_messages_dropped},
        {"links_established", parts.links.links_established},
        {"links_lost", parts.links.links_lost},
    };
    out.insert(out.end(), counters);
}

void add_counters(std::vector<control::Counter>& out, const quic::EndpointCounters& quic) {
    const std::initializer_list<control::Counter> counters = {
        {"quic_datagrams_received", quic.datagrams_received},
        {"quic_datagrams_malformed", quic.datagrams_malformed},
        {"quic_datagrams_unroutable", quic.datagrams_unroutable},
        {"quic_packets_rejected", quic.packets_rejected},
        {"quic_initials_dropped", quic.initials_dropped},
        {"quic_retries_sent", quic.retries_sent},
        {"quic_version_negotiations_sent", quic.version_negotiations_sent},
        {"quic_stateless_resets_sent", quic.stateless_resets_sent},
        {"quic_stateless_resets_received", quic.stateless_resets_received},
        {"quic_handshakes_started", quic.handshakes_started},
        {"quic_handshakes_completed", quic.handshakes_completed},
        {"quic_handshakes_failed", quic.handshakes_failed},
        {"quic_peers_refused", quic.peers_refused},
        {"quic_early_data_accepted", quic.early_data_accepted},
        {"quic_early_data_rejected", quic.early_data_rejected},
        {"quic_migrations", quic.migrations},
        {"quic_black_holes", quic.black_holes},
        {"quic_offload_trials", quic.offload_trials},
        {"quic_offload_off", quic.offload_off},
        {"quic_key_updates", quic.key_updates},
        {"quic_receive_arena_drops", quic.receive_arena_drops},
        {"quic_event_queue_drops", quic.event_queue_drops},
    };
    out.insert(out.end(), counters);
}

/// What is held now, unlike counters.
void add_gauges(std::vector<control::Counter>& out, const NodeState& state,
                const PartCounters& parts) {
    std::uint64_t unfinished = 0;
    state.peers.for_each([&unfinished](PeerHandle, const Peer& peer) {
        unfinished += peer.session ? peer.session->reassembler.bytes_held() : 0;
    });
    out.push_back({"held_queue_bytes", parts.outbound.bytes_held});
    out.push_back({"held_reassembly_bytes", unfinished});
}

control::PathReply path_report(const Link& link, const quic::ConnectionInfo& info) {
    control::PathReply path;
    path.local = info.flow.local.to_string();
    path.remote = info.flow.remote.to_string();
    path.kind = "direct";
    path.direction = link.role == quic::Role::Client ? "dialled" : "accepted";
    if (info.smoothed_rtt > base::Duration(0)) {
        path.rtt_us = microseconds_of(info.smoothed_rtt);
        path.rtt_min_us = microseconds_of(info.min_rtt);
        path.rtt_variation_us = microseconds_of(info.rtt_variation);
    }
    path.udp_payload_bytes = info.udp_payload_bytes;
    path.datagram_bytes_max = info.datagram_bytes_max;
    path.congestion_window_bytes = info.congestion_window_bytes;
    path.bytes_in_flight = info.bytes_in_flight;
    path.packets_sent = info.packets_sent;
    path.packets_received = info.packets_received;
    path.packets_lost = info.packets_lost;
    path.cipher = info.cipher;
    path.key_exchange = info.key_exchange;
    path.congestion_control = info.congestion_control;
    return path;
}

void add_session(control::PeerReply& reply, base::Instant now, const NodeState& state,
                 const Session& session) {
    reply.session_id = fmt::format("{:016x}", session.id);
    reply.connected_us = microseconds_of(now - session.started_at);
    reply.migrations = session.migrations;
    for (const Link& link : session.links) {
        const auto info = state.endpoint->info(link.connection);
        if (!info) {
            continue;
        }
        const std::uint64_t age = microseconds_of(now - info->last_received_at);
        reply.last_seen_us = std::min(reply.last_seen_us.value_or(age), age);
        if (!link.retired()) {
            reply.paths.push_back(path_report(link, *info));
        }
    }
}

void add_addresses(control::PeerReply& reply, const Peer& peer) {
    const std::vector<net::Prefix>& known =
        peer.accepted.empty() ? peer.entitlement.derived : peer.accepted;
    for (const net::Prefix& prefix : known) {
        if (prefix.is_host()) {
            reply.overlay_addresses.push_back(prefix.address().to_string());
        } else {
            reply.subnets.push_back(prefix.to_string());
        }
    }
    std::set<std::string> endpoints;
    for (const config::HostPort& endpoint : peer.endpoints) {
        endpoints.insert(endpoint.to_string());
    }
    const auto add = [&endpoints](const std::vector<net::SocketAddress>& addresses) {
        for (const net::SocketAddress& address : addresses) {
            if (address.port != 0) {
                endpoints.insert(address.to_string());
            }
        }
    };
    add(peer.learnt);
    if (peer.session) {
        for (const Link& link : peer.session->links) {
            if (link.hello) {
                add(link.hello->underlay);  // further paths may be dialled there
            }
        }
    }
    reply.endpoints.assign(endpoints.begin(), endpoints.end());
}

void add_activity(control::StatusReply& reply, const NodeState& state) {
    std::set<std::string> paths;
    state.peers.for_each([&](PeerHandle, const Peer& peer) {
        reply.peers_connected += peer.connected() ? 1U : 0U;
        if (const Link* link = peer.session ? peer.session->active_link() : nullptr) {
            paths.insert(link->flow.local.ip.to_string());
        }
    });
    reply.active_paths.assign(paths.begin(), paths.end());
}

void add_offload_problems(std::vector<std::string>& problems, const NodeState& state) {
    constexpr std::size_t kShownMax = 8;
    state.peers.for_each([&](PeerHandle, const Peer& peer) {
        if (!peer.session || problems.size() >= kShownMax) {
            return;
        }
        const auto info = state.endpoint->info(peer.session->active);
        if (info && info->offload_off) {
            problems.push_back(offload_text(describe(peer), info->burst_loss, info->single_loss));
        }
    });
}

}  // namespace

control::ErrorReply find_error(FindFailure failure, const std::string& text) {
    if (failure == FindFailure::Ambiguous) {
        return {control::ErrorKind::AmbiguousPeer,
                fmt::format("'{}' means more than one peer; give more digits of the NodeId", text)};
    }
    return {control::ErrorKind::UnknownPeer,
            fmt::format("no peer is called '{}'; `quicether peers` lists them", text)};
}

std::string_view state_text(const Peer& peer) {
    if (peer.connected()) {
        return "connected";
    }
    if (peer.connecting()) {
        return "connecting";
    }
    if (!peer.session && (!peer.is_wanted() || peer.is_coming())) {
        return "idle";
    }
    const bool reachable_by_us = !peer.endpoints.empty() || !peer.learnt.empty();
    return peer.session || reachable_by_us ? "unreachable" : "idle";
}

control::StatusReply status_report(base::Instant now, const NodeState& state,
                                   const PartCounters& parts) {
    control::StatusReply reply;
    reply.version = state.version;
    reply.node_id = state.id.to_string();
    reply.public_key = state.key.to_string();
    reply.name = state.config.node.name;
    reply.role = config::to_text(state.config.node.role);
    for (const auto& [key, sentence] : state.problems) {
        reply.problems.push_back(sentence);
    }
    add_offload_problems(reply.problems, state);
    reply.state = reply.problems.empty() ? "ok" : "degraded";
    reply.tun_name = state.config.network.tun_name;
    reply.tun_mtu_bytes = state.config.network.mtu;
    for (const net::Prefix& prefix : state.own.overlay) {
        reply.overlay_addresses.push_back(prefix.to_string());
    }
    const std::uint16_t port = state.config.discovery.dht_port;
    reply.listen = {fmt::format("0.0.0.0:{}", port), fmt::format("[::]:{}", port)};
    reply.uptime_us = microseconds_of(now - state.started_at);
    reply.peers_configured = static_cast<std::uint32_t>(state.peers.size());
    add_activity(reply, state);
    add_counters(reply.counters, parts);
    add_counters(reply.counters, state.endpoint->counters());
    add_gauges(reply.counters, state, parts);
    return reply;
}

control::PeerReply peer_report(base::Instant now, const NodeState& state, const Peer& peer) {
    control::PeerReply reply;
    reply.node_id = peer.id.to_string();
    reply.name = peer.shown_name();
    reply.state = state_text(peer);
    reply.role = peer.hello_role;
    add_addresses(reply, peer);
    reply.bytes_sent = peer.sent.bytes;
    reply.packets_sent = peer.sent.packets;
    reply.bytes_received = peer.received.bytes;
    reply.packets_received = peer.received.packets;
    reply.dials = peer.dial.dials;
    reply.last_error = peer.last_error;
    if (!peer.connected() && !peer.dial.next_at.is_never()) {
        reply.next_attempt_us = microseconds_of(peer.dial.next_at - now);
    }
    if (peer.session) {
        add_session(reply, now, state, *peer.session);
    }
    return reply;
}

control::PeersReply peers_report(base::Instant now, const NodeState& state) {
    control::PeersReply reply;
    state.peers.for_each([&](PeerHandle, const Peer& peer) {
        reply.peers.push_back(peer_report(now, state, peer));
    });
    return reply;
}

control::RoutesReply routes_report(const NodeState& state) {
    control::RoutesReply reply;
    for (const RouteRow& row : state.routes.rows()) {
        control::RouteReply route;
        route.destination = row.prefix.to_string();
        route.origin = to_text(row.origin);
        route.active = row.active;
        const Peer* peer = state.peers.get(row.peer);
        if (row.local || peer == nullptr) {
            route.via = "local";
        } else {
            route.next_hop_id = peer->id.to_string();
            route.next_hop_name = peer->shown_name();
            const bool own_host = row.prefix.is_host() && (row.origin == route::Origin::Derived ||
                                                           row.origin == route::Origin::Advertised);
            route.via = own_host ? "direct" : "gateway";
        }
        reply.routes.push_back(std::move(route));
    }
    return reply;
}

}  // namespace qe::node
