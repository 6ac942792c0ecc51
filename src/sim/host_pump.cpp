// SPDX-License-Identifier: Apache-2.0
//
// What drives a host's node: the cycle that the daemon's driver goes through, in virtual time.
#include <algorithm>
#include <utility>

#include "quicether/base/assert.h"
#include "quicether/net/packet.h"
#include "sim/host.h"
#include "sim/host_parts.h"
#include "sim/world.h"

namespace qe::sim {
namespace {

/// A deadline that is never consumed would hold the clock for ever.
constexpr unsigned kWakesAtOnceMax = 100'000;

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

// --- Underlay → node ----------------------------------------------------------------------------

void Host::receive(Packet packet) {
    if (!awake() || world_.blocked(packet.origin, id_) ||
        packet.destination.port != options_.config.discovery.dht_port) {
        return;
    }
    if (arrivals_.empty()) {
        world_.scheduler().at(world_.now(), [this] { handle_arrivals(); });
    }
    arrivals_.push_back(std::move(packet));
}

void Host::handle_arrivals() {
    if (arrivals_.empty()) {
        return;  // taken by a wake of the same instant, or lost with the node
    }
    const std::vector<Packet> packets = std::exchange(arrivals_, {});
    std::vector<net::ReceivedDatagrams> batch;
    batch.reserve(packets.size());
    for (const Packet& packet : packets) {
        world_.tell([&](Observer& o) { o.on_received(id_, packet); });
        batch.push_back({.flow = {packet.destination, packet.source},
                         .ecn = packet.ecn,
                         .segment_size = packet.payload.size(),
                         .payload = packet.payload});
    }
    {
        const Scope scope(*this);
        node_->handle_udp(world_.now(), batch);
    }
    pump();
}

// --- The cycle ----------------------------------------------------------------------------------

void Host::pump() {
    if (pumping_) {
        return;
    }
    pumping_ = true;
    const Scope scope(*this);
    if (node_->next_deadline() <= world_.now()) {
        node_->handle_timeout(world_.now());
    }
    bool again = true;
    while (again && node_) {
        transmit();
        take_tun_frames();
        again = !outgoing_.empty();
        send_waiting_ip();
        take_effects();
    }
    pumping_ = false;
    if (node_) {
        take_replies();
        schedule_wake();
    }
    if (!replies_.empty()) {
        world_.scheduler().at(world_.now(), [this] { give_replies(); });
    }
}

void Host::take_replies() {
    while (auto reply = node_->poll_reply()) {
        replies_.push_back(std::move(*reply));
    }
}

void Host::give_replies() {
    for (const node::ControlReply& reply : std::exchange(replies_, {})) {
        if (auto waiting = waiting_.extract(reply.id); !waiting.empty()) {
            waiting.mapped()(reply.reply);
        }
    }
}

void Host::transmit() {
    const base::MutableBytes buffer = world_.transmit_buffer();
    while (const auto burst = node_->poll_udp(world_.now(), buffer)) {
        const auto nic = std::find_if(nics_.begin(), nics_.end(),
                                      [&](const auto& n) { return n->has(burst->flow.local.ip); });
        if (nic == nics_.end()) {
            continue;  // its address has gone
        }
        for (std::size_t at = 0; at < burst->size; at += burst->segment_size) {
            const auto one = buffer.subspan(at, std::min(burst->segment_size, burst->size - at));
            Packet packet;
            packet.source = burst->flow.local;
            packet.destination = burst->flow.remote;
            packet.ecn = burst->ecn;
            packet.origin = id_;
            packet.author = id_;
            packet.number = world_.next_packet_number();
            packet.payload.assign(one.begin(), one.end());
            world_.tell([&](Observer& o) { o.on_sent(id_, packet); });
            (*nic)->entry->receive(std::move(packet));
        }
    }
}

void Host::take_effects() {
    while (node_) {
        auto effect = node_->poll_effect();
        if (!effect) {
            return;
        }
        perform(std::move(*effect));
    }
}

void Host::perform(node::Effect effect) {
    std::visit(Overloaded{[this](const node::ResolveName& name) { resolve(name.host); },
                          [this](const node::Finished&) {
                              disk_.finish();
                              stop(HostChange::Left);
                          },
                          [this](node::PersistState& state) { store(std::move(state)); }},
               effect);
}

void Host::store(node::PersistState state) {
    const bool begun = disk_.write(world_.now(), state.name, std::move(state.contents));
    if (!begun || state.number == 0) {
        return;
    }
    const base::Instant safe_at = std::max(world_.now(), disk_.safe_at(state.name));
    world_.scheduler().at(safe_at, [this, number = state.number, run = starts_] {
        if (!awake() || run != starts_) {
            return;
        }
        {
            const Scope scope(*this);
            node_->handle_persisted(world_.now(), number);
        }
        pump();
    });
}

void Host::resolve(const std::string& name) {
    world_.scheduler().after(options_.dns_time, [this, name, run = starts_] {
        if (!awake() || run != starts_) {
            return;
        }
        const bool online = std::any_of(nics_.begin(), nics_.end(), [](const auto& nic) {
            return nic->carrier && nic->attachment;
        });
        {
            const Scope scope(*this);
            node_->handle_resolved(world_.now(), name,
                                   online ? world_.resolve(name) : std::vector<net::IpAddress>{});
        }
        pump();
    });
}

// --- Wake-ups -----------------------------------------------------------------------------------

// An event is scheduled only when none is due by the node's deadline. One that fires too early, as
// the deadline has moved since, finds nothing to do and schedules the next: deadlines move with
// every packet, events do not.
void Host::schedule_wake() {
    const base::Instant deadline = std::max(node_->next_deadline(), world_.now());
    if (deadline.is_never() || (!wakes_.empty() && wakes_.back() <= deadline)) {
        return;
    }
    wakes_.push_back(deadline);
    world_.scheduler().at(deadline, [this] { wake(); });
}

void Host::wake() {
    wakes_.pop_back();
    if (!awake()) {
        return;
    }
    wakes_at_once_ = woken_at_ == world_.now() ? wakes_at_once_ + 1 : 0;
    woken_at_ = world_.now();
    QE_ASSERT(wakes_at_once_ < kWakesAtOnceMax);
    if (!arrivals_.empty()) {
        handle_arrivals();  // packets first: a peer that has just spoken is not silent
    } else if (node_->next_deadline() <= world_.now()) {
        pump();
    } else {
        schedule_wake();
    }
}

// --- TUN ----------------------------------------------------------------------------------------

void Host::send_ip(base::MutableBytes packet, const net::Offload& offload) {
    if (!awake()) {
        return;
    }
    cut_packet(packet, offload, [this](base::ByteView one) {
        world_.tell([&](Observer& o) { o.on_tun_read(id_, one); });
    });
    if (pumping_) {
        outgoing_.push_back({base::Bytes(packet.begin(), packet.end()), offload});
        return;
    }
    {
        const Scope scope(*this);
        node_->handle_tun(world_.now(), {packet, offload});
    }
    pump();
}

void Host::send_waiting_ip() {
    for (Outgoing& waiting : std::exchange(outgoing_, {})) {
        node_->handle_tun(world_.now(), {waiting.packet, waiting.offload});
    }
}

void Host::take_tun_frames() {
    base::Bytes packet;
    for (const net::TunFrame& frame : node_->tun_frames()) {
        packet.clear();
        for (const base::ByteView part : frame.parts) {
            packet.insert(packet.end(), part.begin(), part.end());
        }
        const bool whole = cut_packet(packet, frame.offload, [this](base::ByteView one) {
            world_.tell([&](Observer& o) { o.on_tun_written(id_, one); });
            deliver_ip(one);
        });
        QE_ASSERT(whole);
    }
    node_->clear_tun_frames();
}

void Host::deliver_ip(base::ByteView packet) {
    if (const auto flow = flow_of(packet)) {
        if (const auto found = listeners_.find(*flow); found != listeners_.end()) {
            const auto take = found->second;  // may take itself off the list
            take(packet);
        }
        return;
    }
    auto reply = make_echo_reply(packet);
    if (reply && answers_for(net::parse_packet(packet)->destination)) {
        send_ip(*reply);
    }
}

bool Host::answers_for(const net::IpAddress& address) const {
    const auto& own = node_->host_plan().addresses;
    const auto& subnets = options_.config.network.advertise_subnets;
    return std::any_of(own.begin(), own.end(),
                       [&](const net::Prefix& p) { return p.address() == address; }) ||
           std::any_of(subnets.begin(), subnets.end(),
                       [&](const net::Prefix& p) { return p.contains(address); });
}

void Host::listen(FlowKey flow, std::function<void(base::ByteView packet)> take) {
    if (take) {
        listeners_.insert_or_assign(flow, std::move(take));
    } else {
        listeners_.erase(flow);
    }
}

std::optional<net::IpAddress> Host::overlay_address(net::Family family) const {
    if (node_) {
        for (const net::Prefix& prefix : node_->host_plan().addresses) {
            if (prefix.family() == family) {
                return prefix.address();
            }
        }
    }
    return std::nullopt;
}

}  // namespace qe::sim
