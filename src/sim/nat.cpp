// SPDX-License-Identifier: Apache-2.0
#include "sim/nat.h"

#include <utility>

#include "quicether/base/assert.h"

namespace qe::sim {
namespace {

/// Looking through a full table for expired entries is not repeated sooner.
constexpr base::Duration kSweepInterval = base::milliseconds(100);

}  // namespace

net::SocketAddress relevant_part(NatDependence dependence,
                                 const net::SocketAddress& remote) noexcept {
    switch (dependence) {
        case NatDependence::EndpointIndependent:
            return {};
        case NatDependence::Address:
            return {remote.ip, 0, 0};
        case NatDependence::AddressAndPort:
            break;
    }
    return {remote.ip, remote.port, 0};
}

std::size_t NatBox::KeyHash::operator()(const Key& key) const noexcept {
    constexpr std::size_t kOdd = 0x9E3779B97F4A7C15;
    const std::hash<net::SocketAddress> hash;
    return hash(key.inside) * kOdd + hash(key.remote);
}

NatBox::NatBox(Scheduler& scheduler, base::Rng rng, const NatOptions& options,
               net::IpAddress outside)
    : scheduler_(scheduler),
      rng_(std::move(rng)),
      options_(options),
      outside_(outside),
      next_port_(options.port_first) {
    QE_ASSERT(outside.is_v4());
    QE_ASSERT(options.port_first <= options.port_last);
    QE_ASSERT(options.mappings_max > 0);
}

void NatBox::rebind(net::IpAddress outside) {
    QE_ASSERT(outside.is_v4());
    avoided_.clear();
    for (const auto& [port, mapping] : mappings_) {
        avoided_.insert(port);
    }
    mappings_.clear();
    ports_.clear();
    outside_ = outside;
}

void NatBox::handle_outbound(Packet packet) {
    if (packet.destination.ip.is_v6()) {
        pass_outside(std::move(packet));
        return;
    }
    const bool hairpin = packet.destination.ip == outside_;
    if (hairpin && !options_.hairpin) {
        ++counters_.lost_hairpin;
        return;
    }
    const std::uint16_t port = map(packet.source, packet.destination);
    if (port == 0 || !remember_remote(mappings_.at(port), packet.destination)) {
        ++counters_.lost_full;
        return;
    }
    ++counters_.outbound;
    packet.source = {outside_, port, 0};
    if (hairpin) {
        handle_inbound(std::move(packet));
    } else {
        pass_outside(std::move(packet));
    }
}

void NatBox::handle_inbound(Packet packet) {
    if (packet.destination.ip.is_v6()) {
        pass_inside(std::move(packet));
        return;
    }
    const auto found = mappings_.find(packet.destination.port);
    if (packet.destination.ip != outside_ || found == mappings_.end() ||
        !alive(found->second.used)) {
        ++counters_.lost_unmapped;
        return;
    }
    if (!admits(found->second, packet.source)) {
        ++counters_.lost_filtered;
        return;
    }
    ++counters_.inbound;
    packet.destination = found->second.key.inside;
    pass_inside(std::move(packet));
}

std::uint16_t NatBox::map(const net::SocketAddress& inside, const net::SocketAddress& remote) {
    const Key key{inside, relevant_part(options_.mapping, remote)};
    const auto found = ports_.find(key);
    if (found == ports_.end()) {
        return add_mapping(key);
    }
    const std::uint16_t port = found->second;
    Mapping& mapping = mappings_.at(port);
    if (!alive(mapping.used)) {
        forget(port);
        return add_mapping(key);
    }
    mapping.used = scheduler_.now();
    return port;
}

std::uint16_t NatBox::add_mapping(const Key& key) {
    if (mappings_.size() >= options_.mappings_max) {
        forget_expired();
    }
    if (mappings_.size() >= options_.mappings_max) {
        return 0;
    }
    const std::uint16_t port = choose_port(key.inside.port);
    if (port != 0) {
        mappings_.emplace(port, Mapping{key, scheduler_.now(), {}});
        ports_.emplace(key, port);
    }
    return port;
}

bool NatBox::remember_remote(Mapping& mapping, const net::SocketAddress& remote) {
    const net::SocketAddress entry = relevant_part(options_.filtering, remote);
    const auto found = mapping.filter.find(entry);
    if (found != mapping.filter.end()) {
        found->second = scheduler_.now();
        return true;
    }
    if (mapping.filter.size() >= kFilterEntriesMax) {
        std::erase_if(mapping.filter, [this](const auto& e) { return !alive(e.second); });
    }
    if (mapping.filter.size() >= kFilterEntriesMax) {
        return false;
    }
    mapping.filter.emplace(entry, scheduler_.now());
    return true;
}

bool NatBox::admits(const Mapping& mapping, const net::SocketAddress& remote) const {
    const auto found = mapping.filter.find(relevant_part(options_.filtering, remote));
    return found != mapping.filter.end() && alive(found->second);
}

std::uint16_t NatBox::choose_port(std::uint16_t preferred) {
    if (options_.preserve_ports && preferred >= options_.port_first &&
        preferred <= options_.port_last && !avoided_.contains(preferred) && is_free(preferred)) {
        return preferred;
    }
    if (options_.allocation == NatAllocation::Random) {
        const std::uint64_t ports = options_.port_last - options_.port_first + std::uint64_t{1};
        next_port_ = static_cast<std::uint16_t>(options_.port_first + rng_.below(ports));
    }
    const std::uint16_t fresh = first_free_port(true);
    return fresh != 0 || avoided_.empty() ? fresh : first_free_port(false);
}

/// From `next_port_` on, round the range once.
std::uint16_t NatBox::first_free_port(bool avoid) {
    const unsigned ports = options_.port_last - options_.port_first + 1U;
    for (unsigned tried = 0; tried < ports; ++tried) {
        const std::uint16_t port = next_port_;
        next_port_ =
            port == options_.port_last ? options_.port_first : static_cast<std::uint16_t>(port + 1);
        if (!(avoid && avoided_.contains(port)) && is_free(port)) {
            return port;
        }
    }
    return 0;
}

/// Makes it so when its mapping has expired. Port 0 is nobody's.
bool NatBox::is_free(std::uint16_t port) {
    const auto found = mappings_.find(port);
    if (found == mappings_.end()) {
        return port != 0;
    }
    if (alive(found->second.used)) {
        return false;
    }
    forget(port);
    return true;
}

bool NatBox::alive(base::Instant used) const noexcept {
    return scheduler_.now() < used + options_.lifetime;
}

void NatBox::forget(std::uint16_t port) {
    const auto found = mappings_.find(port);
    ports_.erase(found->second.key);
    mappings_.erase(found);
}

void NatBox::forget_expired() {
    if (scheduler_.now() < swept_ + kSweepInterval) {
        return;
    }
    swept_ = scheduler_.now();
    std::erase_if(mappings_, [this](const auto& entry) {
        if (alive(entry.second.used)) {
            return false;
        }
        ports_.erase(entry.second.key);
        return true;
    });
}

}  // namespace qe::sim
