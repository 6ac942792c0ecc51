// SPDX-License-Identifier: Apache-2.0
//
// One message of every type with every field set to something other than its default.
#pragma once

#include <vector>

#include "quicether/control/messages.h"

namespace qe::control::samples {

inline PathReply path() {
    PathReply p;
    p.local = "192.168.1.5:9000";
    p.remote = "203.0.113.5:9000";
    p.kind = "direct";
    p.direction = "dialled";
    p.rtt_us = 15'234;
    p.rtt_min_us = 14'000;
    p.rtt_variation_us = 300;
    p.udp_payload_bytes = 1452;
    p.datagram_bytes_max = 1410;
    p.congestion_window_bytes = 123'456;
    p.bytes_in_flight = 789;
    p.packets_sent = 1'200'000;
    p.packets_received = 450'000;
    p.packets_lost = 12;
    p.cipher = "TLS_AES_128_GCM_SHA256";
    p.key_exchange = "X25519MLKEM768";
    p.congestion_control = "bbr";
    return p;
}

inline PeerReply peer() {
    PeerReply p;
    p.node_id = "0123456789abcdef0123456789abcdef01234567";
    p.name = "server";
    p.state = "connected";
    p.role = "gateway";
    p.session_id = "5eed5eed5eed5eed";
    p.overlay_addresses = {"100.64.0.2", "fd00::2"};
    p.subnets = {"10.0.0.0/16"};
    p.endpoints = {"203.0.113.5:9000"};
    p.bytes_sent = 18'446'744'073'709'551'615ULL;
    p.bytes_received = 2;
    p.packets_sent = 3;
    p.packets_received = 4;
    p.connected_us = 5;
    p.last_seen_us = 6;
    p.next_attempt_us = 7;
    p.dials = 8;
    p.migrations = 9;
    p.last_error = "the peer went silent";
    p.paths = {path()};
    return p;
}

/// Of whom nothing is known yet.
inline PeerReply silent_peer() {
    PeerReply p;
    p.node_id = "ffffffffffffffffffffffffffffffffffffffff";
    p.state = "idle";
    return p;
}

inline StatusReply status() {
    StatusReply s;
    s.version = "0.1.0";
    s.node_id = "abc123def456abc123def456abc123def456abcd";
    s.public_key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    s.name = "laptop";
    s.role = "full";
    s.state = "ok";
    s.problems = {"no peer is reachable"};
    s.tun_name = "quicether0";
    s.tun_mtu_bytes = 1420;
    s.overlay_addresses = {"100.64.0.1/16", "fd00::1/64"};
    s.listen = {"0.0.0.0:9000", "[::]:9000"};
    s.uptime_us = 93'784'000'000;
    s.peers_configured = 6;
    s.peers_connected = 5;
    s.active_paths = {"192.168.1.5:9000"};
    s.discovery = "reachable";
    s.discovery_contacts = 12;
    s.counters = {{"handshakes_refused", 3}, {"datagrams_malformed", 17}};
    return s;
}

inline DhtNodeReply dht_node() {
    return {"0123456789abcdef0123456789abcdef01234567", "198.51.100.7:9000", true, 15'000, 2, 9};
}

inline DhtStatusReply dht_status() {
    DhtStatusReply s;
    s.enabled = true;
    s.state = "reachable";
    s.swarm = "0011223344556677";
    s.node_id = "0123456789abcdef0123456789abcdef01234567";
    s.contacts_v4 = 12;
    s.contacts_v6 = 3;
    s.buckets = 4;
    s.replacements = 1;
    s.items_stored = 5;
    s.item_bytes_stored = 700;
    s.peers_stored = 2;
    s.operations = 1;
    s.rtt_us = 15'000;
    s.external = "203.0.113.5:9000";
    s.bootstrap_nodes = {"boot.example.org:9000"};
    s.lan = true;
    s.lan_neighbours = 1;
    s.published = {"203.0.113.5:9000", "192.168.1.5:9000"};
    s.published_ago_us = 60'000'000;
    s.published_nodes = 8;
    s.searches = 1;
    s.dropped_flood = 50'000;
    s.dropped_rate = 40;
    s.dropped_mac = 3;
    s.dropped_malformed = 2;
    s.dropped_unexpected = 1;
    return s;
}

inline PeerPathsReply peer_paths() {
    SessionPathReply p;
    p.index = 1;
    p.interface = "wwan0";
    p.local = "192.168.8.2:9000";
    p.remote = "203.0.113.5:9000";
    p.peer_uplink = 2;
    p.state = "degraded";
    p.cause = "it loses too many packets";
    p.since_ms = 7'200;
    p.group = 1;
    p.control = true;
    p.used = true;
    p.reason = "it is degraded: it loses too many packets";
    p.rtt_ms = 61.25;
    p.min_rtt_ms = 58.004;
    p.rtt_variation_ms = 0.3;
    p.loss = 0.1205;
    p.rate_bps = 25'000'000;
    p.bytes_sent = 18'446'744'073'709'551'615ULL;
    p.bytes_received = 2;
    p.packets_sent = 1'200'000;
    p.packets_lost = 12;
    p.last_used_ms = 3;
    PeerPathsReply paths;
    paths.node_id = "0123456789abcdef0123456789abcdef01234567";
    paths.name = "server";
    paths.scheduler = "adaptive";
    paths.decision = "one path";
    paths.paths = {p, SessionPathReply{}};
    paths.paths.back().state = "probing";
    paths.order = {82.5, 1, 2, 3, 4, 5};
    paths.repair = {6, 7, 8, 9};
    return paths;
}

inline MultipathReply multipath() {
    return {true,
            "failover",
            "adaptive",
            {{"eth0", {"192.168.1.5", "2001:db8::5"}, "up", 2.5, 0}, {"wwan*", {}, "down", 0, 1}},
            {peer_paths()}};
}

inline ExplainReply explanation() {
    ExplainReply e;
    e.node_id = "0123456789abcdef0123456789abcdef01234567";
    e.name = "server";
    e.state = "connected";
    e.wanted = "it is configured";
    e.multipath = true;
    e.mode = "aggregate";
    e.connected_ms = 7'500'000;
    e.last_seen_ms = 40;
    e.ends_ms = 30'000;
    e.migrations = 1;
    e.session = peer_paths();
    e.plans = true;
    e.missing = {{"wlan0", 3, true, 1'500}};
    e.endpoints = {"203.0.113.5:9000"};
    e.handshakes = {{"10.0.3.2:9000", "203.0.113.5:9000"}};
    e.dials = 8;
    e.next_try_ms = 500;
    e.searching = true;
    e.next_search_ms = 60'000;
    e.last_error = "the peer went silent";
    return e;
}

inline std::vector<Request> requests() {
    return {StatusRequest{},
            PeersRequest{},
            RoutesRequest{},
            VersionRequest{},
            ConfigRequest{},
            ReloadRequest{},
            StopRequest{},
            PingRequest{"x", 750},
            LogsRequest{.lines = 7, .follow = true},
            NetworkCreateRequest{"home", "10.7.0.0/24"},
            NetworkRequest{},
            NetworkLeaveRequest{true},
            InviteRequest{600, 3, "gateway", "nas", {"servers"}, {"10.0.0.0/24"}},
            JoinRequest{"qe1-abc", "laptop"},
            MembersRequest{},
            RevokeRequest{"nas", true},
            PromoteRequest{"laptop"},
            FindRequest{"10.0.0.0/24"},
            DhtStatusRequest{},
            DhtNodesRequest{},
            DhtGetRequest{"0123456789abcdef0123456789abcdef01234567", "news"},
            DhtPutRequest{"hello", true, "news"},
            DhtLookupRequest{"server"},
            DhtAnnounceRequest{"0123456789abcdef0123456789abcdef01234567", 7001},
            DhtPeersRequest{"0123456789abcdef0123456789abcdef01234567"},
            MultipathRequest{"server"},
            ExplainRequest{"server"}};
}

inline std::vector<Reply> replies() {
    return {
        status(),
        PeersReply{{peer(), silent_peer()}},
        RoutesReply{{{"10.0.0.0/16", "0123456789abcdef0123456789abcdef01234567", "server", "direct",
                      "advertised", true}}},
        PingReply{"0123456789abcdef0123456789abcdef01234567", "server", 412, "192.168.1.5:9000",
                  "203.0.113.5:9000", "relayed"},
        VersionReply{"0.1.0", "86d78be"},
        ConfigReply{"[node]\nname = \"tab\\there\"\n"},
        ReloadReply{{"monitoring.log_level"}, {"network.mtu"}},
        StopReply{},
        LogLine{"2026-01-02T03:04:05.000006Z", "warn", "node", "a \"quoted\" word"},
        NetworkReply{"0123456789abcdef0123456789abcdef",
                     "home",
                     "100.64.0.0/16",
                     "fd71:7569:6365::/48",
                     true,
                     "nas",
                     5,
                     2,
                     1,
                     2'500'000,
                     {"the network's addresses overlap the LAN"}},
        NetworkLeaveReply{"home"},
        InviteReply{"qe1-abcdef", "home", 86'400, 1},
        MembersReply{{{"0123456789abcdef0123456789abcdef01234567",
                       "nas",
                       "gateway",
                       true,
                       "connected",
                       {"100.64.0.2"},
                       {"10.0.0.0/24"},
                       {"servers"},
                       2'500'000}},
                     {{"ffffffffffffffffffffffffffffffffffffffff", "phone", "lost", 3600}}},
        MemberChangeReply{"0123456789abcdef0123456789abcdef01234567", "nas"},
        FindReply{{{"0123456789abcdef0123456789abcdef01234567",
                    "nas",
                    "member",
                    "connected",
                    {"100.64.0.2"},
                    {"10.0.0.0/24"},
                    {"10.0.0.0/24"},
                    {"203.0.113.5:9000"},
                    1'500'000,
                    60}}},
        dht_status(),
        DhtNodesReply{{dht_node()}},
        DhtGetReply{"0123456789abcdef0123456789abcdef01234567", true, true, "hello",
                    "353a68656c6c6f",
                    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 7, 12, 2},
        DhtPutReply{"0123456789abcdef0123456789abcdef01234567", true, 7, 8, 1},
        DhtLookupReply{"0123456789abcdef0123456789abcdef01234567",
                       true,
                       {"198.51.100.7:9000"},
                       1'790'000'000,
                       {dht_node()},
                       12,
                       2},
        DhtAnnounceReply{"0123456789abcdef0123456789abcdef01234567", 8, 1},
        DhtPeersReply{"0123456789abcdef0123456789abcdef01234567", {"198.51.100.7:7001"}, 12, 2},
        multipath(),
        explanation(),
        ErrorReply{ErrorKind::AmbiguousPeer, "\"se\" names 2 peers"},
    };
}

}  // namespace qe::control::samples
