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

#include "quicether/control/dht_messages.h"
#include "quicether/control/path_messages.h"

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

/// Makes a network with this node as its first member and admin.
struct NetworkCreateRequest {
    std::string name;
    std::string ipv4_prefix;  ///< "100.64.0.0/16"; empty: the default.
    friend bool operator==(const NetworkCreateRequest&, const NetworkCreateRequest&) = default;
};
/// The network this node is a member of.
struct NetworkRequest {
    friend bool operator==(const NetworkRequest&, const NetworkRequest&) = default;
};
/// Leaves the network; the last admin only with `force`.
struct NetworkLeaveRequest {
    bool force = false;
    friend bool operator==(const NetworkLeaveRequest&, const NetworkLeaveRequest&) = default;
};
/// A token with which others join. Only an admin can make one.
struct InviteRequest {
    std::uint64_t lifetime_s = 86400;
    std::uint32_t uses = 1;
    std::string role = "full";
    std::string name;  ///< Of the node that joins; empty: it says.
    std::vector<std::string> tags;
    std::vector<std::string> subnets;  ///< What it may advertise.
    friend bool operator==(const InviteRequest&, const InviteRequest&) = default;
};
/// Joins the network of a token. Answered when the node is a member, or cannot be.
struct JoinRequest {
    std::string token;
    std::string name;  ///< Wished; empty: the configured one.
    friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};
/// Who owns an address or prefix, or who and where is a node. Answered from configuration, network
/// and claims, and with the DHT's record where the node is not connected.
struct FindRequest {
    std::string what;  ///< Name, NodeId or its beginning, address, or prefix.
    friend bool operator==(const FindRequest&, const FindRequest&) = default;
};
struct MembersRequest {
    friend bool operator==(const MembersRequest&, const MembersRequest&) = default;
};
/// Ends a membership. `member`: name, NodeId prefix or overlay address. Only an admin can.
struct RevokeRequest {
    std::string member;
    bool key_compromised = false;
    friend bool operator==(const RevokeRequest&, const RevokeRequest&) = default;
};
/// Makes a member an admin. It has to be connected.
struct PromoteRequest {
    std::string member;
    friend bool operator==(const PromoteRequest&, const PromoteRequest&) = default;
};

using Request =
    std::variant<StatusRequest, PeersRequest, RoutesRequest, VersionRequest, ConfigRequest,
                 ReloadRequest, StopRequest, PingRequest, LogsRequest, NetworkCreateRequest,
                 NetworkRequest, NetworkLeaveRequest, InviteRequest, JoinRequest, MembersRequest,
                 RevokeRequest, PromoteRequest, FindRequest, DhtStatusRequest, DhtNodesRequest,
                 DhtGetRequest, DhtPutRequest, DhtLookupRequest, DhtAnnounceRequest,
                 DhtPeersRequest, MultipathRequest, ExplainRequest>;

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
    std::string discovery;  ///< "off", "alone", "reachable", "unproven" or "read-only"
    std::uint32_t discovery_contacts = 0;
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
    /// Underlay addresses: configured, learnt, and those that it names now.
    std::vector<std::string> endpoints;
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

/// The answer to NetworkCreateRequest, NetworkRequest and JoinRequest.
struct NetworkReply {
    std::string id;  ///< 32 hex digits
    std::string name;
    std::string ipv4_prefix;
    std::string ipv6_prefix;
    bool is_admin = false;    ///< This node can invite, revoke and promote.
    std::string member_name;  ///< This node's name in the network.
    std::uint32_t members = 0;
    std::uint32_t admins = 0;
    std::uint32_t revoked = 0;
    std::uint64_t certificate_left_s = 0;  ///< Until this node's certificate expires.
    std::vector<std::string> conflicts;    ///< With what this host has itself, as sentences.
    friend bool operator==(const NetworkReply&, const NetworkReply&) = default;
};
struct NetworkLeaveReply {
    std::string name;  ///< Of the network that was left.
    friend bool operator==(const NetworkLeaveReply&, const NetworkLeaveReply&) = default;
};
struct InviteReply {
    std::string token;
    std::string network;
    std::uint64_t lifetime_s = 0;
    std::uint32_t uses = 0;
    friend bool operator==(const InviteReply&, const InviteReply&) = default;
};
struct MemberReply {
    std::string node_id;
    std::string name;
    std::string role;
    bool is_admin = false;
    std::string state;  ///< "this node", "connected", "connecting", "unreachable", "idle"
    std::vector<std::string> overlay_addresses;
    std::vector<std::string> entitled_subnets;  ///< What its certificate lets it advertise.
    std::vector<std::string> tags;
    std::uint64_t certificate_left_s = 0;
    friend bool operator==(const MemberReply&, const MemberReply&) = default;
};
struct RevokedReply {
    std::string node_id;
    std::string name;  ///< Empty if nobody here remembers it.
    std::string reason;
    std::uint64_t ago_s = 0;
    friend bool operator==(const RevokedReply&, const RevokedReply&) = default;
};
struct MembersReply {
    std::vector<MemberReply> members;
    std::vector<RevokedReply> revoked;
    friend bool operator==(const MembersReply&, const MembersReply&) = default;
};
/// One node that FindRequest has found.
struct FoundReply {
    std::string node_id;
    std::string name;      ///< Empty if it is not known.
    std::string relation;  ///< "this node", "member", "peer" (configured), "stranger" (DHT only)
    std::string state;     ///< As in MemberReply.
    std::vector<std::string> overlay_addresses;
    std::vector<std::string> subnets;           ///< That it owns: routed to it.
    std::vector<std::string> matches;           ///< What of these the question was about.
    std::vector<std::string> endpoints;         ///< Where it may be in the underlay.
    std::optional<std::uint64_t> last_seen_us;  ///< Ago, of a peer with a session.
    std::optional<std::uint64_t> published_s;   ///< Ago, of its record in the network or the DHT.
    friend bool operator==(const FoundReply&, const FoundReply&) = default;
};
struct FindReply {
    std::vector<FoundReply> found;  ///< The most specific owner first.
    friend bool operator==(const FindReply&, const FindReply&) = default;
};
/// The answer to RevokeRequest and PromoteRequest: who it was.
struct MemberChangeReply {
    std::string node_id;
    std::string name;
    friend bool operator==(const MemberChangeReply&, const MemberChangeReply&) = default;
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

using Reply =
    std::variant<StatusReply, PeersReply, RoutesReply, PingReply, VersionReply, ConfigReply,
                 ReloadReply, StopReply, LogLine, NetworkReply, NetworkLeaveReply, InviteReply,
                 MembersReply, MemberChangeReply, FindReply, DhtStatusReply, DhtNodesReply,
                 DhtGetReply, DhtPutReply, DhtLookupReply, DhtAnnounceReply, DhtPeersReply,
                 MultipathReply, ExplainReply, ErrorReply>;

}  // namespace qe::control
