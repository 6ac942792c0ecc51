// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/bounds.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {
namespace {

/// Hosts whose nodes are asked in one second.
constexpr std::size_t kAsked = 20;

std::uint64_t counter(const control::StatusReply& status, std::string_view name) {
    const auto found = std::find_if(status.counters.begin(), status.counters.end(),
                                    [&](const control::Counter& c) { return c.name == name; });
    return found == status.counters.end() ? 0 : found->value;
}

}  // namespace

Bounds::Activity& Bounds::activity(HostId host) {
    if (window_.size() <= host) {
        window_.resize(host + 1);
    }
    return window_[host];
}

void Bounds::on_tun_read(HostId /*host*/, base::ByteView /*packet*/) { disturbed_ = now(); }

void Bounds::on_host(HostId /*host*/, HostChange /*change*/) { disturbed_ = now(); }

void Bounds::on_action(std::string_view /*what*/) { disturbed_ = now(); }

void Bounds::on_sent(HostId host, const Packet& packet) {
    activity(host).bytes += packet.wire_bytes();
    ++packets_;
}

void Bounds::on_received(HostId /*host*/, const Packet& /*packet*/) { ++packets_; }

void Bounds::on_log(HostId host, base::LogLevel /*level*/, std::string_view /*message*/) {
    ++activity(host).logs;
}

void Bounds::on_second() {
    check_events();
    const std::size_t hosts = world().host_count();
    for (std::size_t i = 0; i < std::min(hosts, kAsked) && !full(); ++i) {
        const auto id = static_cast<HostId>((seconds_ * kAsked + i) % hosts);
        if (world().host(id).awake()) {
            const control::StatusReply status = world().host(id).status();
            check_held(id, status);
            check_peers(id, counter(status, "held_reassembly_bytes"));
        }
    }
    ++seconds_;
    calm_all_window_ = calm_all_window_ && now() - disturbed_ >= kCalm;
    if (seconds_ % kIdleWindowSeconds == 0) {
        check_window();
    }
}

void Bounds::check_events() {
    const std::uint64_t events = world().scheduler().events_run() - events_;
    const std::uint64_t limit =
        kEventsOfHost * (1 + world().host_count()) + kEventsOfPacket * packets_;
    if (events > limit && events_ != 0) {
        object(
            fmt::format("{} events ran within a second in which {} datagrams were sent or "
                        "received: a timer fires again and again",
                        events, packets_));
    }
    events_ = world().scheduler().events_run();
    packets_ = 0;
}

void Bounds::check_held(HostId id, const control::StatusReply& status) {
    const std::uint64_t peers = status.peers_configured;
    const std::uint64_t queued = counter(status, "held_queue_bytes");
    if (queued > kQueueBytes) {
        object(fmt::format("{} holds {} bytes of packets that wait: {} are the bound", name_of(id),
                           queued, kQueueBytes));
    }
    const std::uint64_t done =
        counter(status, "quic_handshakes_completed") + counter(status, "quic_handshakes_failed");
    const std::uint64_t begun = counter(status, "quic_handshakes_started");
    if (begun > done + kHalfOpen + kDialsAtOnce * peers) {
        object(fmt::format("{} has {} handshakes open: {} are the bound", name_of(id), begun - done,
                           kHalfOpen));
    }
}

void Bounds::check_peers(HostId id, std::uint64_t unfinished_bytes) {
    const control::Reply reply = world().host(id).ask(control::PeersRequest{});
    const auto* const peers = std::get_if<control::PeersReply>(&reply);
    if (peers == nullptr) {
        return;
    }
    std::uint64_t sessions = 0;
    const std::size_t links = hosts_with_paths() > 0 ? kLinksOfPaths : kLinks;
    for (const control::PeerReply& peer : peers->peers) {
        sessions += peer.session_id.empty() ? 0U : 1U;
        if (peer.paths.size() > links) {
            object(fmt::format("{} has {} links with {}: {} are the bound", name_of(id),
                               peer.paths.size(), peer.name, links));
        }
        const auto& known = world().host(id).config().peer;
        const auto entry = std::find_if(known.begin(), known.end(), [&](const auto& p) {
            return config::node_id_of(p.id).to_string() == peer.node_id;
        });
        const std::size_t own = entry == known.end() ? 0 : entry->endpoints.size();
        if (peer.endpoints.size() > own + kLearntAddresses) {
            object(fmt::format("{} has learnt {} addresses of {}: {} are the bound", name_of(id),
                               peer.endpoints.size() - own, peer.name, kLearntAddresses));
        }
    }
    if (unfinished_bytes > kReassemblyBytes * sessions) {
        object(fmt::format(
            "{} holds {} bytes of unfinished packets of its {} sessions: {} may be held for each",
            name_of(id), unfinished_bytes, sessions, kReassemblyBytes));
    }
}

void Bounds::check_window() {
    for (HostId id = 0; id < window_.size() && !full(); ++id) {
        const std::uint64_t peers =
            world().host(id).config().peer.size() + world().memberships().members().size();
        const std::uint64_t limit = kLogsOfHost + kLogsOfPeer * peers;
        if (window_[id].logs > limit) {
            object(fmt::format("{} wrote {} log records within {} s: {} are the bound", name_of(id),
                               window_[id].logs, kIdleWindowSeconds, limit));
        }
        if (calm_all_window_ && world().host(id).awake()) {
            check_idle_bytes(id, world().host(id).status());
        }
    }
    std::fill(window_.begin(), window_.end(), Activity{});
    calm_all_window_ = now() - disturbed_ >= kCalm;
}

std::uint64_t Bounds::hosts_with_paths() {
    std::uint64_t count = 0;
    for (HostId id = 0; id < world().host_count(); ++id) {
        count += world().host(id).config().multipath.enabled ? 1U : 0U;
    }
    return count;
}

std::uint64_t Bounds::strangers(HostId id) {
    const auto lists = [this](HostId host, HostId other) {
        const auto& peers = world().host(host).config().peer;
        return std::any_of(peers.begin(), peers.end(), [&](const config::PeerConfig& entry) {
            return config::node_id_of(entry.id) == world().host(other).node_id();
        });
    };
    std::uint64_t count = 0;
    for (HostId other = 0; other < world().host_count(); ++other) {
        count += other != id && lists(other, id) && !lists(id, other) ? 1U : 0U;
    }
    return count;
}

void Bounds::check_idle_bytes(HostId id, const control::StatusReply& status) {
    const std::uint64_t connected = status.peers_connected;
    std::uint64_t limit = kIdleBytesOfSession * (connected + 1) +
                          kIdleBytesOfDials * (status.peers_configured - connected);
    if (window_[id].bytes > limit) {
        // Further paths are kept alive one by one, and what cannot be is dialled again and again.
        limit += kIdleBytesOfDials * (strangers(id) + hosts_with_paths());
    }
    if (window_[id].bytes > limit) {
        object(
            fmt::format("{} sent {} bytes within {} s in which nobody sent anything and nothing "
                        "happened: {} are the bound with {} sessions",
                        name_of(id), window_[id].bytes, kIdleWindowSeconds, limit, connected));
    }
}

}  // namespace qe::sim
