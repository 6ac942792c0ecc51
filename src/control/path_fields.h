// SPDX-License-Identifier: Apache-2.0
//
// The fields of the messages about paths, in the manner of fields.h, which includes this at its
// end.
#pragma once

#include "control/fields.h"

namespace qe::control {

template <>
inline constexpr std::string_view kName<MultipathRequest> = "multipath";
template <>
inline constexpr std::string_view kName<MultipathReply> = "multipath";

template <>
inline constexpr std::string_view kName<ExplainRequest> = "explain";
template <>
inline constexpr std::string_view kName<ExplainReply> = "explain";

template <typename Visit>
void fields(Visit& visit, Is<ExplainRequest> auto& message) {
    visit("peer", message.peer);
}

template <typename Visit>
void fields(Visit& visit, Is<MultipathRequest> auto& message) {
    visit("peer", message.peer);
}

template <typename Visit>
void fields(Visit& visit, Is<UplinkReply> auto& message) {
    visit("interface", message.interface);
    visit("addresses", message.addresses);
    visit("state", message.state);
    visit("weight", message.weight);
    visit("reserve", message.reserve);
}

template <typename Visit>
void fields(Visit& visit, Is<SessionPathReply> auto& message) {
    visit("index", message.index);
    visit("interface", message.interface);
    visit("local", message.local);
    visit("remote", message.remote);
    visit("peer_uplink", message.peer_uplink);
    visit("state", message.state);
    visit("cause", message.cause);
    visit("since_ms", message.since_ms);
    visit("group", message.group);
    visit("control", message.control);
    visit("used", message.used);
    visit("reason", message.reason);
    visit("rtt_ms", message.rtt_ms);
    visit("min_rtt_ms", message.min_rtt_ms);
    visit("rtt_variation_ms", message.rtt_variation_ms);
    visit("loss", message.loss);
    visit("rate_bps", message.rate_bps);
    visit("bytes_sent", message.bytes_sent);
    visit("bytes_received", message.bytes_received);
    visit("packets_sent", message.packets_sent);
    visit("packets_lost", message.packets_lost);
    visit("last_used_ms", message.last_used_ms);
}

template <typename Visit>
void fields(Visit& visit, Is<OrderReply> auto& message) {
    visit("patience_ms", message.patience_ms);
    visit("waited", message.waited);
    visit("gaps", message.gaps);
    visit("late", message.late);
    visit("duplicates", message.duplicates);
    visit("bytes_held", message.bytes_held);
}

template <typename Visit>
void fields(Visit& visit, Is<RepairReply> auto& message) {
    visit("repaired", message.repaired);
    visit("abandoned", message.abandoned);
    visit("forgotten", message.forgotten);
    visit("bytes_held", message.bytes_held);
}

template <typename Visit>
void fields(Visit& visit, Is<PeerPathsReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("scheduler", message.scheduler);
    visit("decision", message.decision);
    visit("paths", message.paths);
    visit("order", message.order);
    visit("repair", message.repair);
}

template <typename Visit>
void fields(Visit& visit, Is<MultipathReply> auto& message) {
    visit("enabled", message.enabled);
    visit("mode", message.mode);
    visit("scheduler", message.scheduler);
    visit("uplinks", message.uplinks);
    visit("peers", message.peers);
}

template <typename Visit>
void fields(Visit& visit, Is<HandshakeReply> auto& message) {
    visit("local", message.local);
    visit("remote", message.remote);
}

template <typename Visit>
void fields(Visit& visit, Is<MissingPathReply> auto& message) {
    visit("interface", message.interface);
    visit("peer_uplink", message.peer_uplink);
    visit("dialling", message.dialling);
    visit("next_try_ms", message.next_try_ms);
}

template <typename Visit>
void fields(Visit& visit, Is<ExplainReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("state", message.state);
    visit("wanted", message.wanted);
    visit("multipath", message.multipath);
    visit("mode", message.mode);
    visit("connected_ms", message.connected_ms);
    visit("last_seen_ms", message.last_seen_ms);
    visit("ends_ms", message.ends_ms);
    visit("migrations", message.migrations);
    visit("session", message.session);
    visit("plans", message.plans);
    visit("missing", message.missing);
    visit("endpoints", message.endpoints);
    visit("handshakes", message.handshakes);
    visit("dials", message.dials);
    visit("next_try_ms", message.next_try_ms);
    visit("searching", message.searching);
    visit("next_search_ms", message.next_search_ms);
    visit("last_error", message.last_error);
}

}  // namespace qe::control
