// SPDX-License-Identifier: Apache-2.0
#include "host/node_driver.h"

#include <utility>

#include "host/clock.h"
#include "host/huge_pages.h"

namespace qe::host {

NodeDriver::NodeDriver(const Parts& parts, DeadlineTimer timer)
    : loop_(parts.loop),
      node_(parts.node),
      udp_(parts.udp),
      tun_(parts.tun),
      listener_(parts.listener),
      timer_(std::move(timer)),
      v4_watch_(loop_, udp_.v4().fd(),
                [this](FdEvents events) {
                    if (events.readable) {
                        read_udp(udp_.v4(), backlog_v4_);
                    }
                }),
      tun_watch_(loop_, tun_.fd(), [this](FdEvents) { read_tun(); }),
      timer_watch_(loop_, timer_.fd(), [this](FdEvents) { timer_.acknowledge(); }),
      round_end_(loop_, [this] { finish_round(); }) {
    if (UdpSocket* v6 = udp_.v6()) {
        v6_watch_.emplace(loop_, v6->fd(), [this, v6](FdEvents events) {
            if (events.readable) {
                read_udp(*v6, backlog_v6_);
            }
        });
    }
}

void NodeDriver::start(std::uint64_t applied_generation) {
    plan_generation_ = applied_generation;
    node_.set_tun_offloads(tun_.offloads());
    timer_watch_.set({.readable = true});
    update_watches();
    wake();
}

void NodeDriver::read_udp(UdpSocket& socket, bool& backlog) {
    backlog = true;
    for (int i = 0; i < kReceivesPerRound && backlog; ++i) {
        backlog = socket.receive(batch_);
        if (!batch_.received().empty()) {
            prepare_for_bulk(batch_.received().front().payload.size() >= kBulkBytes);
            node_.handle_udp(boottime_now(), batch_.received());
            write_tun();
        }
    }
}

void NodeDriver::read_tun() {
    const base::Instant now = boottime_now();
    std::size_t bytes = 0;
    for (int i = 0; i < kTunReadsPerRound && bytes < kTunBytesPerRound && !udp_.blocked(); ++i) {
        const auto packet = tun_.read(node_.tun_buffer());
        if (!packet) {
            return;
        }
        bytes += packet->bytes.size();
        prepare_for_bulk(packet->offload.segmentation != net::Segmentation::None);
        node_.handle_tun(now, *packet);
    }
}

// An idle daemon stays small; one that carries bulk takes memory for speed.
void NodeDriver::prepare_for_bulk(bool bulk) {
    if (bulk && !std::exchange(bulk_seen_, true)) {
        grow_heap_on_huge_pages();
    }
}

void NodeDriver::finish_round() {
    udp_.resume();
    if (std::exchange(host_got_packets_, false)) {
        read_tun();  // answers, TCP's acknowledgements above all, leave together with ours
    }
    const base::Instant now = boottime_now();
    const bool deferred = run_timers(now);
    const bool more = send_udp(now);
    write_tun();
    // Cleared first: what the listener does may ask for another round.
    round_end_.request_another(deferred || more);
    hand_out();
    update_watches();
    if (!deferred) {
        timer_.arm(node_.next_deadline(), now);
    }
}

/// True when due timers have to wait until the packets of a stall have been read.
bool NodeDriver::run_timers(base::Instant now) {
    const base::Instant deadline = node_.next_deadline();
    const bool backlog = backlog_v4_ || backlog_v6_;
    if (backlog && now - deadline > kStall && deferrals_ < kDeferralsMax) {
        ++deferrals_;
        return true;
    }
    deferrals_ = 0;
    if (deadline <= now) {
        node_.handle_timeout(now);
    }
    return false;
}

/// True when the node has more to send than a round may.
bool NodeDriver::send_udp(base::Instant now) {
    for (int i = 0; i < kSendsPerRound; ++i) {
        if (udp_.blocked()) {
            return false;
        }
        const auto datagrams = node_.poll_udp(now, udp_.transmit_buffer());
        if (!datagrams) {
            return false;
        }
        udp_.send(*datagrams);
    }
    return true;
}

void NodeDriver::write_tun() {
    const auto frames = node_.tun_frames();
    if (!frames.empty()) {
        tun_.write_batch(frames);
        node_.set_tun_offloads(tun_.offloads());  // what the device refuses time and again is off
        host_got_packets_ = true;
    }
    node_.clear_tun_frames();  // also when all was forwarded: it frees what was received
}

void NodeDriver::hand_out() {
    const std::uint64_t generation = node_.host_plan().generation;
    if (std::exchange(plan_generation_, generation) != generation) {
        listener_.handle_plan(node_.host_plan());
    }
    while (auto effect = node_.poll_effect()) {
        listener_.handle_effect(std::move(*effect));
    }
    while (auto reply = node_.poll_reply()) {
        listener_.handle_reply(std::move(*reply));
    }
    while (const auto datagram = node_.poll_lan()) {
        listener_.handle_lan(*datagram);
    }
    if (tun_.lost() && !std::exchange(tun_lost_, true)) {
        listener_.handle_tun_lost();
    }
}

void NodeDriver::update_watches() {
    const UdpSocket* blocked = udp_.blocked_socket();
    v4_watch_.set({true, blocked == &udp_.v4()});
    if (v6_watch_) {
        v6_watch_->set({true, blocked == udp_.v6()});
    }
    // While the network takes nothing, packets wait in the TUN queue, where the senders feel it.
    tun_watch_.set({.readable = !udp_.blocked() && !tun_lost_});
}

}  // namespace qe::host
