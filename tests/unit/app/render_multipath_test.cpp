// SPDX-License-Identifier: Apache-2.0
#include "app/render_multipath.h"

#include <gtest/gtest.h>

#include "golden.h"

namespace qe::app {
namespace {

const Palette kPlain(false);

control::SessionPathReply path(std::uint32_t index, const std::string& interface,
                               const std::string& local, double rtt_ms) {
    control::SessionPathReply p;
    p.index = index;
    p.interface = interface;
    p.local = local;
    p.remote = "203.0.113.5:9000";
    p.state = "active";
    p.used = true;
    p.rtt_ms = rtt_ms;
    p.min_rtt_ms = rtt_ms - 0.2;
    p.rtt_variation_ms = 0.4;
    p.packets_sent = 1'200'000;
    return p;
}

control::PeerPathsReply server() {
    control::PeerPathsReply peer;
    peer.node_id = "0000abc789abc789abc789abc789abc789abc789";
    peer.name = "server";
    peer.scheduler = "adaptive";
    peer.decision = "stripes over 2 paths";
    peer.paths = {path(0, "eth0", "192.168.1.5:9000", 15.2),
                  path(1, "eth1", "[2001:db8::5]:9000", 0.41),
                  path(2, "wwan0", "10.64.0.9:9000", 61), path(3, "wlan0", "10.0.3.2:9000", 9)};
    peer.paths[0].control = true;
    peer.paths[0].rate_bps = 92'000'000;
    peer.paths[0].loss = 0.004;
    peer.paths[1].rate_bps = 2'400'000'000;
    peer.paths[2].used = false;
    peer.paths[2].reason = "it is in reserve behind eth0 and eth1";
    peer.paths[3].used = false;
    peer.paths[3].state = "failed";
    peer.paths[3].cause = "no acknowledgement for long";
    peer.paths[3].reason = "it has failed: no acknowledgement for long";
    peer.paths[3].loss = 0.37;
    return peer;
}

control::PeerPathsReply branch() {
    control::PeerPathsReply peer;
    peer.node_id = "1111abc789abc789abc789abc789abc789abc789";
    peer.decision = "one path";
    peer.paths = {path(0, "eth0", "192.168.1.5:9000", 7)};
    peer.paths[0].rtt_ms.reset();
    peer.paths[0].packets_sent = 17;
    return peer;
}

control::MultipathReply reply_of(std::vector<control::PeerPathsReply> peers) {
    return {true,
            "aggregate",
            "adaptive",
            {{"eth0", {"192.168.1.5"}, "up", 0, 0}, {"usb*", {}, "down", 0, 0}},
            std::move(peers)};
}

TEST(RenderMultipath, OfOnePeerIsOneTableWithEveryUplink) {
    expect_golden("multipath.txt", render_multipath(reply_of({server()}), kPlain));
}

TEST(RenderMultipath, OfSeveralPeersSaysWhoseAndWhatWasDecided) {
    expect_golden("multipath_peers.txt", render_multipath(reply_of({server(), branch()}), kPlain));
}

TEST(RenderMultipath, InColour) {
    expect_golden("multipath_colour.txt", render_multipath(reply_of({server()}), Palette(true)));
}

TEST(RenderMultipath, WithoutPeersSaysSo) {
    EXPECT_EQ(render_multipath(reply_of({}), kPlain), "No paths: no peer is connected.\n");
}

control::ExplainReply explanation_of(const control::PeerPathsReply& peer) {
    control::ExplainReply reply;
    reply.node_id = peer.node_id;
    reply.name = peer.name;
    reply.state = "connected";
    reply.wanted = "it is configured";
    reply.multipath = true;
    reply.mode = "aggregate";
    reply.connected_ms = 7'500'000;
    reply.last_seen_ms = 240;
    reply.session = peer;
    reply.plans = true;
    reply.endpoints = {"203.0.113.5:9000"};
    reply.dials = 6;
    reply.last_error = "an old story";
    return reply;
}

TEST(RenderExplain, OfSeveralPathsSaysWhatEachIsUsedForAndWhy) {
    control::PeerPathsReply peer = server();
    for (control::SessionPathReply& path : peer.paths) {
        path.since_ms = 3'665'000;
        path.last_used_ms = 1'200;
    }
    peer.paths[2].last_used_ms.reset();
    peer.order = {82.5, 12'000, 2, 1, 31, 0};
    peer.repair = {41, 7, 0, 52'000};
    peer.decision = "stripes over 2 paths in 2 groups";
    peer.paths[0].group = 1;
    control::ExplainReply reply = explanation_of(peer);
    reply.migrations = 1;
    reply.missing = {{"usb0", 3, true, 1'500}, {"wlan0", 0, false, 9'300}};
    expect_golden("explain.txt", render_explain(reply, kPlain));
}

TEST(RenderExplain, OfOnePathIsShort) {
    control::ExplainReply reply = explanation_of(branch());
    reply.multipath = false;
    expect_golden("explain_one_path.txt", render_explain(reply, kPlain));
}

TEST(RenderExplain, OfAPeerWithoutSessionSaysWhatIsTried) {
    control::ExplainReply reply = explanation_of(branch());
    reply.state = "unreachable";
    reply.session.reset();
    reply.connected_ms.reset();
    reply.last_seen_ms.reset();
    reply.handshakes = {{"192.168.1.5:9000", "203.0.113.5:9000"}};
    reply.next_try_ms = 12'000;
    reply.next_search_ms = 61'000;
    reply.last_error = "the handshake timed out";
    expect_golden("explain_unreachable.txt", render_explain(reply, kPlain));
}

TEST(RenderExplain, OfAPeerThatNobodyAsksForSaysSo) {
    control::ExplainReply reply;
    reply.node_id = branch().node_id;
    reply.state = "idle";
    reply.searching = true;
    expect_golden("explain_idle.txt", render_explain(reply, kPlain));
}

}  // namespace
}  // namespace qe::app
