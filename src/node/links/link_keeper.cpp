// SPDX-License-Identifier: Apache-2.0
#include "node/links/link_keeper.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "node/links/close_text.h"
#include "node/uplinks.h"

namespace qe::node {
namespace {

/// The smallest number that no other link of the session has as a path.
multipath::PathIndex free_index(const Session& session) noexcept {
    multipath::PathSet taken = 0;
    for (const Link& link : session.links) {
        if (link.usable() && link.monitor) {
            taken |= multipath::set_of(link.index);
        }
    }
    return static_cast<multipath::PathIndex>(std::countr_one(taken));
}

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
    link.uplink = uplink_of(state_, event.flow.local.ip);
    link.reserve = reserve_of(state_, link.uplink);
    link.weight = weight_of(state_, link.uplink);
    link.rate_max = rate_max_of(state_, link.uplink);
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
    if (peer.session->bond && was_welcome) {
        peer.session->bond->repair.handle_path_failed(peer.session->find(event.connection)->index);
    }
    peer.session->erase(event.connection);
    if (!was_welcome) {
        on_unwelcome(now, handle, peer, event);
    }
    if (!was_active) {
        end_without_links(now, handle, peer);
        return;
    }
    ++counters_.links_lost;
    if (Link* next = best_link(*peer.session); next != nullptr) {
        activate(now, handle, peer, *next);
        return;
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

/// The last link may end after the session's time has come: a retired one, or one that the peer
/// closed behind the active one.
void LinkKeeper::end_without_links(base::Instant now, PeerHandle handle, Peer& peer) {
    if (peer.session && peer.session->links.empty() && peer.session_ends.is_never()) {
        peer.session_ends = now;
        state_.look_at(handle, now);
    }
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
    fresh.index = free_index(session);
    fresh.monitor.emplace(now);
    if (fresh.index >= multipath::kPathsMax) {
        return retire(now, handle, fresh);
    }
    const bool restarted =
        session.peer_instance != 0 && session.peer_instance != fresh.hello->instance;
    const bool renewed = session.peer_session != 0 && session.peer_session != fresh.hello->session;
    if (renewed) {
        session.reassembler = overlay::Reassembler();
        if (session.bond) {
            session.bond->forget_received();
        }
    }
    session.peer_instance = fresh.hello->instance;
    session.peer_session = fresh.hello->session;
    const bool several =
        !fresh.hello->single && (state_.config.multipath.enabled || state_.config.multipath.accept);
    quic::ConnectionHandle best = newcomer;
    for (Link& link : session.links) {
        if (link.connection == newcomer || !link.usable()) {
            continue;
        }
        const bool void_now = restarted && link.hello->instance != fresh.hello->instance;
        if (!void_now && several && link.pair() != fresh.pair()) {
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
    Link* const active = session.active_link();
    const bool stays = active != nullptr && active->usable() && !session.unreachable;
    if (Link* winner = session.find(best); winner != nullptr && !stays) {
        activate(now, handle, peer, *winner);
    }
    if (session.bond == nullptr && best == newcomer && session.active != newcomer) {
        session.bond = make_bond(state_.config);
    }
    state_.look_at(handle, now);  // PathKeeper plans with what there is now
}

void LinkKeeper::choose_active(base::Instant now, PeerHandle handle, Peer& peer) {
    Session& session = *peer.session;
    Link* const best = best_link(session);
    const Link* const active = session.active_link();
    if (best != nullptr &&
        (active == nullptr || !active->usable() || best->standing() < active->standing())) {
        activate(now, handle, peer, *best);
    }
}

Link* LinkKeeper::best_link(Session& session) noexcept {
    Link* best = nullptr;
    for (Link& link : session.links) {
        if (link.usable() && link.monitor &&
            (best == nullptr || link.standing() < best->standing())) {
            best = &link;
        }
    }
    return best;
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
    if (Link* const heard = other_heard(now, *peer->session); heard == nullptr) {
        on_silence(now, handle, *peer);
    } else if (peer->session->unreachable) {
        activate(now, handle, *peer, *heard);
    } else {
        // An end that only receives learns from a probe that a path is gone (PathMonitor).
        state_.endpoint->probe(now, peer->session->active);
    }
    return std::min(next, now + base::milliseconds(500));
}

/// Of the other links that may carry packets and by which something has come lately, the best.
Link* LinkKeeper::other_heard(base::Instant now, Session& session) const {
    Link* best = nullptr;
    for (Link& link : session.links) {
        const bool other = link.usable() && link.monitor && link.connection != session.active;
        const auto metrics = other ? state_.endpoint->metrics(link.connection) : std::nullopt;
        const bool heard = metrics && metrics->last_received_at + silence_max(metrics->pto) > now;
        if (heard && (best == nullptr || link.standing() < best->standing())) {
            best = &link;
        }
    }
    return best;
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
