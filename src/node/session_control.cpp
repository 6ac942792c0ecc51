// SPDX-License-Identifier: Apache-2.0
#include "node/session_control.h"

#include <algorithm>
#include <utility>

#include "node/close_text.h"
#include "node/control_stream.h"

namespace qe::node {
namespace {

constexpr std::size_t kEchoesMax = 256;
constexpr std::uint64_t kStreamRefused = 1;

}  // namespace

void SessionControl::handle_event(base::Instant now, quic::Event event) {
    std::visit([this, now](auto& e) { on_event(now, e); }, event);
}

// --- Links come and go -------------------------------------------------------------------------

void SessionControl::on_event(base::Instant now, const quic::Connected& event) {
    const PeerHandle handle = state_.peers.find(event.node_id);
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || state_.shutting_down) {
        state_.endpoint->close(now, event.connection,
                               static_cast<std::uint64_t>(CloseCode::NotTrusted), "not a peer");
        return;
    }
    state_.peers.bind(event.connection, handle);
    peer->key = event.key;
    const auto attempt = dialer_.take_attempt(handle, event.connection);
    if (!peer->session) {
        peer->session.emplace();
        peer->session->id = state_.rng.u64();
        peer->session->started_at = now;
        peer->session->fragmenter =
            overlay::Fragmenter(static_cast<std::uint32_t>(state_.rng.u64()));
    }
    if (peer->session->links.size() >= kLinksMax) {
        drop_link(now, handle, peer->session->links.front().connection, CloseCode::Duplicate,
                  "too many links");
    }
    Link link;
    link.connection = event.connection;
    link.role = event.role;
    link.flow = event.flow;
    link.established_at = now;
    link.supersedes = attempt && attempt->supersedes;
    peer->session->links.push_back(std::move(link));
    on_link_up(now, handle, *peer, peer->session->links.back());
}

void SessionControl::on_link_up(base::Instant now, PeerHandle handle, Peer& peer, Link& link) {
    ++counters_.links_established;
    peer.session_ends = base::Instant::never();
    if (link.role == quic::Role::Client) {
        if (const auto stream = state_.endpoint->open_stream(link.connection)) {
            link.control_stream = *stream;
            say_hello(state_, link, link.supersedes);
        }
    }
    // A TLS 1.3 client is done before the server has judged its certificate: only the peer's Hello
    // says that it takes us. Until then the link carries no packets.
    state_.look_at(handle, now + kHelloTimeout);
}

void SessionControl::activate(base::Instant now, PeerHandle handle, Peer& peer, Link& link) {
    const bool was_connected = peer.connected();
    peer.session->active = link.connection;
    peer.session->unreachable = false;
    state_.routes.set_reachable(handle, true);
    if (!was_connected) {
        state_.log.info("connected to {} at {} ({})", describe(peer), link.flow.remote.to_string(),
                        link.role == quic::Role::Client ? "dialled" : "accepted");
    }
    state_.look_at(handle, now + kSilenceMax);
}

void SessionControl::on_event(base::Instant now, const quic::Closed& event) {
    const PeerHandle handle = state_.peers.find(event.connection);
    state_.peers.forget(event.connection);
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        on_refused(now, event);
        return;
    }
    if (peer->session && peer->session->find(event.connection) != nullptr) {
        on_link_lost(now, handle, *peer, event);
        return;
    }
    const std::string why = close_text(event);
    if (event.cause == quic::CloseCause::PeerRefused || event.cause == quic::CloseCause::TlsAlert) {
        counters_.strangers_refused += event.cause == quic::CloseCause::PeerRefused ? 1U : 0U;
        if (const auto held_back = peer->link_log.admit(now)) {
            state_.log.warn("{} at {}: {}{}", describe(*peer), event.flow.remote.to_string(), why,
                            held_back_text(*held_back));
        }
    }
    dialer_.handle_failure(now, handle, event.connection, why);
}

void SessionControl::on_refused(base::Instant now, const quic::Closed& event) {
    if (event.cause != quic::CloseCause::PeerRefused) {
        return;
    }
    ++counters_.strangers_refused;
    if (const auto held_back = stranger_log_.admit(now)) {
        const std::string who =
            event.key ? crypto::node_id_of(*event.key).to_string() : std::string("unknown node");
        state_.log.warn("refused {} from {}: {}{}", who, event.flow.remote.to_string(),
                        close_text(event), held_back_text(*held_back));
    }
}

void SessionControl::on_link_lost(base::Instant now, PeerHandle handle, Peer& peer,
                                  const quic::Closed& event) {
    const bool was_active = peer.session->active == event.connection;
    const bool was_welcome = peer.session->find(event.connection)->hello.has_value();
    peer.session->erase(event.connection);
    if (!was_welcome) {
        on_unwelcome(now, handle, peer, event);
    }
    if (!was_active) {
        return;
    }
    ++counters_.links_lost;
    for (Link& link : peer.session->links) {
        if (link.hello && !link.retired()) {
            activate(now, handle, peer, link);
            return;
        }
    }
    peer.last_error = close_text(event);
    state_.log.info("lost {}: {}", describe(peer), peer.last_error);
    state_.routes.set_reachable(handle, false);
    const bool left = event.cause == quic::CloseCause::PeerClosed &&
                      event.peer_code == static_cast<std::uint64_t>(CloseCode::Shutdown);
    peer.session_ends = left ? now : now + kSessionLinger;
    state_.look_at(handle, peer.session_ends);
    // After a farewell, and after a link that we closed on the peer, there is no hurry.
    const bool wait = left || event.cause == quic::CloseCause::LocalError;
    dialer_.start(wait ? now + kBackoffFirst : now, handle);
}

/// A link ended before the peer's Hello: to us it is a dial that failed.
void SessionControl::on_unwelcome(base::Instant now, PeerHandle handle, Peer& peer,
                                  const quic::Closed& event) {
    const std::string why = close_text(event);
    if (const auto held_back = peer.link_log.admit(now)) {
        state_.log.warn("{} at {}: {}{}", describe(peer), event.flow.remote.to_string(), why,
                        held_back_text(*held_back));
    }
    if (peer.session->links.empty()) {
        if (peer.session->peer_instance == 0) {
            peer.session.reset();
        } else {
            peer.session_ends = now + kSessionLinger;
            state_.look_at(handle, peer.session_ends);
        }
    }
    dialer_.handle_failure(now, handle, event.connection, why);
}

void SessionControl::drop_link(base::Instant now, PeerHandle handle,
                               quic::ConnectionHandle connection, CloseCode code,
                               std::string_view reason) {
    state_.endpoint->close(now, connection, static_cast<std::uint64_t>(code), reason);
    state_.peers.forget(connection);
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->session || peer->session->find(connection) == nullptr) {
        return;
    }
    quic::Closed closed;
    closed.connection = connection;
    closed.cause = quic::CloseCause::LocalError;
    closed.flow = peer->session->find(connection)->flow;
    closed.error = {base::ErrorCode::kProtocolViolation, 0, "closed by us"};
    on_link_lost(now, handle, *peer, closed);
}

void SessionControl::end_session(base::Instant now, PeerHandle handle, CloseCode code,
                                 std::string_view reason) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return;
    }
    if (peer->session) {
        for (const Link& link : peer->session->links) {
            state_.endpoint->close(now, link.connection, static_cast<std::uint64_t>(code), reason);
            state_.peers.forget(link.connection);
        }
        peer->session.reset();
    }
    for (const DialAttempt& attempt : peer->dial.attempts) {
        state_.endpoint->close(now, attempt.connection, static_cast<std::uint64_t>(code), reason);
        state_.peers.forget(attempt.connection);
    }
    peer->dial.attempts.clear();
    peer->session_ends = base::Instant::never();
    state_.routes.set_reachable(handle, false);
}

// --- Smaller news ------------------------------------------------------------------------------

void SessionControl::on_event(base::Instant now, const quic::PathChanged& event) {
    Peer* peer = state_.peers.get(state_.peers.find(event.connection));
    Link* link = peer != nullptr && peer->session ? peer->session->find(event.connection) : nullptr;
    if (link == nullptr || link->flow == event.flow) {
        return;
    }
    link->flow = event.flow;
    ++peer->session->migrations;
    learn_underlay(*peer, event.flow.remote);
    if (const auto held_back = peer->link_log.admit(now)) {
        state_.log.info("path to {} moved to {} → {}{}", describe(*peer),
                        event.flow.local.to_string(), event.flow.remote.to_string(),
                        held_back_text(*held_back));
    }
}

void SessionControl::on_event(base::Instant, const quic::DatagramSizeChanged& event) {
    state_.log.debug("datagrams to {} may hold {} bytes now",
                     state_.peers.find(event.connection).index, event.bytes_max);
}

void SessionControl::on_event(base::Instant, quic::ResumptionReady& event) {
    if (Peer* peer = state_.peers.get(state_.peers.find(event.connection))) {
        peer->resumption = std::move(event.resumption);
    }
}

void SessionControl::learn_underlay(Peer& peer, const net::SocketAddress& address) {
    if (!peer.learnt.empty() && peer.learnt.front() == address) {
        return;
    }
    std::erase(peer.learnt, address);
    peer.learnt.insert(peer.learnt.begin(), address);
    peer.learnt.resize(std::min(peer.learnt.size(), kLearntMax));
    state_.learnt_changed = true;
}

// --- The control stream ------------------------------------------------------------------------

void SessionControl::on_event(base::Instant now, quic::StreamData& event) {
    const PeerHandle handle = state_.peers.find(event.connection);
    Peer* peer = state_.peers.get(handle);
    Link* link = peer != nullptr && peer->session ? peer->session->find(event.connection) : nullptr;
    if (link == nullptr) {
        return;
    }
    if (!link->control_stream && link->role == quic::Role::Server) {
        link->control_stream = event.stream;
    }
    if (link->control_stream != event.stream) {
        state_.endpoint->reset_stream(event.connection, event.stream, kStreamRefused);
        return;
    }
    if (!link->framer.handle_bytes(event.bytes)) {
        violation(now, handle, event.connection, "control stream overflow");
        return;
    }
    read_messages(now, handle, event.connection);
    link = peer->session ? peer->session->find(event.connection) : nullptr;
    if (link == nullptr || link->retired()) {
        return;
    }
    if (event.reset || event.fin) {
        violation(
            now, handle, event.connection,
            link->framer.bytes_held() > 0 ? "truncated control message" : "control stream ended");
    }
}

void SessionControl::read_messages(base::Instant now, PeerHandle handle,
                                   quic::ConnectionHandle connection) {
    for (;;) {
        Peer* peer = state_.peers.get(handle);
        Link* link = peer != nullptr && peer->session ? peer->session->find(connection) : nullptr;
        if (link == nullptr) {
            return;
        }
        const auto framed = link->framer.poll_message();
        if (!framed) {
            return violation(now, handle, connection, framed.error().text);
        }
        if (!*framed) {
            return;
        }
        auto message = parse_peer_message(**framed);
        if (!message) {
            return violation(now, handle, connection, message.error().text);
        }
        if (!on_message(now, handle, *link, std::move(*message))) {
            return violation(now, handle, connection, "message out of order");
        }
    }
}

bool SessionControl::on_message(base::Instant now, PeerHandle handle, Link& link,
                                PeerMessage message) {
    Peer& peer = *state_.peers.get(handle);
    if (auto* hello = std::get_if<Hello>(&message)) {
        if (link.hello) {
            return false;
        }
        on_hello(now, handle, peer, link, std::move(*hello));
        return true;
    }
    if (!link.hello) {
        return false;
    }
    if (const auto* update = std::get_if<ClaimsUpdate>(&message)) {
        link.hello->claims = update->claims;
        claims_.take(now, handle, update->claims);
    } else if (const auto* request = std::get_if<EchoRequest>(&message)) {
        write_message(*state_.endpoint, link, EchoReply{request->nonce});
    } else if (const auto* reply = std::get_if<EchoReply>(&message)) {
        if (echoes_.size() < kEchoesMax) {
            echoes_.push_back({handle, link.connection, reply->nonce});
        }
    }
    return true;
}

void SessionControl::on_hello(base::Instant now, PeerHandle handle, Peer& peer, Link& link,
                              Hello hello) {
    dialer_.handle_success(handle);
    learn_underlay(peer, link.flow.remote);
    peer.last_error.clear();
    peer.hello_name = hello.name;
    peer.hello_role = hello.role;
    for (const net::SocketAddress& address : hello.underlay) {
        if (address.port != 0 && peer.learnt.size() < kLearntMax &&
            std::find(peer.learnt.begin(), peer.learnt.end(), address) == peer.learnt.end()) {
            peer.learnt.push_back(address);
            state_.learnt_changed = true;
        }
    }
    const Claims claims = hello.claims;
    const quic::ConnectionHandle connection = link.connection;
    link.hello = std::move(hello);
    if (link.role == quic::Role::Server) {
        say_hello(state_, link, false);
    }
    settle(now, handle, peer, connection);
    claims_.take(now, handle, claims);
}

void SessionControl::settle(base::Instant now, PeerHandle handle, Peer& peer,
                            quic::ConnectionHandle newcomer) {
    Session& session = *peer.session;
    Link& fresh = *session.find(newcomer);
    const bool restarted =
        session.peer_instance != 0 && session.peer_instance != fresh.hello->instance;
    if (restarted) {
        session.reassembler = overlay::Reassembler();
    }
    session.peer_instance = fresh.hello->instance;
    quic::ConnectionHandle best = newcomer;
    for (Link& link : session.links) {
        if (link.connection == newcomer || link.retired()) {
            continue;
        }
        const LinkContest contest{link, fresh, state_.id < peer.id, restarted};
        if (choose_link(contest) == LinkChoice::KeepOld) {
            best = link.connection;
            retire(now, handle, fresh);
        } else {
            retire(now, handle, link);
        }
    }
    if (Link* winner = session.find(best); winner != nullptr && session.active != best) {
        activate(now, handle, peer, *winner);
    }
}

void SessionControl::retire(base::Instant now, PeerHandle handle, Link& link) {
    if (!link.retired()) {
        link.retire_at = now + kRetirement;
        state_.look_at(handle, link.retire_at);
    }
}

void SessionControl::violation(base::Instant now, PeerHandle handle,
                               quic::ConnectionHandle connection, std::string_view what) {
    ++counters_.protocol_violations;
    Peer& peer = *state_.peers.get(handle);
    if (const auto held_back = peer.link_log.admit(now)) {
        state_.log.warn("{} broke the protocol ({}): closing the link{}", describe(peer), what,
                        held_back_text(*held_back));
    }
    drop_link(now, handle, connection, CloseCode::ProtocolViolation, what);
}

void SessionControl::announce_claims() {
    const ClaimsUpdate update{state_.own_claims()};
    state_.peers.for_each([&](PeerHandle, Peer& peer) { send(peer, update); });
}

bool SessionControl::send(Peer& peer, const PeerMessage& message) {
    Link* link = peer.session ? peer.session->active_link() : nullptr;
    return link != nullptr && link->hello_sent && write_message(*state_.endpoint, *link, message);
}

// --- Time --------------------------------------------------------------------------------------

base::Instant SessionControl::handle_deadline(base::Instant now, PeerHandle handle) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->session) {
        return base::Instant::never();
    }
    std::vector<quic::ConnectionHandle> due;
    base::Instant next = base::Instant::never();
    for (const Link& link : peer->session->links) {
        const base::Instant ends =
            link.hello ? link.retire_at
                       : std::min(link.retire_at, link.established_at + kHelloTimeout);
        if (ends <= now) {
            due.push_back(link.connection);
        } else {
            next = std::min(next, ends);
        }
    }
    for (const quic::ConnectionHandle connection : due) {
        drop_link(now, handle, connection, CloseCode::Duplicate, "duplicate");
    }
    if (!peer->session) {
        return next;
    }
    if (peer->session_ends <= now) {
        peer->session.reset();
        peer->session_ends = base::Instant::never();
        return next;
    }
    peer->session->reassembler.handle_timeout(now);
    next = std::min({next, peer->session_ends, peer->session->reassembler.next_deadline()});
    const auto info = state_.endpoint->info(peer->session->active);
    if (!info) {
        return next;
    }
    const base::Instant silent_at = info->last_received_at + kSilenceMax;
    if (silent_at > now) {
        if (peer->session->unreachable) {
            Link& link = *peer->session->active_link();
            activate(now, handle, *peer, link);
        }
        return std::min(next, silent_at);
    }
    on_silence(now, handle, *peer);
    return std::min(next, now + base::milliseconds(500));
}

void SessionControl::on_silence(base::Instant now, PeerHandle handle, Peer& peer) {
    if (peer.session->unreachable) {
        return;
    }
    peer.session->unreachable = true;
    peer.last_error = "no answer for 4 s";
    state_.routes.set_reachable(handle, false);
    state_.log.warn("{} does not answer; dialling again", describe(peer));
    dialer_.start(now, handle);
}

std::optional<EchoArrival> SessionControl::poll_echo() {
    if (echoes_.empty()) {
        return std::nullopt;
    }
    const EchoArrival echo = echoes_.front();
    echoes_.erase(echoes_.begin());
    return echo;
}

}  // namespace qe::node
