// SPDX-License-Identifier: Apache-2.0
//
// The fields of the DHT's messages, in the manner of fields.h, which includes this at its end.
#pragma once

#include "control/fields.h"

namespace qe::control {

template <>
inline constexpr std::string_view kName<DhtStatusRequest> = "dht_status";
template <>
inline constexpr std::string_view kName<DhtNodesRequest> = "dht_nodes";
template <>
inline constexpr std::string_view kName<DhtGetRequest> = "dht_get";
template <>
inline constexpr std::string_view kName<DhtPutRequest> = "dht_put";
template <>
inline constexpr std::string_view kName<DhtLookupRequest> = "dht_lookup";
template <>
inline constexpr std::string_view kName<DhtAnnounceRequest> = "dht_announce";
template <>
inline constexpr std::string_view kName<DhtPeersRequest> = "dht_peers";
template <>
inline constexpr std::string_view kName<DhtStatusReply> = "dht_status";
template <>
inline constexpr std::string_view kName<DhtNodesReply> = "dht_nodes";
template <>
inline constexpr std::string_view kName<DhtGetReply> = "dht_get";
template <>
inline constexpr std::string_view kName<DhtPutReply> = "dht_put";
template <>
inline constexpr std::string_view kName<DhtLookupReply> = "dht_lookup";
template <>
inline constexpr std::string_view kName<DhtAnnounceReply> = "dht_announce";
template <>
inline constexpr std::string_view kName<DhtPeersReply> = "dht_peers";

template <typename Visit>
void fields(Visit& visit, Is<DhtGetRequest> auto& message) {
    visit("target", message.target);
    visit("salt", message.salt);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtPutRequest> auto& message) {
    visit("text", message.text);
    visit("is_mutable", message.is_mutable);
    visit("salt", message.salt);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtLookupRequest> auto& message) {
    visit("node", message.node);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtAnnounceRequest> auto& message) {
    visit("info_hash", message.info_hash);
    visit("port", message.port);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtPeersRequest> auto& message) {
    visit("info_hash", message.info_hash);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtStatusReply> auto& message) {
    visit("enabled", message.enabled);
    visit("state", message.state);
    visit("swarm", message.swarm);
    visit("node_id", message.node_id);
    visit("contacts_v4", message.contacts_v4);
    visit("contacts_v6", message.contacts_v6);
    visit("buckets", message.buckets);
    visit("replacements", message.replacements);
    visit("items_stored", message.items_stored);
    visit("item_bytes_stored", message.item_bytes_stored);
    visit("peers_stored", message.peers_stored);
    visit("operations", message.operations);
    visit("rtt_us", message.rtt_us);
    visit("external", message.external);
    visit("bootstrap_nodes", message.bootstrap_nodes);
    visit("lan", message.lan);
    visit("lan_neighbours", message.lan_neighbours);
    visit("published", message.published);
    visit("published_ago_us", message.published_ago_us);
    visit("published_nodes", message.published_nodes);
    visit("searches", message.searches);
    visit("dropped_flood", message.dropped_flood);
    visit("dropped_rate", message.dropped_rate);
    visit("dropped_mac", message.dropped_mac);
    visit("dropped_malformed", message.dropped_malformed);
    visit("dropped_unexpected", message.dropped_unexpected);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtNodeReply> auto& message) {
    visit("node_id", message.node_id);
    visit("endpoint", message.endpoint);
    visit("good", message.good);
    visit("rtt_us", message.rtt_us);
    visit("silent_us", message.silent_us);
    visit("prefix_bits", message.prefix_bits);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtNodesReply> auto& message) {
    visit("nodes", message.nodes);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtGetReply> auto& message) {
    visit("target", message.target);
    visit("found", message.found);
    visit("is_mutable", message.is_mutable);
    visit("text", message.text);
    visit("value_hex", message.value_hex);
    visit("public_key", message.public_key);
    visit("seq", message.seq);
    visit("queries", message.queries);
    visit("hops", message.hops);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtPutReply> auto& message) {
    visit("target", message.target);
    visit("is_mutable", message.is_mutable);
    visit("seq", message.seq);
    visit("accepted", message.accepted);
    visit("refused", message.refused);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtLookupReply> auto& message) {
    visit("target", message.target);
    visit("has_record", message.has_record);
    visit("addresses", message.addresses);
    visit("seq", message.seq);
    visit("nearest", message.nearest);
    visit("queries", message.queries);
    visit("hops", message.hops);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtAnnounceReply> auto& message) {
    visit("info_hash", message.info_hash);
    visit("accepted", message.accepted);
    visit("refused", message.refused);
}

template <typename Visit>
void fields(Visit& visit, Is<DhtPeersReply> auto& message) {
    visit("info_hash", message.info_hash);
    visit("peers", message.peers);
    visit("queries", message.queries);
    visit("hops", message.hops);
}

}  // namespace qe::control
