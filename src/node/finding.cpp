// SPDX-License-Identifier: Apache-2.0
#include "node/finding.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "node/own_addresses.h"
#include "node/reports.h"

namespace qe::node {
namespace {

using control::FindReply;
using control::FoundReply;

constexpr std::size_t kIdPrefixMin = 4;

/// An address stands for the prefix that holds nothing else.
std::optional<net::Prefix> parse_wanted(const std::string& text) {
    if (const auto address = net::parse_ip_address(text)) {
        return net::Prefix::host(*address);
    }
    if (text.find('/') != std::string::npos) {
        if (const auto prefix = net::parse_prefix(text)) {
            return prefix->network();
        }
    }
    return std::nullopt;
}

bool is_called(const std::string& name, const crypto::NodeId& id, const std::string& text) {
    return (!name.empty() && name == text) ||
           (text.size() >= kIdPrefixMin && id.to_string().starts_with(text));
}

/// With a session it has told us all itself.
bool needs_dht(const FoundReply& found) {
    return found.relation != "this node" && found.state != "connected";
}

FoundReply stranger(const std::string& id) {
    FoundReply found;
    found.node_id = id;
    found.relation = "stranger";
    found.state = "idle";
    return found;
}

}  // namespace

FoundReply Finding::describe_self() const {
    FoundReply found;
    found.node_id = state_.id.to_string();
    found.name = state_.grants.own_name.empty() ? state_.config.node.name : state_.grants.own_name;
    found.relation = found.state = "this node";
    for (const net::Prefix& prefix : state_.own.overlay) {
        found.overlay_addresses.push_back(prefix.address().to_string());
    }
    for (const net::Prefix& subnet : state_.own.subnets) {
        found.subnets.push_back(subnet.to_string());
    }
    for (const net::SocketAddress& address : own_addresses(state_)) {
        found.endpoints.push_back(address.to_string());
    }
    return found;
}

FoundReply Finding::describe_peer(base::Instant now, const Peer& peer) const {
    control::PeerReply known = peer_report(now, state_, peer);
    FoundReply found;
    found.node_id = std::move(known.node_id);
    found.name = std::move(known.name);
    found.relation = state_.grants.peers.contains(peer.id) ? "member" : "peer";
    found.state = std::move(known.state);
    found.overlay_addresses = std::move(known.overlay_addresses);
    found.subnets = std::move(known.subnets);
    for (const net::Prefix& subnet : peer.entitlement.configured) {
        if (std::ranges::find(found.subnets, subnet.to_string()) == found.subnets.end()) {
            found.subnets.push_back(subnet.to_string());
        }
    }
    found.endpoints = std::move(known.endpoints);
    found.last_seen_us = known.last_seen_us;
    return found;
}

FindReply Finding::find_owners(base::Instant now, const net::Prefix& wanted) const {
    std::vector<RouteRow> rows = state_.routes.rows();
    std::erase_if(rows, [&wanted](const RouteRow& row) { return !row.prefix.overlaps(wanted); });
    std::ranges::stable_sort(rows, [](const RouteRow& a, const RouteRow& b) {
        return a.prefix.length() > b.prefix.length();
    });
    FindReply reply;
    for (const RouteRow& row : rows) {
        const Peer* const peer = row.local ? nullptr : state_.peers.get(row.peer);
        if (!row.local && peer == nullptr) {
            continue;
        }
        const std::string id = (row.local ? state_.id : peer->id).to_string();
        auto owner = std::ranges::find(reply.found, id, &FoundReply::node_id);
        if (owner == reply.found.end()) {
            reply.found.push_back(row.local ? describe_self() : describe_peer(now, *peer));
            owner = std::prev(reply.found.end());
        }
        const std::string match = row.prefix.to_string();
        if (std::ranges::find(owner->matches, match) == owner->matches.end()) {
            owner->matches.push_back(match);
        }
    }
    return reply;
}

FindReply Finding::find_nodes(base::Instant now, const std::string& text) const {
    FindReply reply;
    FoundReply self = describe_self();
    if (is_called(self.name, state_.id, text)) {
        reply.found.push_back(std::move(self));
    }
    state_.peers.for_each([&](PeerHandle, const Peer& peer) {
        if (is_called(peer.shown_name(), peer.id, text)) {
            reply.found.push_back(describe_peer(now, peer));
        }
    });
    return reply;
}

std::optional<control::Reply> Finding::handle(base::Instant now, RequestId id,
                                              const control::FindRequest& request) {
    if (const auto wanted = parse_wanted(request.what)) {
        FindReply owners = find_owners(now, *wanted);
        if (owners.found.empty()) {
            return control::ErrorReply{control::ErrorKind::UnknownPeer,
                                       fmt::format("nobody owns {}", wanted->to_string())};
        }
        return owners;
    }
    FindReply nodes = find_nodes(now, request.what);
    const bool is_id = crypto::parse_node_id(request.what).has_value();
    if (nodes.found.empty() && is_id && state_.seeks) {
        nodes.found.push_back(stranger(request.what));
    }
    if (nodes.found.empty()) {
        return control::ErrorReply{control::ErrorKind::UnknownPeer,
                                   fmt::format("nobody here is called \"{}\"{}", request.what,
                                               is_id ? ", and there is no DHT to ask" : "")};
    }
    if (nodes.found.size() > 1 || !needs_dht(nodes.found.front()) || !state_.seeks ||
        waiting_.size() >= kFindsWaitingMax) {
        return nodes;
    }
    const control::DhtLookupRequest lookup{nodes.found.front().node_id};
    if (discovery_.handle_request(now, id, lookup)) {
        return nodes;  // it cannot be asked now
    }
    waiting_.emplace(id, std::move(nodes));
    return std::nullopt;
}

void Finding::complete(ControlReply& reply) {
    auto waiting = waiting_.extract(reply.id);
    if (waiting.empty()) {
        return;
    }
    FindReply found = std::move(waiting.mapped());
    FoundReply& node = found.found.front();
    const auto* const record = std::get_if<control::DhtLookupReply>(&reply.reply);
    if (record != nullptr && record->has_record) {
        for (const std::string& address : record->addresses) {
            if (std::ranges::find(node.endpoints, address) == node.endpoints.end()) {
                node.endpoints.push_back(address);
            }
        }
        // Records are numbered by the time they were made at.
        const auto made = static_cast<std::int64_t>(record->seq.value_or(0));
        node.published_s =
            static_cast<std::uint64_t>(std::max<std::int64_t>(state_.wall_now.seconds - made, 0));
    } else if (node.relation == "stranger") {
        reply.reply = control::ErrorReply{control::ErrorKind::UnknownPeer,
                                          "nobody here has this node id, nor has the DHT a record"};
        return;
    }
    reply.reply = std::move(found);
}

}  // namespace qe::node
