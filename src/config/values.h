// SPDX-License-Identifier: Apache-2.0
//
// Leaves: one text → one checked value, or what is wrong with it and what to do.
//
// The complaint completes "KEY: …" and has the form "what is wrong; what to do".
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "quicether/config/config.h"

namespace qe::config {

template <typename T>
using Leaf = tl::expected<T, std::string>;

/// 1–63 letters, digits, `-`, `_`, `.`, the first one a letter or digit, and nothing that could be
/// taken for a node id or a key.
[[nodiscard]] Leaf<std::string> parse_name(std::string_view text);
/// 1–64 printable bytes that set one private DHT apart from others.
[[nodiscard]] Leaf<std::string> parse_swarm(std::string_view text);
/// What Linux accepts as an interface name: 1–15 bytes without `/`, `:` or space; not "." or "..".
[[nodiscard]] Leaf<std::string> parse_interface_name(std::string_view text);
/// "host", "host:port", "192.0.2.1:9000", "[2001:db8::1]:9000".
[[nodiscard]] Leaf<HostPort> parse_host_port(std::string_view text);
/// A CIDR prefix with its host bits clear.
[[nodiscard]] Leaf<net::Prefix> parse_subnet(std::string_view text);
/// An interface address with its prefix length.
[[nodiscard]] Leaf<net::Prefix> parse_tun_address(std::string_view text, net::Family family);
/// An address that others can reach this node at.
[[nodiscard]] Leaf<net::IpAddress> parse_public_address(std::string_view text);
/// A numeric address and port to listen on.
[[nodiscard]] Leaf<std::string> parse_listen_address(std::string_view text);
/// 40 or 64 hex digits, optionally after "node_" or "key_".
[[nodiscard]] Leaf<PeerRef> parse_peer_ref(std::string_view text);
/// True for what is meant as an id or key, well-formed or not; everything else is a name.
[[nodiscard]] bool looks_like_peer_ref(std::string_view text) noexcept;

[[nodiscard]] Leaf<base::LogLevel> parse_level(std::string_view text);
[[nodiscard]] Leaf<NodeRole> parse_role(std::string_view text);
[[nodiscard]] Leaf<OversizePolicy> parse_oversize(std::string_view text);
[[nodiscard]] Leaf<ConnectPolicy> parse_connect_policy(std::string_view text);
/// "90s", "10m", "2h", "1d": 10 s to 30 days, or "0s".
[[nodiscard]] Leaf<base::seconds> parse_idle_timeout(std::string_view text);
/// "25ms", "1s": up to 10 s; "0s": none.
[[nodiscard]] Leaf<base::milliseconds> parse_latency_threshold(std::string_view text);
[[nodiscard]] Leaf<CongestionControl> parse_congestion_control(std::string_view text);
[[nodiscard]] Leaf<std::string> parse_scheduler(std::string_view text);
/// A per-hop behaviour by name, "ef", "cs5", "af41", "va" or "le", or its DSCP, "0" … "63".
[[nodiscard]] Leaf<TrafficClass> parse_traffic_class(std::string_view text);
[[nodiscard]] Leaf<std::string> parse_multipath_mode(std::string_view text);
[[nodiscard]] Leaf<std::string> parse_log_format(std::string_view text);
[[nodiscard]] Leaf<std::string> parse_io_backend(std::string_view text);

}  // namespace qe::config
