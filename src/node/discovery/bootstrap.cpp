// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/bootstrap.h"

#include <algorithm>

#include "node/own_addresses.h"

namespace qe::node {

void Bootstrap::begin_anew(base::Instant now) {
    flush_at_ = now;
    flush_pause_ = kBootstrapPauseFirst;
    names_pause_ = kNamePauseFirst;
    // Configured ones last, hence never pushed out by remembered ones.
    state_.peers.for_each([&](PeerHandle, const Peer& peer) {
        for (const net::SocketAddress& address : peer.learnt) {
            add(now, address);
        }
    });
    for (const config::HostPort& node : state_.config.discovery.bootstrap_nodes) {
        if (const auto literal = net::parse_ip_address(node.host)) {
            add(now, {*literal, node.port, 0});
        }
    }
    ask_names();
    names_at_ = to_resolve_.empty() ? base::Instant::never() : now + names_pause_;
}

void Bootstrap::ask_names() {
    for (const config::HostPort& node : state_.config.discovery.bootstrap_nodes) {
        const bool waits =
            std::find(to_resolve_.begin(), to_resolve_.end(), node.host) != to_resolve_.end();
        if (!waits && !net::parse_ip_address(node.host)) {
            to_resolve_.push_back(node.host);
        }
    }
}

void Bootstrap::add(base::Instant now, const net::SocketAddress& endpoint) {
    const bool waits = std::find(waiting_.begin(), waiting_.end(), endpoint) != waiting_.end();
    if (waits || endpoint.port == 0 || endpoint.ip.is_link_local() ||
        is_own_endpoint(state_, endpoint)) {
        return;  // link-local endpoints have no meaning in others' tables
    }
    if (waiting_.size() == kBootstrapEndpointsMax) {
        waiting_.erase(waiting_.begin());
    }
    if (waiting_.empty()) {
        flush_at_ = std::max(flush_at_, now);
    }
    waiting_.push_back(endpoint);
}

void Bootstrap::handle_resolved(base::Instant now, const std::string& host,
                                const std::vector<net::IpAddress>& addresses) {
    for (const config::HostPort& node : state_.config.discovery.bootstrap_nodes) {
        if (node.host == host) {
            for (const net::IpAddress& address : addresses) {
                add(now, {address, node.port, 0});
            }
        }
    }
    flush_at_ = std::min(flush_at_, now);
}

void Bootstrap::handle_deadline(base::Instant now, dht::Dht& dht, std::size_t contacts) {
    if (!waiting_.empty() && flush_at_ <= now) {
        dht.bootstrap(now, waiting_);
        waiting_.clear();
        flush_pause_ = contacts > 0 ? kBootstrapPauseFirst : flush_pause_;
        flush_at_ = now + flush_pause_;
        flush_pause_ = std::min(flush_pause_ * 2, kBootstrapPauseMax);
    }
    if (contacts == 0 && names_at_ <= now) {
        ask_names();
        names_pause_ = std::min(names_pause_ * 2, kNamePauseMax);
        names_at_ = now + names_pause_;
    }
}

base::Instant Bootstrap::next_deadline(std::size_t contacts) const noexcept {
    const base::Instant flush = waiting_.empty() ? base::Instant::never() : flush_at_;
    return std::min(flush, contacts == 0 ? names_at_ : base::Instant::never());
}

std::optional<std::string> Bootstrap::poll_name() {
    if (to_resolve_.empty()) {
        return std::nullopt;
    }
    std::optional<std::string> name(std::move(to_resolve_.front()));
    to_resolve_.pop_front();
    return name;
}

}  // namespace qe::node
