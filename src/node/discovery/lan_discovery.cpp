// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/lan_discovery.h"

#include <algorithm>

namespace qe::node {
namespace {

/// Datagrams of one round; a host with more interfaces is a router of others' traffic.
constexpr std::size_t kOutboxMax = 64;

/// The address to speak from: one that others can use as it stands, else a link-local one.
std::optional<net::IpAddress> source_of(const Interface& interface, net::Family family) {
    std::optional<net::IpAddress> link_local;
    for (const net::Prefix& prefix : interface.addresses) {
        if (prefix.family() != family) {
            continue;
        }
        if (!prefix.address().is_link_local()) {
            return prefix.address();
        }
        link_local = prefix.address();
    }
    return link_local;
}

}  // namespace

void LanDiscovery::begin_anew(base::Instant now) {
    pause_ = kLanPauseFirst;
    ready_at_ = next_at_ = now;
}

void LanDiscovery::handle_deadline(base::Instant now) {
    if (now < ready_at_) {
        return;
    }
    outbox_.clear();
    for (const Interface& interface : state_.view.interfaces) {
        if (interface.up && !interface.loopback) {
            speak(interface, net::Family::V4);
            speak(interface, net::Family::V6);
        }
    }
    // Jitter keeps a rack that was switched on at once from speaking in chorus.
    const base::Duration quarter = pause_ / 4;
    const auto jitter = state_.rng.below(static_cast<std::uint64_t>(quarter.count()));
    ready_at_ = now + pause_ - base::Duration(static_cast<std::int64_t>(jitter));
    next_at_ = ready_at_ + quarter;
    pause_ = std::min(pause_ * 2, kLanPauseMax);
}

void LanDiscovery::speak(const Interface& interface, net::Family family) {
    const auto source = source_of(interface, family);
    if (!source || outbox_.size() >= kOutboxMax) {
        return;
    }
    const LanMessage message{state_.id, state_.config.discovery.dht_port, state_.rng.u64()};
    outbox_.push_back({interface.index, *source, encode_lan_message(message, key_)});
}

std::optional<LanNeighbour> LanDiscovery::handle_datagram(base::Instant now,
                                                          const net::SocketAddress& from,
                                                          base::ByteView bytes) {
    if (!budget_.take(now)) {
        ++counters_.refused;
        return std::nullopt;
    }
    const auto message = parse_lan_message(bytes, key_);
    if (!message || from.ip.is_any() || from.ip.is_multicast()) {
        ++counters_.refused;
        return std::nullopt;
    }
    if (message->id == state_.id) {
        return std::nullopt;  // ourselves, as the kernel loops it back
    }
    ++counters_.heard;
    const LanNeighbour neighbour{message->id, {from.ip, message->port, from.scope}, now};
    note(neighbour);
    return neighbour;
}

void LanDiscovery::note(const LanNeighbour& neighbour) {
    std::erase_if(neighbours_, [&](const LanNeighbour& other) {
        return other.endpoint == neighbour.endpoint ||
               neighbour.heard_at - other.heard_at > kLanNeighbourLifetime;
    });
    if (neighbours_.size() == kLanNeighboursMax) {
        neighbours_.erase(neighbours_.begin());
    }
    neighbours_.push_back(neighbour);
}

std::optional<LanDatagram> LanDiscovery::poll() {
    if (outbox_.empty()) {
        return std::nullopt;
    }
    ++counters_.sent;
    std::optional<LanDatagram> datagram(std::move(outbox_.front()));
    outbox_.pop_front();
    return datagram;
}

std::size_t LanDiscovery::neighbours(base::Instant now) const noexcept {
    std::vector<crypto::NodeId> ids;
    for (const LanNeighbour& neighbour : neighbours_) {
        if (now - neighbour.heard_at <= kLanNeighbourLifetime) {
            ids.push_back(neighbour.id);
        }
    }
    std::sort(ids.begin(), ids.end());
    return static_cast<std::size_t>(std::unique(ids.begin(), ids.end()) - ids.begin());
}

}  // namespace qe::node
