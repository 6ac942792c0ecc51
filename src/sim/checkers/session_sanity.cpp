// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/session_sanity.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {
namespace {

/// Hosts whose nodes are asked in one second.
constexpr std::size_t kAsked = 20;

std::int64_t in_seconds(base::Duration duration) {
    return std::chrono::duration_cast<base::seconds>(duration).count();
}

}  // namespace

SessionSanity::Books& SessionSanity::books(HostId host) {
    if (books_.size() <= host) {
        books_.resize(host + 1);
    }
    return books_[host];
}

void SessionSanity::on_host(HostId host, HostChange change) {
    calm_since_ = now();
    Books& books = this->books(host);
    switch (change) {
        case HostChange::Started:
            books = {};
            books.woke_at = now();
            return;
        case HostChange::Resumed:
            books.woke_at = now();
            return;
        case HostChange::Crashed:
        case HostChange::Left:
            books.stopped_at = now();
            return;
        case HostChange::Suspended:
        case HostChange::Moved:
            return;
    }
}

void SessionSanity::on_action(std::string_view /*what*/) { calm_since_ = now(); }

void SessionSanity::on_second() {
    const std::size_t hosts = world().host_count();
    for (std::size_t i = 0; i < std::min(hosts, kAsked) && !full(); ++i) {
        const auto id = static_cast<HostId>((seconds_ * kAsked + i) % hosts);
        if (world().host(id).awake()) {
            check_counters(id);
            check_sessions(id);
        }
    }
    ++seconds_;
}

void SessionSanity::check_counters(HostId id) {
    Books& books = this->books(id);
    const control::StatusReply status = world().host(id).status();
    if (status.uptime_us < books.uptime_us) {
        object(fmt::format("{} says it has run for a shorter time than a moment ago", name_of(id)));
    }
    books.uptime_us = status.uptime_us;
    for (const control::Counter& counter : status.counters) {
        if (counter.name.starts_with("held_")) {
            continue;
        }
        std::uint64_t& before = books.counters[counter.name];
        if (counter.value < before) {
            object(fmt::format("{} of {} went from {} back to {}", counter.name, name_of(id),
                               before, counter.value));
        }
        before = counter.value;
    }
}

void SessionSanity::check_sessions(HostId id) {
    const control::Reply reply = world().host(id).ask(control::PeersRequest{});
    const auto* const peers = std::get_if<control::PeersReply>(&reply);
    if (peers == nullptr) {
        return;
    }
    for (const control::PeerReply& peer : peers->peers) {
        const auto node = crypto::parse_node_id(peer.node_id);
        const auto other = node ? world().find_host(*node) : std::nullopt;
        if (other && !peer.session_id.empty()) {
            check_peer(id, *other, peer);
        }
    }
}

void SessionSanity::check_peer(HostId id, HostId other, const control::PeerReply& peer) {
    const base::Instant stopped = books(other).stopped_at;
    const base::Instant awake = books(id).woke_at;
    const base::Duration gone =
        stopped.is_never() ? base::Duration(0) : now() - std::max(stopped, awake);
    if (gone > kGone) {
        object(fmt::format("{} still has a session with {}, which stopped {} s ago", name_of(id),
                           name_of(other), in_seconds(gone)));
    }
    const bool connected = peer.state == "connected";  // not a dial that the peer may yet refuse
    const auto uses_several = [this](HostId host) {
        return world().host(host).config().multipath.enabled;
    };
    const bool several = uses_several(id) || uses_several(other);
    if (now() - calm_since_ > kSettled && connected && !several && peer.paths.size() > 1) {
        object(fmt::format(
            "{} has {} links with {}, though nothing has happened for {} s: all but "
            "one should have retired",
            name_of(id), peer.paths.size(), name_of(other), in_seconds(now() - calm_since_)));
    }
}

}  // namespace qe::sim
