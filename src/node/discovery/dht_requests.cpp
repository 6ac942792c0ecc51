// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/dht_requests.h"

#include <algorithm>

#include <fmt/format.h>

#include "node/discovery/dht_report.h"
#include "quicether/dht/bencode_writer.h"

namespace qe::node {
namespace {

using control::ErrorKind;
using control::ErrorReply;

constexpr const char* kNoInfoHash = "the info-hash does not have 40 hexadecimal digits";

ErrorReply bad(std::string sentence) { return {ErrorKind::BadRequest, std::move(sentence)}; }

base::Bytes bencoded(std::string_view text) {
    base::Bytes value(text.size() + 8);
    dht::BencodeWriter out(value);
    out.string(text);
    value.resize(out.size());
    return value;
}

}  // namespace

bool is_dht_request(const control::Request& request) noexcept {
    return std::holds_alternative<control::DhtStatusRequest>(request) ||
           std::holds_alternative<control::DhtNodesRequest>(request) ||
           std::holds_alternative<control::DhtGetRequest>(request) ||
           std::holds_alternative<control::DhtPutRequest>(request) ||
           std::holds_alternative<control::DhtLookupRequest>(request) ||
           std::holds_alternative<control::DhtAnnounceRequest>(request) ||
           std::holds_alternative<control::DhtPeersRequest>(request);
}

std::optional<control::Reply> DhtRequests::start(base::Instant now, dht::Dht& dht, RequestId id,
                                                 const control::Request& request) {
    if (waiting_.size() >= kDhtRequestsMax) {
        return ErrorReply{ErrorKind::Failed, "too many DHT requests wait; try again soon"};
    }
    if (const auto* get_request = std::get_if<control::DhtGetRequest>(&request)) {
        return get(now, dht, id, *get_request);
    }
    if (const auto* put_request = std::get_if<control::DhtPutRequest>(&request)) {
        return put(now, dht, id, *put_request);
    }
    if (const auto* lookup_request = std::get_if<control::DhtLookupRequest>(&request)) {
        return lookup(now, dht, id, *lookup_request);
    }
    if (const auto* announce_request = std::get_if<control::DhtAnnounceRequest>(&request)) {
        return announce(now, dht, id, *announce_request);
    }
    if (const auto* peers_request = std::get_if<control::DhtPeersRequest>(&request)) {
        return peers(now, dht, id, *peers_request);
    }
    return bad("not a request for the DHT");
}

std::optional<control::Reply> DhtRequests::get(base::Instant now, dht::Dht& dht, RequestId id,
                                               const control::DhtGetRequest& request) {
    if (request.salt.size() > dht::kItemSaltBytesMax) {
        return bad("the salt is longer than 64 bytes; use a shorter one");
    }
    if (const auto key = crypto::parse_public_key(request.target)) {
        return wait(dht.get_mutable(now, *key, base::as_bytes(request.salt)), {id, What::Item, {}});
    }
    const auto target = crypto::parse_node_id(request.target);
    if (!target) {
        return bad("the target is neither 40 hexadecimal digits nor a public key of 64");
    }
    if (!request.salt.empty()) {
        return bad("a salt goes with a public key of 64 digits, not with a target of 40");
    }
    return wait(dht.get_immutable(now, *target), {id, What::Item, {}});
}

std::optional<control::Reply> DhtRequests::put(base::Instant now, dht::Dht& dht, RequestId id,
                                               const control::DhtPutRequest& request) {
    const base::Bytes value = bencoded(request.text);
    if (value.size() > dht::kItemValueBytesMax) {
        return bad("the text is longer than 996 bytes; an item of the DHT holds no more");
    }
    if (!request.is_mutable) {
        if (!request.salt.empty()) {
            return bad("a salt goes with a mutable item only; add --mutable");
        }
        const auto item = dht::make_immutable_item(value);
        return item ? wait(dht.put(now, *item, dht::Keep::Once), {id, What::Item, {}})
                    : std::optional<control::Reply>(bad(std::string(item.error().text)));
    }
    if (request.salt.empty()) {
        return bad("a mutable item needs a --salt: without one lies this node's own record");
    }
    if (request.salt.size() > dht::kItemSaltBytesMax) {
        return bad("the salt is longer than 64 bytes; use a shorter one");
    }
    const std::int64_t seq = publisher_.next_number();
    const auto item =
        dht::make_mutable_item(state_.identity, base::as_bytes(request.salt), seq, value);
    return item ? wait(dht.put(now, *item, dht::Keep::Once), {id, What::Item, seq})
                : std::optional<control::Reply>(bad(std::string(item.error().text)));
}

std::optional<control::Reply> DhtRequests::lookup(base::Instant now, dht::Dht& dht, RequestId id,
                                                  const control::DhtLookupRequest& request) {
    if (const auto key = crypto::parse_public_key(request.node)) {
        return wait(dht.get_mutable(now, *key, {}), {id, What::Node, {}});
    }
    if (const auto node = crypto::parse_node_id(request.node)) {
        return wait(dht.get_immutable(now, *node), {id, What::Node, {}});
    }
    const auto found = state_.peers.find(request.node);
    if (const auto* failure = std::get_if<FindFailure>(&found)) {
        return *failure == FindFailure::Ambiguous
                   ? ErrorReply{ErrorKind::AmbiguousPeer,
                                "several peers are called so; use more of the node id"}
                   : ErrorReply{ErrorKind::UnknownPeer,
                                "no peer is called so; use its whole node id of 40 digits"};
    }
    const Peer& peer = *state_.peers.get(std::get<PeerHandle>(found));
    return wait(dht.get_immutable(now, peer.id), {id, What::Node, {}});
}

std::optional<control::Reply> DhtRequests::announce(base::Instant now, dht::Dht& dht, RequestId id,
                                                    const control::DhtAnnounceRequest& request) {
    const auto info_hash = crypto::parse_node_id(request.info_hash);
    if (!info_hash) {
        return bad(kNoInfoHash);
    }
    if (request.port > UINT16_MAX) {
        return bad("the port is larger than 65535");
    }
    const auto port = static_cast<std::uint16_t>(request.port);
    return wait(dht.announce(now, *info_hash, port, dht::Keep::Once), {id, What::Announcement, {}});
}

std::optional<control::Reply> DhtRequests::peers(base::Instant now, dht::Dht& dht, RequestId id,
                                                 const control::DhtPeersRequest& request) {
    const auto info_hash = crypto::parse_node_id(request.info_hash);
    if (!info_hash) {
        return bad(kNoInfoHash);
    }
    return wait(dht.get_peers(now, *info_hash), {id, What::Peers, {}});
}

std::optional<control::Reply> DhtRequests::wait(const Started& started, Waiting waiting) {
    if (!started) {
        return ErrorReply{ErrorKind::Failed, std::string(started.error().text)};
    }
    waiting_.emplace(*started, waiting);
    return std::nullopt;
}

std::optional<DhtRequests::Waiting> DhtRequests::take(dht::OperationId operation) {
    const auto place = waiting_.find(operation);
    if (place == waiting_.end()) {
        return std::nullopt;
    }
    const Waiting waiting = place->second;
    waiting_.erase(place);
    return waiting;
}

std::optional<ControlReply> DhtRequests::handle_finished(const dht::LookupFinished& finished) {
    const auto waiting = take(finished.operation);
    if (!waiting) {
        return std::nullopt;
    }
    if (waiting->what == What::Node) {
        return ControlReply{waiting->id, lookup_report(finished, state_.network)};
    }
    if (waiting->what == What::Peers) {
        return ControlReply{waiting->id, peers_report(finished)};
    }
    return ControlReply{waiting->id, get_report(finished)};
}

std::optional<ControlReply> DhtRequests::handle_finished(const dht::StoreFinished& finished) {
    const auto waiting = take(finished.operation);
    if (!waiting) {
        return std::nullopt;
    }
    if (waiting->what == What::Announcement) {
        return ControlReply{
            waiting->id, control::DhtAnnounceReply{finished.target.to_string(), finished.accepted,
                                                   finished.refused}};
    }
    control::DhtPutReply reply;
    reply.target = finished.target.to_string();
    reply.is_mutable = waiting->seq.has_value();
    if (waiting->seq) {
        reply.seq = static_cast<std::uint64_t>(*waiting->seq);
    }
    reply.accepted = finished.accepted;
    reply.refused = finished.refused;
    return ControlReply{waiting->id, std::move(reply)};
}

std::optional<ControlReply> DhtRequests::poll_abandoned() {
    if (waiting_.empty()) {
        return std::nullopt;
    }
    const RequestId id = waiting_.begin()->second.id;
    waiting_.erase(waiting_.begin());
    return ControlReply{id, ErrorReply{ErrorKind::Failed, "the DHT has changed; try again"}};
}

}  // namespace qe::node
