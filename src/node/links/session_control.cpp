// SPDX-License-Identifier: Apache-2.0
#include "node/links/session_control.h"

#include <utility>

#include "node/links/close_text.h"

namespace qe::node {

void SessionControl::handle_event(base::Instant now, quic::Event event) {
    std::visit([this, now](auto& e) { on_event(now, e); }, event);
}

void SessionControl::on_event(base::Instant now, const quic::Connected& event) {
    if (Link* link = links_.handle_connected(now, event)) {
        conversation_.begin(*link);
    }
}

void SessionControl::on_event(base::Instant now, const quic::StreamData& event) {
    conversation_.handle_stream(now, event);
}

void SessionControl::on_event(base::Instant now, const quic::PathChanged& event) {
    links_.handle_path(now, event);
}

void SessionControl::on_event(base::Instant, const quic::DatagramSizeChanged& event) {
    state_.log.debug("datagrams to {} may hold {} bytes now",
                     state_.peers.find(event.connection).index, event.bytes_max);
}

void SessionControl::on_event(base::Instant, const quic::OffloadChanged& event) {
    const Peer* peer = state_.peers.get(state_.peers.find(event.connection));
    const std::string who = peer == nullptr ? "a peer" : describe(*peer);
    if (event.off) {
        state_.log.warn("{}", offload_text(who, event.burst_loss, event.single_loss));
    } else {
        state_.log.info("segmentation offload works again on the path to {}", who);
    }
}

void SessionControl::on_event(base::Instant, quic::ResumptionReady& event) {
    if (Peer* peer = state_.peers.get(state_.peers.find(event.connection))) {
        peer->resumption = std::move(event.resumption);
    }
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
        links_.handle_lost(now, handle, *peer, event);
        return;
    }
    const std::string why = close_text(event);
    if (event.cause == quic::CloseCause::PeerRefused || event.cause == quic::CloseCause::TlsAlert) {
        strangers_refused_ += event.cause == quic::CloseCause::PeerRefused ? 1U : 0U;
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
    ++strangers_refused_;
    if (const auto held_back = stranger_log_.admit(now)) {
        const std::string who =
            event.key ? crypto::node_id_of(*event.key).to_string() : std::string("unknown node");
        state_.log.warn("refused {} from {}: {}{}", who, event.flow.remote.to_string(),
                        close_text(event), held_back_text(*held_back));
    }
}

}  // namespace qe::node
