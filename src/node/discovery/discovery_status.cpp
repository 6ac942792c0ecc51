// SPDX-License-Identifier: Apache-2.0
//
// What operators are told of discovery.
#include <algorithm>

#include "node/discovery/dht_report.h"
#include "node/discovery/discovery.h"

namespace qe::node {
namespace {

std::uint64_t microseconds_of(base::Duration d) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, d.count() / 1000));
}

std::uint32_t small(std::size_t number) { return static_cast<std::uint32_t>(number); }

}  // namespace

std::string_view Discovery::state_text(base::Instant now) const {
    if (!dht_) {
        return "off";
    }
    if (contacts_ == 0) {
        return "alone";
    }
    if (fell_back_ || state_.config.node.role == config::NodeRole::Light) {
        return "read-only";
    }
    return reachability_.is_proven(now) ? "reachable" : "unproven";
}

control::DhtStatusReply Discovery::status_report(base::Instant now) const {
    control::DhtStatusReply reply;
    reply.enabled = has_dht();
    reply.state = state_text(now);
    reply.swarm = base::to_hex(swarm_tag_of(swarm_));
    reply.node_id = state_.id.to_string();
    for (const config::HostPort& node : state_.config.discovery.bootstrap_nodes) {
        reply.bootstrap_nodes.push_back(node.to_string());
    }
    reply.lan = state_.config.discovery.lan;
    reply.lan_neighbours = small(lan_.neighbours(now));
    if (!dht_) {
        return reply;
    }
    const dht::DhtStatus status = dht_->status();
    reply.contacts_v4 = small(status.contacts_v4);
    reply.contacts_v6 = small(status.contacts_v6);
    reply.buckets = small(status.buckets);
    reply.replacements = small(status.replacements);
    reply.items_stored = status.items_stored;
    reply.item_bytes_stored = status.item_bytes_stored;
    reply.peers_stored = status.peers_stored;
    reply.operations = small(status.operations);
    reply.dropped_flood = status.counters.dropped_flood;
    reply.dropped_rate = status.counters.dropped_rate;
    reply.dropped_mac = status.counters.dropped_mac;
    reply.dropped_malformed = status.counters.dropped_malformed + status.counters.dropped_oversized;
    reply.dropped_unexpected = status.counters.dropped_unexpected;
    if (status.rtt_mean > base::Duration(0)) {
        reply.rtt_us = microseconds_of(status.rtt_mean);
    }
    if (const auto& seen = external4_ ? external4_ : external6_) {
        reply.external = seen->to_string();
    }
    for (const net::SocketAddress& address : publisher_.published()) {
        reply.published.push_back(address.to_string());
    }
    if (const auto at = publisher_.published_at()) {
        reply.published_ago_us = microseconds_of(now - *at);
    }
    reply.published_nodes = publisher_.stored_on();
    reply.searches = small(finder_.running());
    return reply;
}

void Discovery::complete_status(base::Instant now, control::StatusReply& status) const {
    status.discovery = state_text(now);
    status.discovery_contacts = small(contacts_);
    const std::initializer_list<control::Counter> own = {
        {"dht_no_route", counters_.no_route},
        {"dht_searches", finder_.counters().searches},
        {"dht_searches_found", finder_.counters().found},
        {"dht_records_refused", finder_.counters().refused},
        {"lan_sent", lan_.counters().sent},
        {"lan_heard", lan_.counters().heard},
        {"lan_refused", lan_.counters().refused},
    };
    const auto counters = counters_report(dht_ ? dht_->status() : dht::DhtStatus{});
    status.counters.insert(status.counters.end(), counters.begin(), counters.end());
    status.counters.insert(status.counters.end(), own);
}

}  // namespace qe::node
