// SPDX-License-Identifier: Apache-2.0
//
// Requests about the paths of sessions, and their replies; in the manner of messages.h, which
// includes this.
//
// Unlike elsewhere times are milliseconds, and those that matter below one have a fraction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qe::control {

/// The paths of one peer, named as for a ping, or of all that are connected if `peer` is empty.
struct MultipathRequest {
    std::string peer;
    friend bool operator==(const MultipathRequest&, const MultipathRequest&) = default;
};

/// How a peer, named as for a ping, is reached or why not.
struct ExplainRequest {
    std::string peer;
    friend bool operator==(const ExplainRequest&, const ExplainRequest&) = default;
};

/// An interface that [multipath] asks for.
struct UplinkReply {
    std::string interface;               ///< A name, or a pattern that is none's now.
    std::vector<std::string> addresses;  ///< Without prefix lengths.
    std::string state;                   ///< "up" or "down"
    double weight = 0;                   ///< 0: none configured.
    std::uint32_t reserve = 0;           ///< 0 carries traffic, others wait for lower ones to fail.
    friend bool operator==(const UplinkReply&, const UplinkReply&) = default;
};

struct SessionPathReply {
    std::uint32_t index = 0;  ///< Names the path within its session.
    std::string interface;    ///< Ours; empty when it is gone.
    std::string local;
    std::string remote;
    std::uint32_t peer_uplink = 0;  ///< The peer's number of its own; 0 if it tells none apart.
    std::string state;              ///< "probing", "active", "degraded" or "failed"
    std::string cause;              ///< Of "degraded" and "failed", a clause.
    std::uint64_t since_ms = 0;     ///< In this state.
    std::uint32_t group = 0;        ///< Of paths about as quick; a flow keeps to one group.
    bool control = false;           ///< Carries what the nodes tell each other.
    bool used = false;              ///< The scheduler gives it packets now.
    std::string reason;             ///< Why it is not used, a clause with the path as its subject.
    std::optional<double> rtt_ms;
    std::optional<double> min_rtt_ms;
    std::optional<double> rtt_variation_ms;
    double loss = 0;                        ///< Share of the packets sent lately, 0 to 1.
    std::optional<std::uint64_t> rate_bps;  ///< Bits per second that arrived at most, lately.
    std::uint64_t bytes_sent = 0;           ///< UDP payload.
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_lost = 0;
    std::optional<std::uint64_t> last_used_ms;  ///< Since it was given a packet of an application.
    friend bool operator==(const SessionPathReply&, const SessionPathReply&) = default;
};

/// What came out of order, in all since the session began.
struct OrderReply {
    double patience_ms = 0;        ///< How long a packet waits for an earlier one at most.
    std::uint64_t waited = 0;      ///< Datagrams that waited for earlier ones.
    std::uint64_t gaps = 0;        ///< Datagrams that were not waited for any longer.
    std::uint64_t late = 0;        ///< Datagrams that came after that.
    std::uint64_t duplicates = 0;  ///< Copies that were dropped.
    std::uint64_t bytes_held = 0;  ///< That wait now.
    friend bool operator==(const OrderReply&, const OrderReply&) = default;
};

/// What became of datagrams that a path lost, in all since the session began.
struct RepairReply {
    std::uint64_t repaired = 0;    ///< Sent again.
    std::uint64_t abandoned = 0;   ///< Too late for that.
    std::uint64_t forgotten = 0;   ///< For want of room.
    std::uint64_t bytes_held = 0;  ///< Not yet acknowledged.
    friend bool operator==(const RepairReply&, const RepairReply&) = default;
};

/// The session with one peer.
struct PeerPathsReply {
    std::string node_id;
    std::string name;
    std::string scheduler;  ///< That spreads its packets; empty while it has had one path only.
    std::string decision;   ///< "one path", "stripes over 2 paths", "copies on 2 paths", …
    std::vector<SessionPathReply> paths;
    OrderReply order;
    RepairReply repair;
    friend bool operator==(const PeerPathsReply&, const PeerPathsReply&) = default;
};

struct MultipathReply {
    bool enabled = false;
    std::string mode;       ///< "aggregate" or "failover"
    std::string scheduler;  ///< As configured.
    std::vector<UplinkReply> uplinks;
    std::vector<PeerPathsReply> peers;
    friend bool operator==(const MultipathReply&, const MultipathReply&) = default;
};

/// A handshake under way.
struct HandshakeReply {
    std::string local;
    std::string remote;
    friend bool operator==(const HandshakeReply&, const HandshakeReply&) = default;
};

/// A path that a session wants and lacks.
struct MissingPathReply {
    std::string interface;          ///< Ours; empty when it is gone.
    std::uint32_t peer_uplink = 0;  ///< As in SessionPathReply.
    bool dialling = false;          ///< A handshake is under way.
    std::uint64_t next_try_ms = 0;  ///< Until then.
    friend bool operator==(const MissingPathReply&, const MissingPathReply&) = default;
};

struct ExplainReply {
    std::string node_id;
    std::string name;
    std::string state;   ///< As in PeerReply.
    std::string wanted;  ///< Why there shall be a session, a clause; empty: nobody asks for one.
    bool multipath = false;
    std::string mode;                           ///< "aggregate" or "failover"
    std::optional<std::uint64_t> connected_ms;  ///< How long the session has lasted.
    std::optional<std::uint64_t> last_seen_ms;  ///< How long ago an authenticated packet came.
    std::optional<std::uint64_t> ends_ms;       ///< Until a session without links ends.
    std::uint32_t migrations = 0;
    std::optional<PeerPathsReply> session;
    bool plans = false;  ///< We dial further paths; else the peer, if anybody.
    std::vector<MissingPathReply> missing;
    /// Underlay addresses: configured, learnt, and those that it names now.
    std::vector<std::string> endpoints;
    std::vector<HandshakeReply> handshakes;
    std::uint32_t dials = 0;
    std::optional<std::uint64_t> next_try_ms;  ///< Until the next dial of a peer without session.
    bool searching = false;                    ///< The DHT is being asked where it is.
    std::optional<std::uint64_t> next_search_ms;
    std::string last_error;  ///< Why the last dial or link ended; empty if none did.
    friend bool operator==(const ExplainReply&, const ExplainReply&) = default;
};

}  // namespace qe::control
