// SPDX-License-Identifier: Apache-2.0
//
// Requests to the DHT of a daemon, and their replies; in the manner of messages.h, which includes
// this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace qe::control {

// --- Requests ----------------------------------------------------------------------------------

struct DhtStatusRequest {
    friend bool operator==(const DhtStatusRequest&, const DhtStatusRequest&) = default;
};
/// The contacts of the DHT.
struct DhtNodesRequest {
    friend bool operator==(const DhtNodesRequest&, const DhtNodesRequest&) = default;
};
/// Fetches an item of BEP 44.
struct DhtGetRequest {
    std::string target;  ///< 40 hex digits, or the 64 of a public key.
    std::string salt;    ///< Only with a key; at most 64 bytes.
    friend bool operator==(const DhtGetRequest&, const DhtGetRequest&) = default;
};
/// Stores a text as an item of BEP 44: under its hash, or under this node's key and a salt.
struct DhtPutRequest {
    std::string text;
    bool is_mutable = false;
    std::string salt;  ///< Only with `is_mutable`, which needs one: without salt lies our record.
    friend bool operator==(const DhtPutRequest&, const DhtPutRequest&) = default;
};
/// Looks a node up, named by NodeId, public key, or as a peer is named.
struct DhtLookupRequest {
    std::string node;
    friend bool operator==(const DhtLookupRequest&, const DhtLookupRequest&) = default;
};
/// Announces this node under an info-hash (BEP 5), for half an hour.
struct DhtAnnounceRequest {
    std::string info_hash;   ///< 40 hex digits
    std::uint32_t port = 0;  ///< Where to reach it; 0: at the port of the DHT.
    friend bool operator==(const DhtAnnounceRequest&, const DhtAnnounceRequest&) = default;
};
/// Who has announced itself under an info-hash.
struct DhtPeersRequest {
    std::string info_hash;  ///< 40 hex digits
    friend bool operator==(const DhtPeersRequest&, const DhtPeersRequest&) = default;
};

// --- Replies -----------------------------------------------------------------------------------

struct DhtStatusReply {
    bool enabled = false;
    std::string state;    ///< "off", "alone", "reachable", "unproven" or "read-only"
    std::string swarm;    ///< 16 hex digits; equal for nodes of one swarm.
    std::string node_id;  ///< 40 hex digits
    std::uint32_t contacts_v4 = 0;
    std::uint32_t contacts_v6 = 0;
    std::uint32_t buckets = 0;       ///< That hold contacts.
    std::uint32_t replacements = 0;  ///< Contacts that wait for room.
    std::uint64_t items_stored = 0;  ///< For others.
    std::uint64_t item_bytes_stored = 0;
    std::uint64_t peers_stored = 0;
    std::uint32_t operations = 0;
    std::optional<std::uint64_t> rtt_us;  ///< Mean over all contacts.
    std::string external;                 ///< Where others see us; empty: not known.
    std::vector<std::string> bootstrap_nodes;
    bool lan = false;
    std::uint32_t lan_neighbours = 0;    ///< Heard of in the last minutes.
    std::vector<std::string> published;  ///< Addresses in our record.
    std::optional<std::uint64_t> published_ago_us;
    std::uint32_t published_nodes = 0;  ///< That stored it.
    std::uint32_t searches = 0;         ///< Peers looked for now.
    // Messages of others, dropped without an answer since the start:
    std::uint64_t dropped_flood = 0;       ///< Too many to look at each.
    std::uint64_t dropped_rate = 0;        ///< Queries, too many to answer each.
    std::uint64_t dropped_mac = 0;         ///< Of another swarm, or of nobody.
    std::uint64_t dropped_malformed = 0;   ///< No message, or too long for one.
    std::uint64_t dropped_unexpected = 0;  ///< Answers to no question.
    friend bool operator==(const DhtStatusReply&, const DhtStatusReply&) = default;
};

struct DhtNodeReply {
    std::string node_id;
    std::string endpoint;
    bool good = false;  ///< Heard of lately.
    std::optional<std::uint64_t> rtt_us;
    std::uint64_t silent_us = 0;    ///< Since it was last heard of.
    std::uint32_t prefix_bits = 0;  ///< Shared with our id.
    friend bool operator==(const DhtNodeReply&, const DhtNodeReply&) = default;
};
struct DhtNodesReply {
    std::vector<DhtNodeReply> nodes;
    friend bool operator==(const DhtNodesReply&, const DhtNodesReply&) = default;
};

struct DhtGetReply {
    std::string target;
    bool found = false;
    bool is_mutable = false;
    std::optional<std::string> text;  ///< The value, if it is a text.
    std::string value_hex;            ///< The value as bencode.
    std::string public_key;           ///< Of a mutable item.
    std::optional<std::uint64_t> seq;
    std::uint32_t queries = 0;
    std::uint32_t hops = 0;
    friend bool operator==(const DhtGetReply&, const DhtGetReply&) = default;
};

struct DhtPutReply {
    std::string target;
    bool is_mutable = false;
    std::optional<std::uint64_t> seq;
    std::uint32_t accepted = 0;  ///< Nodes that stored it, this one included.
    std::uint32_t refused = 0;
    friend bool operator==(const DhtPutReply&, const DhtPutReply&) = default;
};

struct DhtLookupReply {
    std::string target;
    bool has_record = false;  ///< The node's own, signed by it.
    std::vector<std::string> addresses;
    std::optional<std::uint64_t> seq;
    std::vector<DhtNodeReply> nearest;
    std::uint32_t queries = 0;
    std::uint32_t hops = 0;
    friend bool operator==(const DhtLookupReply&, const DhtLookupReply&) = default;
};

struct DhtAnnounceReply {
    std::string info_hash;
    std::uint32_t accepted = 0;  ///< Nodes that stored it.
    std::uint32_t refused = 0;
    friend bool operator==(const DhtAnnounceReply&, const DhtAnnounceReply&) = default;
};

struct DhtPeersReply {
    std::string info_hash;
    std::vector<std::string> peers;  ///< Endpoints, as their owners announced them.
    std::uint32_t queries = 0;
    std::uint32_t hops = 0;
    friend bool operator==(const DhtPeersReply&, const DhtPeersReply&) = default;
};

}  // namespace qe::control
