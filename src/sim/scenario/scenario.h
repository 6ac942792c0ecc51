// SPDX-License-Identifier: Apache-2.0
//
// Scenario: a world, what runs in it, what happens to it, and what must come of that. As read from
// a TOML file (read_scenario.h): names are known and unique, values are in range.
//
// Hosts are named by their place in `hosts`, which is also their HostId. Times count from the
// world's beginning. docs/simulation.md describes every key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/scenario/link_change.h"
#include "sim/traffic/flow.h"
#include "sim/world.h"

namespace qe::sim {

struct RegionPlan {
    std::string name;
};

/// The way between two regions.
struct RegionLink {
    std::string a;
    std::string b;
    PipeOptions each_way;
};

/// To whom of those that it knows a host has addresses.
enum class Dials : std::uint8_t { All, Earlier, Nobody };

struct HostPlan {
    HostOptions options;
    base::Duration start{0};    ///< When its node starts.
    bool starts = true;         ///< False: only an action starts it.
    std::vector<HostId> knows;  ///< In its [[peer]] list. Being listed means being trusted.
    Dials dials = Dials::All;
    /// Gateways of those that it knows, each entitled to all addresses of the overlay.
    std::vector<HostId> through;
    std::vector<HostId> bootstrap;  ///< Its DHT begins with these; empty: as `options` say.
};

/// A network that hosts make and join with the node's own requests; not a `[[network]]`, which is
/// of the underlay.
struct OverlayPlan {
    std::string name = "net";
    std::string prefix;  ///< IPv4; empty: the node's default.
    HostId founder = 0;
    std::vector<HostId> members;  ///< Join as soon as they can.
};

// --- Timeline ------------------------------------------------------------------------------------

struct SetLink {
    std::vector<std::string> links;
    LinkChange change;
    base::Duration over{0};  ///< Evenly, during this long.
};
struct Flap {
    std::vector<HostId> hosts;
    std::string interface;  ///< Empty: all.
    base::Duration down{0};
};
struct Carrier {
    std::vector<HostId> hosts;
    std::string interface;
    bool up = false;
};
struct Partition {
    std::vector<std::vector<HostId>> groups;
};
struct Block {
    std::vector<HostId> from;
    std::vector<HostId> to;
};
struct Heal {};
struct Start {
    std::vector<HostId> hosts;
};
struct Crash {
    std::vector<HostId> hosts;
    std::optional<base::Duration> restart_after;
};
struct Leave {
    std::vector<HostId> hosts;
};
struct Suspend {
    std::vector<HostId> hosts;
    std::optional<base::Duration> resume_after;
};
struct Resume {
    std::vector<HostId> hosts;
};
struct Move {
    HostId host = 0;
    std::string interface;
    std::string network;
    LinkOptions link;
};
struct RebindNat {
    std::string network;
    bool new_address = false;
};
struct SetDisk {
    std::vector<HostId> hosts;
    DiskOptions disk;
};
struct Join {
    std::vector<HostId> hosts;
    HostId by = 0;     ///< The admin whose invite they use.
    std::string name;  ///< That they wish for; empty: their own.
};
struct Promote {
    HostId host = 0;
    HostId by = 0;
};
struct Revoke {
    std::vector<HostId> hosts;
    HostId by = 0;
};
using Change = std::variant<SetLink, Flap, Carrier, Partition, Block, Heal, Start, Crash, Leave,
                            Suspend, Resume, Move, RebindNat, SetDisk, Join, Promote, Revoke>;

struct Action {
    base::Duration when{0};
    std::string what;  ///< For people: "crash n2".
    Change change;
};

// --- Expectations --------------------------------------------------------------------------------

enum class Metric : std::uint8_t {
    Meshed,       ///< Time from the span's beginning until all pairs that should be are connected.
    Parted,       ///< And until no pair is connected that should not.
    Delivery,     ///< Share of probes that arrived.
    RttP50,       ///< Of echoes.
    RttP99,       ///< Likewise.
    LongestGap,   ///< Without anything from a flow.
    Goodput,      ///< Bits per second of application data.
    Finished,     ///< When a flow of limited size was through, from the span's beginning.
    Duplicates,   ///< Packets that a flow got twice.
    Altered,      ///< Packets that a flow got with other bytes than were sent.
    Reconnects,   ///< Sessions that ended and began anew.
    ControlRate,  ///< Bytes per second and host that are not data.
    Counter,      ///< A counter of the nodes, summed.
    Log,          ///< Log records that contain a text.
};

struct Bound {
    Metric metric = Metric::Meshed;
    std::size_t line = 0;  ///< In the file.
    base::Duration after{0};
    std::optional<base::Duration> until;  ///< Absent: the end.
    std::optional<double> min;            ///< Seconds, bits per second, shares or counts.
    std::optional<double> max;
    std::optional<double> max_path_ratio;  ///< RTT: in round trips of the underlay's path.
    std::vector<HostId> hosts;             ///< Empty: all.
    std::vector<std::string> flows;        ///< Empty: all to which the metric applies.
    std::string text;                      ///< Name of a counter; part of a log record.
};

struct Scenario {
    std::string file;
    std::string name;   ///< The file's, without folder and extension.
    std::string title;  ///< One line.
    bool slow = false;  ///< Left out by `run --all` unless asked for.
    base::Duration duration{0};
    std::uint64_t seed = 1;
    std::vector<RegionPlan> regions;
    std::vector<RegionLink> region_links;
    std::vector<NetworkOptions> networks;
    std::vector<HostPlan> hosts;
    std::optional<OverlayPlan> overlay;
    std::vector<FlowOptions> flows;
    std::vector<Action> actions;  ///< In order of time.
    std::vector<Bound> bounds;
};

}  // namespace qe::sim
