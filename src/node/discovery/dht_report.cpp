// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/dht_report.h"

#include <algorithm>

#include "node/discovery/own_record.h"
#include "quicether/dht/bencode_reader.h"
#include "quicether/dht/distance.h"

namespace qe::node {
namespace {

/// The string inside a bencoded value, if it is one of printable ASCII or line ends.
std::optional<std::string> text_of(base::ByteView value) {
    const auto bencode = dht::parse_bencode(value);
    const auto bytes = bencode ? bencode->string() : std::nullopt;
    if (!bytes) {
        return std::nullopt;
    }
    const std::string_view text = base::as_text(*bytes);
    const bool printable = std::ranges::all_of(text, [](char c) {
        return (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) || c == '\n' || c == '\t';
    });
    return printable ? std::optional<std::string>(text) : std::nullopt;
}

std::optional<std::uint64_t> seq_of(const dht::Item& item) {
    return item.owner ? std::optional(static_cast<std::uint64_t>(item.owner->seq)) : std::nullopt;
}

std::uint64_t sum(const dht::MethodCounters& counters) {
    std::uint64_t all = 0;
    for (const std::uint64_t counter : counters) {
        all += counter;
    }
    return all;
}

}  // namespace

control::DhtNodesReply nodes_report(const std::vector<dht::NodeInfo>& nodes) {
    control::DhtNodesReply reply;
    for (const dht::NodeInfo& node : nodes) {
        control::DhtNodeReply row;
        row.node_id = node.contact.id.to_string();
        row.endpoint = node.contact.endpoint.to_string();
        row.good = node.good;
        if (node.rtt_ms > 0) {
            row.rtt_us = std::uint64_t{node.rtt_ms} * 1000;
        }
        row.silent_us = static_cast<std::uint64_t>(node.silent.count() / 1000);
        row.prefix_bits = node.prefix_bits;
        reply.nodes.push_back(std::move(row));
    }
    std::ranges::sort(reply.nodes, [](const auto& a, const auto& b) {
        return std::tuple(b.prefix_bits, a.node_id, a.endpoint) <
               std::tuple(a.prefix_bits, b.node_id, b.endpoint);
    });
    return reply;
}

control::DhtGetReply get_report(const dht::LookupFinished& finished) {
    control::DhtGetReply reply;
    reply.target = finished.target.to_string();
    reply.queries = finished.queries;
    reply.hops = finished.hops;
    if (finished.item) {
        reply.found = true;
        reply.is_mutable = finished.item->owner.has_value();
        reply.text = text_of(finished.item->value);
        reply.value_hex = base::to_hex(finished.item->value);
        reply.seq = seq_of(*finished.item);
        if (finished.item->owner) {
            reply.public_key = finished.item->owner->key.to_string();
        }
    }
    return reply;
}

control::DhtPeersReply peers_report(const dht::LookupFinished& finished) {
    control::DhtPeersReply reply;
    reply.info_hash = finished.target.to_string();
    for (const net::SocketAddress& peer : finished.peers) {
        reply.peers.push_back(peer.to_string());
    }
    reply.queries = finished.queries;
    reply.hops = finished.hops;
    return reply;
}

control::DhtLookupReply lookup_report(const dht::LookupFinished& finished,
                                      const network::NetworkId& network) {
    control::DhtLookupReply reply;
    reply.target = finished.target.to_string();
    reply.queries = finished.queries;
    reply.hops = finished.hops;
    if (finished.item && finished.item->owner && finished.item->salt.empty()) {
        const auto record = parse_node_record(finished.item->value, network);
        if (record && record->id() == finished.target) {
            reply.has_record = true;
            reply.seq = seq_of(*finished.item);
            for (const net::SocketAddress& address : record->underlay) {
                reply.addresses.push_back(address.to_string());
            }
        }
    }
    for (const dht::Contact& contact : finished.nearest) {
        control::DhtNodeReply row;
        row.node_id = contact.id.to_string();
        row.endpoint = contact.endpoint.to_string();
        row.good = true;
        row.prefix_bits = dht::common_prefix_bits(finished.target, contact.id);
        reply.nearest.push_back(std::move(row));
    }
    return reply;
}

std::vector<control::Counter> counters_report(const dht::DhtStatus& status) {
    const dht::DhtCounters& c = status.counters;
    return {
        {"dht_messages_received", c.messages_received},
        {"dht_bytes_received", c.bytes_received},
        {"dht_messages_sent", c.messages_sent},
        {"dht_bytes_sent", c.bytes_sent},
        {"dht_queries_received", sum(c.queries_received)},
        {"dht_queries_sent", sum(c.queries_sent)},
        {"dht_answers_received", c.answers_received},
        {"dht_errors_received", c.errors_received},
        {"dht_errors_sent", c.errors_sent},
        {"dht_timeouts", c.timeouts},
        {"dht_answers_trimmed", c.answers_trimmed},
        {"dht_answers_held", c.answers_held},
        {"dht_dropped_flood", c.dropped_flood},
        {"dht_dropped_mac", c.dropped_mac},
        {"dht_dropped_malformed", c.dropped_malformed},
        {"dht_dropped_oversized", c.dropped_oversized},
        {"dht_dropped_rate", c.dropped_rate},
        {"dht_dropped_unexpected", c.dropped_unexpected},
        {"dht_dropped_unsent", c.dropped_unsent},
    };
}

}  // namespace qe::node
