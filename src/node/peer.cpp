// SPDX-License-Identifier: Apache-2.0
#include "node/peer.h"

#include <algorithm>

namespace qe::node {
namespace {

constexpr std::size_t kIdPrefixMin = 4;

bool owns_address(const Peer& peer, const net::IpAddress& address) {
    const auto is_it = [&address](const net::Prefix& p) {
        return p.is_host() && p.address() == address;
    };
    return std::any_of(peer.accepted.begin(), peer.accepted.end(), is_it) ||
           std::any_of(peer.entitlement.derived.begin(), peer.entitlement.derived.end(), is_it);
}

bool matches(const Peer& peer, std::string_view text,
             const std::optional<net::IpAddress>& address) {
    if (peer.shown_name() == text) {
        return true;
    }
    if (address) {
        return owns_address(peer, *address);
    }
    return text.size() >= kIdPrefixMin && peer.id.to_string().starts_with(text);
}

}  // namespace

PeerHandle PeerTable::insert(Peer peer) {
    ++generation_;
    const crypto::NodeId id = peer.id;
    const PeerHandle handle = peers_.emplace(std::move(peer));
    by_id_[id] = handle;
    return handle;
}

void PeerTable::erase(PeerHandle handle) {
    if (const Peer* peer = peers_.find(handle)) {
        ++generation_;
        by_id_.erase(peer->id);
        std::erase_if(by_connection_, [handle](const auto& e) { return e.second == handle; });
        peers_.erase(handle);
    }
}

PeerHandle PeerTable::find(const crypto::NodeId& id) const noexcept {
    const auto it = by_id_.find(id);
    return it == by_id_.end() ? PeerHandle{} : it->second;
}

PeerHandle PeerTable::find(quic::ConnectionHandle connection) const noexcept {
    const auto it = by_connection_.find(connection);
    return it == by_connection_.end() ? PeerHandle{} : it->second;
}

std::variant<PeerHandle, FindFailure> PeerTable::find(std::string_view text) const {
    std::optional<net::IpAddress> address;
    if (const auto parsed = net::parse_ip_address(text)) {
        address = *parsed;
    }
    PeerHandle found;
    std::size_t hits = 0;
    bool by_name = false;
    peers_.for_each([&](PeerHandle handle, const Peer& peer) {
        const bool name_hit = peer.shown_name() == text;
        if (by_name || !matches(peer, text, address)) {
            return;  // an exact name wins over id prefixes
        }
        hits = name_hit ? 1 : hits + 1;
        by_name = name_hit;
        found = handle;
    });
    if (hits == 1) {
        return found;
    }
    return hits == 0 ? FindFailure::Unknown : FindFailure::Ambiguous;
}

void PeerTable::bind(quic::ConnectionHandle connection, PeerHandle handle) {
    by_connection_[connection] = handle;
}

void PeerTable::forget(quic::ConnectionHandle connection) { by_connection_.erase(connection); }

std::vector<PeerHandle> PeerTable::handles() const {
    std::vector<PeerHandle> all;
    all.reserve(peers_.size());
    peers_.for_each([&all](PeerHandle handle, const Peer&) { all.push_back(handle); });
    return all;
}

}  // namespace qe::node
