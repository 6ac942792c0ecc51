// SPDX-License-Identifier: Apache-2.0
#include "node/links/dialer.h"

#include <algorithm>
#include <utility>

#include "node/own_addresses.h"

namespace qe::node {
namespace {

/// True when every link of the session is void: its local address left the host.
bool all_links_void(const NodeState& state, const Peer& peer) {
    return peer.session && !peer.session->links.empty() &&
           std::none_of(
               peer.session->links.begin(), peer.session->links.end(),
               [&state](const Link& link) { return state.view.has_address(link.flow.local.ip); });
}

bool has_candidates(const Peer& peer) {
    return !peer.endpoints.empty() || !peer.learnt.empty() || !peer.nearby.empty();
}

void add_unique(std::vector<net::SocketAddress>& list, const net::SocketAddress& address) {
    if (std::find(list.begin(), list.end(), address) == list.end()) {
        list.push_back(address);
    }
}

}  // namespace

bool Dialer::wanted(const Peer& peer) const {
    if (state_.shutting_down || !peer.is_wanted()) {
        return false;
    }
    return !peer.connected() || all_links_void(state_, peer);
}

void Dialer::start(base::Instant at, PeerHandle handle) {
    if (Peer* peer = state_.peers.get(handle); peer != nullptr && wanted(*peer)) {
        peer->dial.backoff.reset();
        peer->dial.round.clear();
        peer->dial.next_at = at;
        state_.look_at(handle, at);
    }
}

void Dialer::abandon_void_attempts(base::Instant now, Peer& peer) {
    std::erase_if(peer.dial.attempts, [&](const DialAttempt& attempt) {
        if (state_.view.has_address(attempt.flow.local.ip)) {
            return false;
        }
        state_.endpoint->close(now, attempt.connection,
                               static_cast<std::uint64_t>(CloseCode::Duplicate), "moved");
        state_.peers.forget(attempt.connection);
        return true;
    });
}

base::Instant Dialer::handle_deadline(base::Instant now, PeerHandle handle) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !wanted(*peer)) {
        return base::Instant::never();
    }
    DialState& dial = peer->dial;
    if (now < dial.next_at) {
        return dial.next_at;
    }
    if (dial.round.empty() && !peer->connecting()) {
        begin_round(now, *peer);
    }
    while (!dial.round.empty() && dial.attempts.size() < kParallelDials) {
        const net::SocketAddress remote = dial.round.front();
        dial.round.erase(dial.round.begin());
        const std::size_t before = dial.attempts.size();
        this->dial(now, handle, *peer, remote);
        if (dial.attempts.size() > before) {
            break;  // give this one a head start
        }
    }
    if (!dial.round.empty()) {
        dial.next_at = now + kDialStagger;
    } else if (state_.seeks && !peer->connecting() && !has_candidates(*peer)) {
        dial.next_at = base::Instant::never();  // until somebody says where it is
        state_.seek(handle, now);
    } else {
        // With handshakes under way their failure decides; else this round has failed.
        dial.next_at =
            peer->connecting() ? base::Instant::never() : now + dial.backoff.next(state_.rng);
        if (!peer->connecting()) {
            on_failed_round(*peer);
            state_.seek(handle, now);
        }
    }
    return dial.next_at;
}

void Dialer::on_failed_round(Peer& peer) {
    if (!std::exchange(peer.demand.away, true) && peer.demand.kept) {
        state_.members_changed = true;
    }
}

void Dialer::begin_round(base::Instant now, Peer& peer) {
    std::vector<net::SocketAddress> candidates = peer.nearby;
    for (const config::HostPort& endpoint : peer.endpoints) {
        add_endpoint(now, endpoint, candidates);
    }
    for (const net::SocketAddress& address : peer.learnt) {
        add_unique(candidates, address);
    }
    peer.dial.round = std::move(candidates);
}

void Dialer::add_endpoint(base::Instant now, const config::HostPort& endpoint,
                          std::vector<net::SocketAddress>& candidates) {
    if (const auto literal = net::parse_ip_address(endpoint.host)) {
        add_unique(candidates, {*literal, endpoint.port, 0});
        return;
    }
    const auto known = names_.find(endpoint.host);
    if (known == names_.end() && names_.size() >= kNamesMax) {
        return;
    }
    Name& name = names_[endpoint.host];
    for (const net::IpAddress& address : name.addresses) {
        add_unique(candidates, {address, endpoint.port, 0});
    }
    const bool stale =
        known == names_.end() || now - name.asked_at >= kNameLifetime || name.addresses.empty();
    if (stale && !name.pending) {
        name.pending = true;
        name.asked_at = now;
        to_resolve_.push_back(endpoint.host);
    }
}

void Dialer::dial(base::Instant now, PeerHandle handle, Peer& peer,
                  const net::SocketAddress& remote) {
    const std::uint16_t port = state_.config.discovery.dht_port;
    const auto source = choose_source(state_.view, remote);
    if (!source) {
        peer.last_error = "no route to " + remote.to_string();
        return;
    }
    if (*source == remote.ip && port == remote.port) {
        peer.last_error = remote.to_string() + " is this host itself";
        return;
    }
    static_cast<void>(
        this->dial(now, handle, {.local = {*source, port, remote.scope}, .remote = remote}));
}

std::optional<quic::ConnectionHandle> Dialer::dial(base::Instant now, PeerHandle handle,
                                                   const net::FlowAddresses& flow) {
    Peer& peer = *state_.peers.get(handle);
    quic::ConnectRequest request;
    request.flow = flow;
    request.expected = peer.id;
    request.resumption = peer.resumption ? &*peer.resumption : nullptr;
    const auto connection = state_.endpoint->connect(now, request);
    if (!connection) {
        peer.last_error = connection.error().text;
        return std::nullopt;
    }
    ++peer.dial.dials;
    const bool supersedes =
        peer.session && (peer.session->unreachable || all_links_void(state_, peer));
    peer.dial.attempts.push_back({*connection, request.flow, supersedes, peer.dial.dials});
    state_.peers.bind(*connection, handle);
    return *connection;
}

void Dialer::handle_failure(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection,
                            std::string why) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return;
    }
    std::erase_if(peer->dial.attempts,
                  [connection](const DialAttempt& a) { return a.connection == connection; });
    peer->last_error = std::move(why);
    if (!peer->connecting() && peer->dial.round.empty() && wanted(*peer)) {
        peer->dial.next_at = now + peer->dial.backoff.next(state_.rng);
        state_.look_at(handle, peer->dial.next_at);
        on_failed_round(*peer);
        state_.seek(handle, now);
    }
}

std::optional<DialAttempt> Dialer::take_attempt(PeerHandle handle,
                                                quic::ConnectionHandle connection) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return std::nullopt;
    }
    const auto it =
        std::find_if(peer->dial.attempts.begin(), peer->dial.attempts.end(),
                     [connection](const DialAttempt& a) { return a.connection == connection; });
    if (it == peer->dial.attempts.end()) {
        return std::nullopt;
    }
    const DialAttempt attempt = *it;
    peer->dial.attempts.erase(it);
    return attempt;
}

void Dialer::handle_success(PeerHandle handle) {
    if (Peer* peer = state_.peers.get(handle)) {
        // Handshakes still under way are not cut short: the other end may hold one of them to be
        // the link to keep (choose_link); the losers retire.
        peer->dial.backoff.reset();
        peer->dial.round.clear();
        peer->dial.next_at = base::Instant::never();
        if (std::exchange(peer->demand.away, false)) {
            state_.members_changed = true;
        }
        peer->search = {.running = peer->search.running};
        state_.searches.clear(handle);
    }
}

void Dialer::handle_resolved(base::Instant now, const std::string& host,
                             std::vector<net::IpAddress> addresses) {
    const auto it = names_.find(host);
    if (it == names_.end()) {
        return;
    }
    it->second.pending = false;
    const bool news = !addresses.empty() && addresses != it->second.addresses;
    if (!addresses.empty()) {
        it->second.addresses = std::move(addresses);
    }
    if (!news) {
        return;
    }
    for (const PeerHandle handle : state_.peers.handles()) {
        const Peer* peer = state_.peers.get(handle);
        const bool named = std::any_of(peer->endpoints.begin(), peer->endpoints.end(),
                                       [&host](const auto& e) { return e.host == host; });
        if (named && peer->dial.attempts.empty()) {
            start(now, handle);
        }
    }
}

void Dialer::learn(base::Instant now, PeerHandle handle,
                   std::span<const net::SocketAddress> addresses) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return;
    }
    std::vector<net::SocketAddress> merged;
    for (const net::SocketAddress& address : addresses) {
        if (!is_own_endpoint(state_, address)) {
            add_unique(merged, address);
        }
    }
    for (const net::SocketAddress& address : peer->learnt) {
        add_unique(merged, address);
    }
    merged.resize(std::min(merged.size(), kLearntMax));
    if (merged == peer->learnt) {
        return;
    }
    const std::vector<net::SocketAddress> before = std::exchange(peer->learnt, std::move(merged));
    state_.learnt_changed = true;
    std::vector<net::SocketAddress> news;
    for (const net::SocketAddress& address : peer->learnt) {
        if (std::find(before.begin(), before.end(), address) == before.end()) {
            news.push_back(address);
        }
    }
    if (!news.empty() && std::exchange(peer->demand.away, false)) {
        state_.members_changed = true;
    }
    dial_news(now, handle, std::move(news));
}

void Dialer::dial_news(base::Instant now, PeerHandle handle, std::vector<net::SocketAddress> news) {
    Peer& peer = *state_.peers.get(handle);
    if (!peer.connecting()) {
        start(now, handle);
    } else if (wanted(peer) && !news.empty()) {
        // Beside handshakes that may be with nobody, and would be waited for.
        peer.dial.round = std::move(news);
        peer.dial.next_at = now;
        state_.look_at(handle, now);
    }
}

void Dialer::hear_nearby(base::Instant now, PeerHandle handle, const net::SocketAddress& address) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return;
    }
    const bool known =
        std::find(peer->nearby.begin(), peer->nearby.end(), address) != peer->nearby.end();
    if (!known) {
        std::erase_if(peer->nearby, [&address](const net::SocketAddress& other) {
            return other.ip.family() == address.ip.family();
        });
        peer->nearby.push_back(address);
    }
    dial_news(now, handle, known ? std::vector<net::SocketAddress>{} : peer->nearby);
}

std::optional<std::string> Dialer::poll_name() {
    if (to_resolve_.empty()) {
        return std::nullopt;
    }
    std::optional<std::string> name(std::move(to_resolve_.front()));
    to_resolve_.pop_front();
    return name;
}

}  // namespace qe::node
