// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/echo.h"

#include <algorithm>

#include <fmt/core.h>

#include "node/links/close_text.h"
#include "node/reports.h"

namespace qe::node {

std::optional<control::Reply> Echo::start(base::Instant now, RequestId id,
                                          const control::PingRequest& request) {
    const auto found = state_.peers.find(request.peer);
    if (const auto* failure = std::get_if<FindFailure>(&found)) {
        return find_error(*failure, request.peer);
    }
    const PeerHandle handle = std::get<PeerHandle>(found);
    Peer& peer = *state_.peers.get(handle);
    if (!peer.connected()) {
        return control::ErrorReply{
            control::ErrorKind::NotConnected,
            fmt::format("{} is not connected{}{}", describe(peer),
                        peer.last_error.empty() ? "" : ": ", peer.last_error)};
    }
    const std::uint64_t nonce = state_.rng.u64();
    if (waiting_.size() >= kEchoesWaitingMax || !conversation_.send(peer, EchoRequest{nonce})) {
        return control::ErrorReply{control::ErrorKind::Failed,
                                   "too much is under way to this peer; try again"};
    }
    waiting_[nonce] = {id, handle, now, now + base::milliseconds(request.timeout_ms)};
    return std::nullopt;
}

std::optional<ControlReply> Echo::handle_arrival(base::Instant now, const EchoArrival& arrival) {
    const auto it = waiting_.find(arrival.nonce);
    if (it == waiting_.end() || it->second.peer != arrival.peer) {
        return std::nullopt;
    }
    const Waiting waiting = it->second;
    waiting_.erase(it);
    const Peer* peer = state_.peers.get(arrival.peer);
    const auto info = state_.endpoint->info(arrival.connection);
    if (peer == nullptr || !info) {
        return std::nullopt;
    }
    control::PingReply reply;
    reply.node_id = peer->id.to_string();
    reply.name = peer->shown_name();
    reply.rtt_us = static_cast<std::uint64_t>((now - waiting.sent_at).count() / 1000);
    reply.path_local = info->flow.local.to_string();
    reply.path_remote = info->flow.remote.to_string();
    reply.kind = "direct";
    return ControlReply{waiting.id, reply};
}

std::optional<ControlReply> Echo::poll_timeout(base::Instant now) {
    const auto it = std::find_if(waiting_.begin(), waiting_.end(),
                                 [now](const auto& w) { return w.second.deadline <= now; });
    if (it == waiting_.end()) {
        return std::nullopt;
    }
    const Waiting waiting = it->second;
    waiting_.erase(it);
    const Peer* peer = state_.peers.get(waiting.peer);
    return ControlReply{
        waiting.id,
        control::ErrorReply{control::ErrorKind::Timeout,
                            fmt::format("no answer from {} in time",
                                        peer != nullptr ? describe(*peer) : "the peer")}};
}

base::Instant Echo::next_deadline() const noexcept {
    base::Instant next = base::Instant::never();
    for (const auto& [nonce, waiting] : waiting_) {
        next = std::min(next, waiting.deadline);
    }
    return next;
}

}  // namespace qe::node
