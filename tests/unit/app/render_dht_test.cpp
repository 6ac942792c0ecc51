// SPDX-License-Identifier: Apache-2.0
#include "app/render_dht.h"

#include <gtest/gtest.h>

namespace qe::app {
namespace {

const Palette kPlain(false);

control::DhtStatusReply some_status() {
    control::DhtStatusReply s;
    s.enabled = true;
    s.state = "reachable";
    s.swarm = "8a51d7c20b9e4f13";
    s.contacts_v4 = 9;
    s.contacts_v6 = 3;
    s.buckets = 4;
    s.items_stored = 3;
    s.item_bytes_stored = 420;
    s.rtt_us = 15'000;
    s.external = "203.0.113.5:9000";
    s.bootstrap_nodes = {"boot.example.org:9000"};
    s.lan = true;
    s.lan_neighbours = 1;
    s.published = {"203.0.113.5:9000", "192.168.1.5:9000"};
    s.published_ago_us = 250'000'000;
    s.published_nodes = 8;
    s.dropped_flood = 50'000;
    s.dropped_mac = 3;
    return s;
}

TEST(RenderDht, StatusSaysOneFactALine) {
    EXPECT_EQ(render_dht_status(some_status()),
              "Discovery: 12 contacts, reachable\n"
              "Swarm: 8a51d7c20b9e4f13\n"
              "LAN: 1 neighbour\n"
              "Contacts: 9 on IPv4, 3 on IPv6, in 4 buckets\n"
              "Round trip: 15ms\n"
              "Seen as: 203.0.113.5:9000\n"
              "Record: 203.0.113.5:9000, 192.168.1.5:9000, published 4m 10s ago on 8 nodes\n"
              "Bootstrap: boot.example.org:9000\n"
              "Stored: 3 items (420 bytes), 0 peers\n"
              "Under way: 0 operations, looking for 0 peers\n"
              "Dropped: 50000 of floods, 0 beyond the rate of answers, 3 with a wrong MAC, "
              "0 malformed, 0 unexpected\n");
}

TEST(RenderDht, StatusOfANodeWithoutDhtIsShort) {
    control::DhtStatusReply off;
    off.state = "off";
    off.swarm = "8a51d7c20b9e4f13";
    EXPECT_EQ(render_dht_status(off), "Discovery: off\nSwarm: 8a51d7c20b9e4f13\nLAN: off\n");
}

TEST(RenderDht, DiscoveryInAWordOrTwo) {
    EXPECT_EQ(discovery_text("", 0), "");
    EXPECT_EQ(discovery_text("off", 0), "off");
    EXPECT_EQ(discovery_text("alone", 0), "no contacts");
    EXPECT_EQ(discovery_text("read-only", 1), "1 contact, read-only");
}

TEST(RenderDht, WhatStrangersStoredCannotDriveTheTerminal) {
    control::DhtGetReply reply;
    reply.found = true;
    reply.text = "a\x1b[31mb";
    EXPECT_EQ(render_dht_get(reply), "a\\x1B[31mb\n");
    reply.text.reset();
    reply.value_hex = "6937e0";
    EXPECT_EQ(render_dht_get(reply), "bencode 6937e0\n");
}

TEST(RenderDht, PeersAreOneALine) {
    control::DhtPeersReply reply;
    reply.info_hash = "0123456789abcdef0123456789abcdef01234567";
    EXPECT_EQ(render_dht_peers(reply),
              "Nobody is announced at 0123456789abcdef0123456789abcdef01234567.\n");
    reply.peers = {"198.51.100.7:7001", "[2001:db8::7]:9000"};
    EXPECT_EQ(render_dht_peers(reply), "198.51.100.7:7001\n[2001:db8::7]:9000\n");
    EXPECT_EQ(render_dht_announce({reply.info_hash, 0, 2}), "No node stored it; 2 refused.\n");
    EXPECT_EQ(render_dht_announce({reply.info_hash, 1, 0}), "Stored on 1 node.\n");
}

TEST(RenderDht, LookupShowsRecordAndNearest) {
    control::DhtLookupReply reply;
    reply.target = "0123456789abcdef0123456789abcdef01234567";
    reply.queries = 3;
    reply.hops = 1;
    EXPECT_EQ(render_dht_lookup(reply, kPlain),
              "No record of 0123456789abcdef0123456789abcdef01234567.\n"
              "Nearest nodes, after 3 queries and 1 hop:\nnone answered\n");
    reply.has_record = true;
    reply.seq = 7;
    reply.addresses = {"198.51.100.7:9000"};
    reply.nearest = {
        {"ffffffffffffffffffffffffffffffffffffffff", "198.51.100.8:9000", true, {}, 0, 3}};
    EXPECT_EQ(
        render_dht_lookup(reply, kPlain),
        "Record 7 of 0123456789abcdef0123456789abcdef01234567: 198.51.100.7:9000\n"
        "Nearest nodes, after 3 queries and 1 hop:\n"
        "NodeID                                   | Endpoint          | Status | Shared bits\n"
        "ffffffffffffffffffffffffffffffffffffffff | 198.51.100.8:9000 | Good   | 3\n");
}

}  // namespace
}  // namespace qe::app
