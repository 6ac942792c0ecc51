// SPDX-License-Identifier: Apache-2.0
//
// The fields of every message, listed once and walked by both the writer and the reader.
//
// `fields(visit, message)` calls `visit("name", message.name)` for each member in the order of
// messages.h; the message may be const. kName is the text in "request" or "reply".
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include "quicether/control/messages.h"

namespace qe::control {

template <typename T>
inline constexpr std::string_view kName{};
template <>
inline constexpr std::string_view kName<StatusRequest> = "status";
template <>
inline constexpr std::string_view kName<PeersRequest> = "peers";
template <>
inline constexpr std::string_view kName<RoutesRequest> = "routes";
template <>
inline constexpr std::string_view kName<VersionRequest> = "version";
template <>
inline constexpr std::string_view kName<ConfigRequest> = "config";
template <>
inline constexpr std::string_view kName<ReloadRequest> = "reload";
template <>
inline constexpr std::string_view kName<StopRequest> = "stop";
template <>
inline constexpr std::string_view kName<PingRequest> = "ping";
template <>
inline constexpr std::string_view kName<LogsRequest> = "logs";
template <>
inline constexpr std::string_view kName<StatusReply> = "status";
template <>
inline constexpr std::string_view kName<PeersReply> = "peers";
template <>
inline constexpr std::string_view kName<RoutesReply> = "routes";
template <>
inline constexpr std::string_view kName<PingReply> = "ping";
template <>
inline constexpr std::string_view kName<VersionReply> = "version";
template <>
inline constexpr std::string_view kName<ConfigReply> = "config";
template <>
inline constexpr std::string_view kName<ReloadReply> = "reload";
template <>
inline constexpr std::string_view kName<StopReply> = "stop";
template <>
inline constexpr std::string_view kName<LogLine> = "log";
template <>
inline constexpr std::string_view kName<NetworkCreateRequest> = "network_create";
template <>
inline constexpr std::string_view kName<NetworkRequest> = "network";
template <>
inline constexpr std::string_view kName<NetworkLeaveRequest> = "network_leave";
template <>
inline constexpr std::string_view kName<InviteRequest> = "invite";
template <>
inline constexpr std::string_view kName<JoinRequest> = "join";
template <>
inline constexpr std::string_view kName<MembersRequest> = "members";
template <>
inline constexpr std::string_view kName<RevokeRequest> = "revoke";
template <>
inline constexpr std::string_view kName<PromoteRequest> = "promote";
template <>
inline constexpr std::string_view kName<FindRequest> = "find";
template <>
inline constexpr std::string_view kName<FindReply> = "find";
template <>
inline constexpr std::string_view kName<NetworkReply> = "network";
template <>
inline constexpr std::string_view kName<NetworkLeaveReply> = "network_leave";
template <>
inline constexpr std::string_view kName<InviteReply> = "invite";
template <>
inline constexpr std::string_view kName<MembersReply> = "members";
template <>
inline constexpr std::string_view kName<MemberChangeReply> = "member_change";
template <>
inline constexpr std::string_view kName<ErrorReply> = "error";

template <typename T, typename Message>
concept Is = std::same_as<std::remove_const_t<T>, Message>;

/// Messages without a body.
template <typename T>
concept Bodiless = std::is_empty_v<std::remove_const_t<T>>;

template <typename Visit>
void fields(Visit& /*visit*/, Bodiless auto& /*message*/) {}

template <typename Visit>
void fields(Visit& visit, Is<PingRequest> auto& message) {
    visit("peer", message.peer);
    visit("timeout_ms", message.timeout_ms);
}

template <typename Visit>
void fields(Visit& visit, Is<LogsRequest> auto& message) {
    visit("lines", message.lines);
    visit("follow", message.follow);
}

template <typename Visit>
void fields(Visit& visit, Is<Counter> auto& message) {
    visit("name", message.name);
    visit("value", message.value);
}

template <typename Visit>
void fields(Visit& visit, Is<StatusReply> auto& message) {
    visit("version", message.version);
    visit("node_id", message.node_id);
    visit("public_key", message.public_key);
    visit("name", message.name);
    visit("role", message.role);
    visit("state", message.state);
    visit("problems", message.problems);
    visit("tun_name", message.tun_name);
    visit("tun_mtu_bytes", message.tun_mtu_bytes);
    visit("overlay_addresses", message.overlay_addresses);
    visit("listen", message.listen);
    visit("uptime_us", message.uptime_us);
    visit("peers_configured", message.peers_configured);
    visit("peers_connected", message.peers_connected);
    visit("active_paths", message.active_paths);
    visit("discovery", message.discovery);
    visit("discovery_contacts", message.discovery_contacts);
    visit("counters", message.counters);
}

template <typename Visit>
void fields(Visit& visit, Is<PathReply> auto& message) {
    visit("local", message.local);
    visit("remote", message.remote);
    visit("kind", message.kind);
    visit("direction", message.direction);
    visit("rtt_us", message.rtt_us);
    visit("rtt_min_us", message.rtt_min_us);
    visit("rtt_variation_us", message.rtt_variation_us);
    visit("udp_payload_bytes", message.udp_payload_bytes);
    visit("datagram_bytes_max", message.datagram_bytes_max);
    visit("congestion_window_bytes", message.congestion_window_bytes);
    visit("bytes_in_flight", message.bytes_in_flight);
    visit("packets_sent", message.packets_sent);
    visit("packets_received", message.packets_received);
    visit("packets_lost", message.packets_lost);
    visit("cipher", message.cipher);
    visit("key_exchange", message.key_exchange);
    visit("congestion_control", message.congestion_control);
}

template <typename Visit>
void fields(Visit& visit, Is<PeerReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("state", message.state);
    visit("role", message.role);
    visit("session_id", message.session_id);
    visit("overlay_addresses", message.overlay_addresses);
    visit("subnets", message.subnets);
    visit("endpoints", message.endpoints);
    visit("bytes_sent", message.bytes_sent);
    visit("bytes_received", message.bytes_received);
    visit("packets_sent", message.packets_sent);
    visit("packets_received", message.packets_received);
    visit("connected_us", message.connected_us);
    visit("last_seen_us", message.last_seen_us);
    visit("next_attempt_us", message.next_attempt_us);
    visit("dials", message.dials);
    visit("migrations", message.migrations);
    visit("last_error", message.last_error);
    visit("paths", message.paths);
}

template <typename Visit>
void fields(Visit& visit, Is<PeersReply> auto& message) {
    visit("peers", message.peers);
}

template <typename Visit>
void fields(Visit& visit, Is<RouteReply> auto& message) {
    visit("destination", message.destination);
    visit("next_hop_id", message.next_hop_id);
    visit("next_hop_name", message.next_hop_name);
    visit("via", message.via);
    visit("origin", message.origin);
    visit("active", message.active);
}

template <typename Visit>
void fields(Visit& visit, Is<RoutesReply> auto& message) {
    visit("routes", message.routes);
}

template <typename Visit>
void fields(Visit& visit, Is<PingReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("rtt_us", message.rtt_us);
    visit("path_local", message.path_local);
    visit("path_remote", message.path_remote);
    visit("kind", message.kind);
}

template <typename Visit>
void fields(Visit& visit, Is<VersionReply> auto& message) {
    visit("version", message.version);
    visit("commit", message.commit);
}

template <typename Visit>
void fields(Visit& visit, Is<ConfigReply> auto& message) {
    visit("toml", message.toml);
}

template <typename Visit>
void fields(Visit& visit, Is<ReloadReply> auto& message) {
    visit("applied", message.applied);
    visit("needs_restart", message.needs_restart);
}

template <typename Visit>
void fields(Visit& visit, Is<LogLine> auto& message) {
    visit("time", message.time);
    visit("level", message.level);
    visit("module", message.module);
    visit("message", message.message);
}

template <typename Visit>
void fields(Visit& visit, Is<NetworkCreateRequest> auto& message) {
    visit("name", message.name);
    visit("ipv4_prefix", message.ipv4_prefix);
}

template <typename Visit>
void fields(Visit& visit, Is<NetworkLeaveRequest> auto& message) {
    visit("force", message.force);
}

template <typename Visit>
void fields(Visit& visit, Is<InviteRequest> auto& message) {
    visit("lifetime_s", message.lifetime_s);
    visit("uses", message.uses);
    visit("role", message.role);
    visit("name", message.name);
    visit("tags", message.tags);
    visit("subnets", message.subnets);
}

template <typename Visit>
void fields(Visit& visit, Is<JoinRequest> auto& message) {
    visit("token", message.token);
    visit("name", message.name);
}

template <typename Visit>
void fields(Visit& visit, Is<RevokeRequest> auto& message) {
    visit("member", message.member);
    visit("key_compromised", message.key_compromised);
}

template <typename Visit>
void fields(Visit& visit, Is<PromoteRequest> auto& message) {
    visit("member", message.member);
}

template <typename Visit>
void fields(Visit& visit, Is<NetworkReply> auto& message) {
    visit("id", message.id);
    visit("name", message.name);
    visit("ipv4_prefix", message.ipv4_prefix);
    visit("ipv6_prefix", message.ipv6_prefix);
    visit("is_admin", message.is_admin);
    visit("member_name", message.member_name);
    visit("members", message.members);
    visit("admins", message.admins);
    visit("revoked", message.revoked);
    visit("certificate_left_s", message.certificate_left_s);
    visit("conflicts", message.conflicts);
}

template <typename Visit>
void fields(Visit& visit, Is<FindRequest> auto& message) {
    visit("what", message.what);
}

template <typename Visit>
void fields(Visit& visit, Is<FoundReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("relation", message.relation);
    visit("state", message.state);
    visit("overlay_addresses", message.overlay_addresses);
    visit("subnets", message.subnets);
    visit("matches", message.matches);
    visit("endpoints", message.endpoints);
    visit("last_seen_us", message.last_seen_us);
    visit("published_s", message.published_s);
}

template <typename Visit>
void fields(Visit& visit, Is<FindReply> auto& message) {
    visit("found", message.found);
}

template <typename Visit>
void fields(Visit& visit, Is<NetworkLeaveReply> auto& message) {
    visit("name", message.name);
}

template <typename Visit>
void fields(Visit& visit, Is<InviteReply> auto& message) {
    visit("token", message.token);
    visit("network", message.network);
    visit("lifetime_s", message.lifetime_s);
    visit("uses", message.uses);
}

template <typename Visit>
void fields(Visit& visit, Is<MemberReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("role", message.role);
    visit("is_admin", message.is_admin);
    visit("state", message.state);
    visit("overlay_addresses", message.overlay_addresses);
    visit("entitled_subnets", message.entitled_subnets);
    visit("tags", message.tags);
    visit("certificate_left_s", message.certificate_left_s);
}

template <typename Visit>
void fields(Visit& visit, Is<RevokedReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
    visit("reason", message.reason);
    visit("ago_s", message.ago_s);
}

template <typename Visit>
void fields(Visit& visit, Is<MembersReply> auto& message) {
    visit("members", message.members);
    visit("revoked", message.revoked);
}

template <typename Visit>
void fields(Visit& visit, Is<MemberChangeReply> auto& message) {
    visit("node_id", message.node_id);
    visit("name", message.name);
}

template <typename Visit>
void fields(Visit& visit, Is<ErrorReply> auto& message) {
    visit("kind", message.kind);
    visit("message", message.message);
}

}  // namespace qe::control

#include "control/dht_fields.h"
#include "control/path_fields.h"
