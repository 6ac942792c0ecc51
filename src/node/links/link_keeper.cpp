// SPDX-License-Identifier: Apache-2.0
#include "node/links/link_keeper.h"

#include <algorithm>
#include <utility>

#include "node/links/close_text.h"

namespace qe::node {
namespace {

/// Whether a link that is heard again carries what we send, too. What was lost in an outage may
/// fill the congestion window until the next probe, for which QUIC waits twice as long each time
/// (RFC 9002, 6.2): a new link is there sooner.
bool carries(base::Instant now, const quic::ConnectionInfo& info) {
    return info.bytes_in_flight + info.udp_payload_bytes <= info.congestion_window_bytes ||
           info.last_acknowledged_at + silence_max(info.pto) > now;
}

}  // namespace

Link* LinkKeeper::handle_connected(base::Instant now, const quic::Connected& event) {
    const PeerHandle handle = state_.peers.find(event.node_id);
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || state_.shutting_down) {
        state_.endpoint->close(now, event.connection,
                               static_cast<std::uint64_t>(CloseCode::NotTrusted), "not a peer");
        return nullptr;
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
        const Link& oldest = peer->session->links.front();
        const bool spare = oldest.connection == peer->session->active;
        drop(now, handle, spare ? peer->session->links[1].connection : oldest.connection,
             CloseCode::Duplicate, "too many links");
    }
    Link link;
    link.connection = event.connection;
    link.role = event.role;
    link.flow = event.flow;
    link.established_at = now;
    link.supersedes = attempt && attempt->supersedes;
    link.dial_number = attempt ? attempt->number : 0;
    peer->session->links.push_back(std::move(link));
    peer->session_ends = base::Instant::never();
    ++counters_.links_established;
    // A TLS 1.3 client is done before the server has judged its certificate: only the peer's Hello
    // says that it takes us. Until then the link carries no packets.
    state_.look_at(handle, now + kHelloTimeout);
    return &peer->session->links.back();
}

void LinkKeeper::handle_lost(base::Instant now, PeerHandle handle, Peer& peer,
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
    const bool idle = event.cause == quic::CloseCause::PeerClosed &&
                      event.peer_code == static_cast<std::uint64_t>(CloseCode::Idle);
    const bool left = idle || (event.cause == quic::CloseCause::PeerClosed &&
                               event.peer_code == static_cast<std::uint64_t>(CloseCode::Shutdown));
    peer.demand.asked = peer.demand.asked && !idle;
    peer.session_ends = left ? now : now + kSessionLinger;
    state_.look_at(handle, peer.session_ends);
    // After a farewell, and after a link that we closed on the peer, there is no hurry.
    const bool wait = left || event.cause == quic::CloseCause::LocalError;
    dialer_.start(wait ? now + kBackoffFirst : now, handle);
}

/// A link ended before the peer's Hello: to us it is a dial that failed.
void LinkKeeper::on_unwelcome(base::Instant now, PeerHandle handle, Peer& peer,
                              const quic::Closed& event) {
    const std::string why = close_text(event);
    const bool by_us = event.cause == quic::CloseCause::LocalError;  // and spoken of already
    if (const auto held_back = by_us ? std::nullopt : peer.link_log.admit(now)) {
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

void LinkKeeper::drop(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection,
                      CloseCode code, std::string_view reason) {
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
    handle_lost(now, handle, *peer, closed);
}

void LinkKeeper::end_session(base::Instant now, PeerHandle handle, CloseCode code,
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

void LinkKeeper::activate(base::Instant now, PeerHandle handle, Peer& peer, Link& link) {
    const bool was_connected = peer.connected();
    peer.session->active = link.connection;
    peer.session->unreachable = false;
    peer.session_ends = base::Instant::never();
    state_.routes.set_reachable(handle, true);
    if (!was_connected) {
        state_.log.info("connected to {} at {} ({})", describe(peer), link.flow.remote.to_string(),
                        link.role == quic::Role::Client ? "dialled" : "accepted");
    }
    state_.look_at(handle, now + kSilenceMax);
}

void LinkKeeper::settle(base::Instant now, PeerHandle handle, Peer& peer,
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
        if (link.connection == newcomer || link.retired() || !link.hello) {
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

void LinkKeeper::retire(base::Instant now, PeerHandle handle, Link& link) {
    if (!link.retired()) {
        link.retire_at = now + kRetirement;
        state_.look_at(handle, link.retire_at);
    }
}

void LinkKeeper::handle_path(base::Instant now, const quic::PathChanged& event) {
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

void LinkKeeper::learn_underlay(Peer& peer, const net::SocketAddress& address) {
    if (!peer.learnt.empty() && peer.learnt.front() == address) {
        return;
    }
    std::erase(peer.learnt, address);
    peer.learnt.insert(peer.learnt.begin(), address);
    peer.learnt.resize(std::min(peer.learnt.size(), kLearntMax));
    state_.learnt_changed = true;
}

// --- Time --------------------------------------------------------------------------------------

base::Instant LinkKeeper::handle_deadline(base::Instant now, PeerHandle handle) {
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
        drop(now, handle, connection, CloseCode::Duplicate, "duplicate");
    }
    if (!peer->session) {
        return next;
    }
    if (peer->session_ends <= now) {
        peer->session_ends = base::Instant::never();
        if (peer->session->links.empty()) {
            peer->session.reset();
            return next;
        }
        // Links that still wait for the peer's Hello keep the session; they end by kHelloTimeout.
    }
    peer->session->reassembler.handle_timeout(now);
    next = std::min({next, peer->session_ends, peer->session->reassembler.next_deadline()});
    const auto info = state_.endpoint->info(peer->session->active);
    if (!info) {
        return next;
    }
    const base::Instant silent_at = info->last_received_at + silence_max(info->pto);
    if (silent_at > now && !peer->session->unreachable) {
        return std::min(next, silent_at);
    }
    if (silent_at > now && carries(now, *info)) {
        Link& link = *peer->session->active_link();
        activate(now, handle, *peer, link);
        return std::min(next, silent_at);
    }
    on_silence(now, handle, *peer);
    return std::min(next, now + base::milliseconds(500));
}

void LinkKeeper::on_silence(base::Instant now, PeerHandle handle, Peer& peer) {
    if (peer.session->unreachable) {
        return;
    }
    peer.session->unreachable = true;
    peer.last_error = "fell silent";
    state_.routes.set_reachable(handle, false);
    state_.log.warn("{} does not answer; dialling again", describe(peer));
    dialer_.start(now, handle);
}

}  // namespace qe::node
