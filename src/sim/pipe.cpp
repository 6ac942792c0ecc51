// SPDX-License-Identifier: Apache-2.0
#include "sim/pipe.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace qe::sim {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

bool is_ect(net::Ecn ecn) noexcept { return ecn == net::Ecn::Ect0 || ecn == net::Ecn::Ect1; }

}  // namespace

PipeCounters& PipeCounters::operator+=(const PipeCounters& other) noexcept {
    entered += other.entered;
    delivered += other.delivered;
    delivered_bytes += other.delivered_bytes;
    lost_down += other.lost_down;
    lost_mtu += other.lost_mtu;
    lost_queue += other.lost_queue;
    lost_random += other.lost_random;
    duplicated += other.duplicated;
    reordered += other.reordered;
    corrupted += other.corrupted;
    marked += other.marked;
    return *this;
}

Pipe::Pipe(Scheduler& scheduler, base::Rng rng, const PipeOptions& options, Receiver& to)
    : scheduler_(scheduler), rng_(std::move(rng)), options_(options), to_(to) {}

void Pipe::set_options(const PipeOptions& options) noexcept {
    if (options.rate_bps != options_.rate_bps) {
        bit_remainder_ = 0;  // was a fraction of the old rate's bit
    }
    options_ = options;
}

std::size_t Pipe::inside() const noexcept { return queue_.size() + flying_.size() + held_.size(); }

void Pipe::receive(Packet packet) {
    ++counters_.entered;
    if (!options_.up) {
        ++counters_.lost_down;
    } else if (packet.wire_bytes() > options_.mtu) {
        ++counters_.lost_mtu;
    } else if (queue_.empty() && line_free_at_ <= scheduler_.now()) {
        send(std::move(packet));
    } else {
        enqueue(std::move(packet));
    }
}

// --- Queue and rate ------------------------------------------------------------------------------

void Pipe::enqueue(Packet packet) {
    const std::size_t bytes = packet.wire_bytes();
    if (queued_bytes_ + bytes > options_.queue_bytes) {
        ++counters_.lost_queue;
        return;
    }
    queued_bytes_ += bytes;
    queue_.push({std::move(packet), scheduler_.now()});
    if (!serving_) {
        schedule_service();
    }
}

void Pipe::schedule_service() {
    serving_ = true;
    scheduler_.at(line_free_at_, [this] { serve(); });
}

/// Takes packets from the queue until one occupies the line.
void Pipe::serve() {
    serving_ = false;
    while (!queue_.empty() && line_free_at_ <= scheduler_.now()) {
        Waiting head = queue_.pop();
        queued_bytes_ -= head.packet.wire_bytes();
        if (condemned(head)) {
            ++counters_.lost_queue;
        } else {
            send(std::move(head.packet));
        }
    }
    if (!queue_.empty()) {
        schedule_service();
    }
}

/// Puts a packet on the free line, which it leaves when its last bit is sent. What happens to it
/// then is decided now, which spares an event.
void Pipe::send(Packet packet) {
    const base::Instant now = scheduler_.now();
    if (line_free_at_ < now) {
        bit_remainder_ = 0;  // the line was idle
    }
    line_free_at_ = now;
    if (options_.rate_bps > 0) {
        line_free_at_ = now + sending_time(packet.wire_bytes());
    }
    depart(std::move(packet));
}

base::Duration Pipe::sending_time(std::size_t bytes) noexcept {
    const std::uint64_t work = bytes * 8 * kNanosecondsPerSecond + bit_remainder_;
    bit_remainder_ = work % options_.rate_bps;
    return base::Duration(static_cast<base::Duration::rep>(work / options_.rate_bps));
}

/// Marks the packet instead when both ends can tell (RFC 3168).
bool Pipe::condemned(Waiting& head) {
    if (options_.queue != QueueKind::CoDel) {
        return false;
    }
    const base::Instant now = scheduler_.now();
    if (!codel_.condemns(now, now - head.since, queued_bytes_)) {
        return false;
    }
    if (!is_ect(head.packet.ecn)) {
        return true;
    }
    head.packet.ecn = net::Ecn::Ce;
    ++counters_.marked;
    return false;
}

// --- Noise and delay -----------------------------------------------------------------------------

void Pipe::depart(Packet packet) {
    if (lost_to_noise()) {
        ++counters_.lost_random;
        return;
    }
    if (!packet.payload.empty() && chance(options_.corrupt)) {
        flip_bit(packet);
    }
    if (chance(options_.duplicate)) {
        ++counters_.duplicated;
        fly(packet);
    }
    fly(std::move(packet));
}

bool Pipe::lands_later(const Flying& a, const Flying& b) noexcept {
    return std::tie(a.arrives, a.number) > std::tie(b.arrives, b.number);
}

void Pipe::fly(Packet packet) {
    base::Duration delay = options_.delay;
    if (options_.jitter.count() > 0) {
        const auto bound = static_cast<std::uint64_t>(options_.jitter.count()) + 1;
        delay += base::Duration(static_cast<base::Duration::rep>(rng_.below(bound)));
    }
    const base::Instant arrives = std::max(line_free_at_ + delay, last_arrival_);
    if (options_.reorder_by.count() > 0 && chance(options_.reorder)) {
        ++counters_.reordered;
        held_.push_back({std::move(packet), arrives + options_.reorder_by, counters_.reordered});
        std::push_heap(held_.begin(), held_.end(), lands_later);
        scheduler_.at(arrives + options_.reorder_by, [this] { on_held_landing(); });
        return;
    }
    last_arrival_ = arrives;
    flying_.push({std::move(packet), arrives, 0});
    if (!landing_) {
        schedule_landing();
    }
}

void Pipe::schedule_landing() {
    landing_ = true;
    scheduler_.at(flying_.front().arrives, [this] { on_landing(); });
}

void Pipe::on_landing() {
    while (!flying_.empty() && flying_.front().arrives <= scheduler_.now()) {
        deliver(flying_.pop().packet);
    }
    landing_ = false;
    if (!flying_.empty()) {
        schedule_landing();
    }
}

void Pipe::on_held_landing() {
    std::pop_heap(held_.begin(), held_.end(), lands_later);
    Packet packet = std::move(held_.back().packet);
    held_.pop_back();
    deliver(std::move(packet));
}

void Pipe::deliver(Packet packet) {
    ++counters_.delivered;
    counters_.delivered_bytes += packet.wire_bytes();
    to_.receive(std::move(packet));
}

void Pipe::flip_bit(Packet& packet) {
    const std::uint64_t bit = rng_.below(packet.payload.size() * 8);
    packet.payload[bit / 8] ^= std::byte{1} << (bit % 8);
    packet.corrupted = true;
    ++counters_.corrupted;
}

bool Pipe::lost_to_noise() {
    const LossModel& loss = options_.loss;
    if (chance(in_bad_state_ ? loss.to_good : loss.to_bad)) {
        in_bad_state_ = !in_bad_state_;
    }
    return chance(in_bad_state_ ? loss.bad : loss.good);
}

/// Draws nothing where the outcome is certain.
bool Pipe::chance(double probability) noexcept {
    if (probability <= 0) {
        return false;
    }
    constexpr double kUnit = 1.0 / 9007199254740992.0;  // 2^-53
    return probability >= 1 || static_cast<double>(rng_.u64() >> 11) * kUnit < probability;
}

}  // namespace qe::sim
