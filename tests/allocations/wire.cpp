// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <algorithm>

namespace qe::testing {
namespace {

constexpr std::size_t kBufferBytes = 64U << 10;
constexpr base::Duration kDelay = base::microseconds(200);

}  // namespace

Wire::Wire(World& world, std::vector<net::IpAddress> addresses)
    : now_(world.now()), buffer_(kBufferBytes) {
    for (std::size_t id = 0; id < addresses.size(); ++id) {
        hosts_.push_back({&world.node(id), addresses[id], {}, 0});
    }
}

void Wire::send(World::HostId from, std::span<const TunInput> packets) {
    Host& host = hosts_[from];
    for (const TunInput& packet : packets) {
        const CountingScope counting(host.count);
        const base::MutableBytes room = host.node->tun_buffer();
        std::copy(packet.bytes.begin(), packet.bytes.end(), room.begin());
        host.node->handle_tun(now_, {room.first(packet.bytes.size()), packet.offload});
    }
    pump(host);
}

void Wire::run_for(base::Duration duration) {
    const base::Instant end = now_ + duration;
    while (next_event() <= end) {
        now_ = std::max(now_, next_event());
        deliver_arrived();
        for (Host& host : hosts_) {
            if (host.node->next_deadline() <= now_) {
                {
                    const CountingScope counting(host.count);
                    host.node->handle_timeout(now_);
                }
                pump(host);
            }
        }
    }
    now_ = end;
}

base::Instant Wire::next_event() const {
    base::Instant next = in_flight_.empty() ? base::Instant::never() : in_flight_.front().arrives;
    for (const Host& host : hosts_) {
        next = std::min(next, host.node->next_deadline());
    }
    return next;
}

/// What arrives at one host at one time is one batch.
void Wire::deliver_arrived() {
    while (!in_flight_.empty() && in_flight_.front().arrives <= now_) {
        std::vector<Batch> arrived;
        const std::size_t to = in_flight_.front().to;
        while (!in_flight_.empty() && in_flight_.front().arrives <= now_ &&
               in_flight_.front().to == to) {
            arrived.push_back(std::move(in_flight_.front()));
            in_flight_.pop_front();
        }
        std::vector<net::ReceivedDatagrams> batch;
        for (const Batch& one : arrived) {
            batch.push_back({.flow = {one.what.flow.remote, one.what.flow.local},
                             .ecn = one.what.ecn,
                             .segment_size = one.what.segment_size,
                             .payload = one.bytes});
        }
        Host& host = hosts_[to];
        {
            const CountingScope counting(host.count);
            host.node->handle_udp(now_, batch);
        }
        pump(host);
    }
}

/// The second half of the daemon's cycle.
void Wire::pump(Host& host) {
    const auto counted = [&host](auto&& call) {
        const CountingScope counting(host.count);
        return call();
    };
    while (const auto what = counted([&] { return host.node->poll_udp(now_, buffer_); })) {
        put(*what, base::ByteView(buffer_).first(what->size));
    }
    for (const net::TunFrame& frame : counted([&] { return host.node->tun_frames(); })) {
        host.delivered += frame.parts.size();  // one for each packet that was merged
    }
    counted([&] { host.node->clear_tun_frames(); });
    while (counted([&] { return host.node->poll_effect(); })) {
    }
}

void Wire::put(const net::TransmitDatagrams& what, base::ByteView bytes) {
    const auto to = std::find_if(hosts_.begin(), hosts_.end(), [&](const Host& host) {
        return host.address == what.flow.remote.ip;
    });
    const bool lost = lose_one_in_ != 0 && ++batches_ % lose_one_in_ == 0;
    if (to != hosts_.end() && !lost) {
        in_flight_.push_back({.arrives = now_ + kDelay,
                              .to = static_cast<std::size_t>(to - hosts_.begin()),
                              .what = what,
                              .bytes = base::Bytes(bytes.begin(), bytes.end())});
    }
}

std::uint64_t Wire::delivered(World::HostId host) const { return hosts_[host].delivered; }
const AllocationCount& Wire::count(World::HostId host) const { return hosts_[host].count; }

void Wire::start_count() {
    for (Host& host : hosts_) {
        host.count = {};
        host.delivered = 0;
    }
    forget_callers();
}

}  // namespace qe::testing
