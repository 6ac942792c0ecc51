// SPDX-License-Identifier: Apache-2.0
//
// Every human rendering against its golden file (golden.h).
#include "app/render.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace qe::app {
namespace {

const Palette kPlain(false);

control::StatusReply some_status() {
    control::StatusReply s;
    s.version = "0.1.0";
    s.node_id = "abc123def456abc123def456abc123def456abcd";
    s.name = "laptop";
    s.role = "full";
    s.state = "ok";
    s.tun_name = "quicether0";
    s.tun_mtu_bytes = 1420;
    s.overlay_addresses = {"100.64.0.1/16", "fd00::1/64"};
    s.listen = {"0.0.0.0:9000", "[::]:9000"};
    s.uptime_us = 93'784'000'000;
    s.peers_configured = 5;
    s.peers_connected = 5;
    s.active_paths = {"192.168.1.5:9000", "192.168.2.10:9000"};
    s.discovery = "reachable";
    s.discovery_contacts = 12;
    s.counters = {{"datagrams_malformed", 17}, {"handshakes_refused", 3}};
    return s;
}

control::PeerReply connected(const std::string& id, const std::string& remote, std::uint64_t rtt_us,
                             const std::string& kind) {
    control::PathReply path;
    path.local = "192.168.1.5:9000";
    path.remote = remote;
    path.kind = kind;
    path.direction = "dialled";
    path.rtt_us = rtt_us;
    path.udp_payload_bytes = 1452;
    path.packets_sent = 1'200'000;
    path.packets_received = 450'000;
    path.packets_lost = 1200;
    path.cipher = "TLS_AES_128_GCM_SHA256";
    path.key_exchange = "X25519MLKEM768";
    control::PeerReply peer;
    peer.node_id = id;
    peer.state = "connected";
    peer.last_error = "an old story";
    peer.paths = {path};
    return peer;
}

control::PeersReply some_peers() {
    control::PeersReply reply;
    reply.peers.push_back(connected("0000xyz789xyz789xyz789xyz789xyz789xyz789", "203.0.113.5:9000",
                                    15'234, "direct"));
    reply.peers.back().name = "server";
    reply.peers.back().overlay_addresses = {"100.64.0.2", "fd00::2"};
    reply.peers.push_back(connected("1111def456def456def456def456def456def456", "198.51.100.1:9000",
                                    120'000, "relayed"));
    control::PeerReply unreachable;
    unreachable.node_id = "2222aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    unreachable.name = "branch";
    unreachable.state = "unreachable";
    unreachable.endpoints = {"192.0.2.7:9000"};
    unreachable.last_error = "the handshake timed out";
    reply.peers.push_back(unreachable);
    control::PeerReply waiting;
    waiting.node_id = "3333aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    waiting.state = "idle";
    reply.peers.push_back(waiting);
    return reply;
}

TEST(RenderStatus, OfAHealthyNode) {
    expect_golden("status.txt", render_status(some_status(), false, kPlain));
}

TEST(RenderStatus, OfADegradedNodeWithCounters) {
    auto status = some_status();
    status.state = "degraded";
    status.peers_connected = 0;
    status.active_paths.clear();
    status.problems = {"no peer is reachable", "the clock has jumped by 3600 s"};
    expect_golden("status_degraded.txt", render_status(status, true, kPlain));
}

TEST(RenderStatus, InColour) {
    auto status = some_status();
    status.problems = {"no peer is reachable"};
    expect_golden("status_colour.txt", render_status(status, false, Palette(true)));
}

TEST(RenderPeers, WithEveryState) {
    expect_golden("peers.txt", render_peers(some_peers(), kPlain));
}

TEST(RenderPeers, InColour) {
    expect_golden("peers_colour.txt", render_peers(some_peers(), Palette(true)));
}

TEST(RenderPeers, WithNamelessPeersHasTheFourColumns) {
    control::PeersReply reply;
    reply.peers.push_back(connected("0000xyz789xyz789xyz789xyz789xyz789xyz789", "203.0.113.5:9000",
                                    15'234, "direct"));
    EXPECT_EQ(render_peers(reply, kPlain),
              "NodeID       | Address          | RTT  | Status\n"
              "0000xyz789xy | 203.0.113.5:9000 | 15ms | Connected\n");
}

TEST(RenderPeers, WithoutPeersSaysWhatToDo) {
    EXPECT_NE(render_peers({}, kPlain).find("--peer-allow"), std::string::npos);
}

TEST(RenderPaths, OneRowEach) { expect_golden("paths.txt", render_paths(some_peers(), kPlain)); }

TEST(RenderRoutes, LocalDirectAndThroughAGateway) {
    const std::string server = "0000xyz789xyz789xyz789xyz789xyz789xyz789";
    const control::RoutesReply reply{
        {{"10.0.0.0/16", server, "server", "direct", "advertised", true},
         {"10.1.0.0/16", "1111def456def456def456def456def456def456", "", "gateway", "configured",
          false},
         {"100.64.0.1/32", "", "", "local", "derived", true}}};
    expect_golden("routes.txt", render_routes(reply, kPlain));
    EXPECT_EQ(render_routes({}, kPlain), "No routes.\n");
}

TEST(RenderPing, ReplyAndSummary) {
    const control::PingReply reply{"0000xyz789xyz789xyz789xyz789xyz789xyz789",
                                   "server",
                                   412,
                                   "192.168.1.5:9000",
                                   "203.0.113.5:9000",
                                   "direct"};
    control::PingSummaryDocument summary;
    summary.peer = "server";
    summary.sent = 3;
    summary.received = 2;
    summary.rtt_min_us = 412;
    summary.rtt_mean_us = 7'900;
    summary.rtt_max_us = 15'400;
    expect_golden("ping.txt", render_ping(reply, 1) + render_ping_summary(summary));
}

TEST(RenderPing, WhenNothingCameBack) {
    control::PingSummaryDocument summary;
    summary.peer = "server";
    summary.sent = 4;
    EXPECT_EQ(render_ping_summary(summary), "server: 4 sent, 0 received, 100% lost\n");
    summary.sent = 0;
    EXPECT_EQ(render_ping_summary(summary), "server: 0 sent, 0 received, 0% lost\n");
}

TEST(RenderReload, NamesWhatWaitsForARestart) {
    EXPECT_EQ(render_reload({{"peer", "monitoring.log_level"}, {"network.mtu"}}),
              "applied: peer\napplied: monitoring.log_level\nwaits for a restart: network.mtu\n");
    EXPECT_EQ(render_reload({}), "nothing has changed\n");
}

TEST(RenderLogLine, IsOneLineWhateverAPeerPutsInIt) {
    const control::LogLine line{"2026-01-02T03:04:05.000006Z", "warn", "node",
                                "peer says \"hi\"\n\x1b[2J"};
    EXPECT_EQ(render_log_line(line, kPlain),
              "2026-01-02T03:04:05.000006Z warn  node: peer says \"hi\"\\x0A\\x1B[2J\n");
}

}  // namespace
}  // namespace qe::app
