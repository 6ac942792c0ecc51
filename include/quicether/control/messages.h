// SPDX-License-Identifier: Apache-2.0
//
// What the CLI asks of a running daemon and what it answers, as typed values.
//
// The node fills these, `host` carries them over the Unix socket, `app` prints them; json.h is the
// only place that knows their JSON. Durations are microseconds, sizes bytes, as the field names
// say; a value the node does not know yet is an empty optional.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace qe::control {

/// Version of the JSON of every request and reply (`"v"`). Raised when a field changes meaning.
inline constexpr int kVersion = 1;

// --- Requests ----------------------------------------------------------------------------------

struct StatusRequest {
    friend bool operator==(const StatusRequest&, const StatusRequest&) = default;
};
struct PeersRequest {
    friend bool operator==(const PeersRequest&, const PeersRequest&) = default;
};
struct RoutesRequest {
    friend bool operator==(const RoutesRequest&, const RoutesRequest&) = default;
};
struct VersionRequest {
    friend bool operator==(const VersionRequest&, const VersionRequest&) = default;
};
/// The configuration the daemon runs with, as TOML.
struct ConfigRequest {
    friend bool operator==(const ConfigRequest&, const ConfigRequest&) = default;
};
struct ReloadRequest {
    friend bool operator==(const ReloadRequest&, const ReloadRequest&) = default;
};
struct StopRequest {
    friend bool operator==(const StopRequest&, const StopRequest&) = default;
};
/// One overlay ping to a peer named by name, NodeId prefix or overlay address.
struct PingRequest {
    std::string peer;
    std::uint32_t timeout_ms = 2000;
    friend bool operator==(const PingRequest&, const PingRequest&) = default;
};
/// The last `lines` log records; with `follow` the connection stays open for new ones.
struct LogsRequest {
    std::uint32_t lines = 100;
    bool follow = false;
    friend bool operator==(const LogsRequest&, const LogsRequest&) = default;
};

using Request = std::variant<StatusRequest, PeersRequest, RoutesRequest, VersionRequest,
                             ConfigRequest, ReloadRequest, StopRequest, PingRequest, LogsRequest>;

// --- Replies -----------------------------------------------------------------------------------

/// A named event counter; names are lower_snake_case and stable.
struct Counter {
    std::string name;
    std::uint64_t value = 0;
    friend bool operator==(const Counter&, const Counter&) = default;
};

struct StatusReply {
    std::string version;
    std::string node_id;     ///< 40 hex digits
    std::string public_key;  ///< 64 hex digits
    std::string name;
    std::string role;                   ///< "full", "light", "gateway", "bootstrap"
    std::string state;                  ///< "ok" or "degraded"
    std::vector<std::string> problems;  ///< Why degraded, one sentence each.
    std::string tun_name;
    std::uint32_t tun_mtu_bytes = 0;
    std::vector<std::string> overlay_addresses;  ///< "100.64.0.1/16"
    std::vector<std::string> listen;             ///< "0.0.0.0:9000"
    std::uint64_t uptime_us = 0;
    std::uint32_t peers_configured = 0;
    std::uint32_t peers_connected = 0;
    std::vector<std::string> active_paths;  ///< Local addresses in use.
    std::vector<Counter> counters;
    friend bool operator==(const StatusReply&, const StatusReply&) = default;
};

struct PathReply {
    std::string local;
    std::string remote;
    std::string kind;       ///< "direct" or "relayed"
    std::string direction;  ///< "dialled" or "accepted"
    std::optional<std::uint64_t> rtt_us;
    std::optional<std::uint64_t> rtt_min_us;
    std::optional<std::uint64_t> rtt_variation_us;
    std::uint64_t udp_payload_bytes = 0;  ///< PLPMTUD result
    std::uint64_t datagram_bytes_max = 0;
    std::uint64_t congestion_window_bytes = 0;
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_received = 0;
    std::uint64_t packets_lost = 0;
    std::string cipher;
    std::string key_exchange;
    std::string congestion_control;
    friend bool operator==(const PathReply&, const PathReply&) = default;
};

struct PeerReply {
    std::string node_id;
    std::string name;
    std::string state;  ///< "connected", "connecting", "unreachable", "idle"
    std::string role;
    std::string session_id;  ///< Stays the same for as long as the session lives.
    std::vector<std::string> overlay_addresses;
    std::vector<std::string> subnets;
    std::vector<std::string> endpoints;  ///< Configured and learnt underlay addresses.
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_received = 0;
    std::optional<std::uint64_t> connected_us;     ///< How long the session has lasted.
    std::optional<std::uint64_t> last_seen_us;     ///< How long ago an authenticated packet came.
    std::optional<std::uint64_t> next_attempt_us;  ///< Until the next dial.
    std::uint32_t dials = 0;
    std::uint32_t migrations = 0;
    std::string last_error;  ///< Why the last dial or session ended; empty if none did.
    std::vector<PathReply> paths;
    friend bool operator==(const PeerReply&, const PeerReply&) = default;
};
struct PeersReply {
    std::vector<PeerReply> peers;
    friend bool operator==(const PeersReply&, const PeersReply&) = default;
};

struct RouteReply {
    std::string destination;
    std::string next_hop_id;  ///< NodeId, empty for local.
    std::string next_hop_name;
    std::string via;      ///< "local", "direct", "gateway"
    std::string origin;   ///< "derived", "configured", "advertised"
    bool active = false;  ///< Chosen among the candidates and its next hop is reachable.
    friend bool operator==(const RouteReply&, const RouteReply&) = default;
};
struct RoutesReply {
    std::vector<RouteReply> routes;
    friend bool operator==(const RoutesReply&, const RoutesReply&) = default;
};

struct PingReply {
    std::string node_id;
    std::string name;
    std::uint64_t rtt_us = 0;
    std::string path_local;
    std::string path_remote;
    std::string kind;  ///< "direct" or "relayed"
    friend bool operator==(const PingReply&, const PingReply&) = default;
};

struct VersionReply {
    std::string version;
    std::string commit;
    friend bool operator==(const VersionReply&, const VersionReply&) = default;
};
struct ConfigReply {
    std::string toml;
    friend bool operator==(const ConfigReply&, const ConfigReply&) = default;
};
struct ReloadReply {
    std::vector<std::string> applied;        ///< Keys that took effect.
    std::vector<std::string> needs_restart;  ///< Keys that changed but wait for a restart.
    friend bool operator==(const ReloadReply&, const ReloadReply&) = default;
};
struct StopReply {
    friend bool operator==(const StopReply&, const StopReply&) = default;
};
/// One log record; a LogsRequest is answered by a sequence of these.
struct LogLine {
    std::string time;  ///< RFC 3339 with microseconds, UTC
    std::string level;
    std::string module;
    std::string message;
    friend bool operator==(const LogLine&, const LogLine&) = default;
};

enum class ErrorKind : std::uint8_t {
    BadRequest,
    UnknownPeer,
    AmbiguousPeer,
    NotConnected,
    Timeout,
    BadConfig,
    Denied,
    Failed,
    // Found by the CLI, never sent by a daemon.
    NotRunning,
    Usage,
};
/// Why a request was not served, in one sentence.
struct ErrorReply {
    ErrorKind kind = ErrorKind::Failed;
    std::string message;
    friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};

using Reply = std::variant<StatusReply, PeersReply, RoutesReply, PingReply, VersionReply,
                           ConfigReply, ReloadReply, StopReply, LogLine, ErrorReply>;

}  // namespace qe::control
