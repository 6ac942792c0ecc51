// SPDX-License-Identifier: Apache-2.0
#include "link_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

namespace qe::linkemu {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr double kStandardDeviationsMax = 3;

/// Box and Muller (1958).
double normal(Dice& dice) {
    const double radius = std::sqrt(-2 * std::log(1 - dice.unit()));
    const double value = radius * std::cos(2 * std::numbers::pi * dice.unit());
    return std::clamp(value, -kStandardDeviationsMax, kStandardDeviationsMax);
}

/// In units of the jitter.
double spread(Distribution distribution, Dice& dice) {
    switch (distribution) {
        case Distribution::Normal:
            return normal(dice);
        case Distribution::Exponential:
            return -std::log(1 - dice.unit());
        case Distribution::Uniform:
            break;
    }
    return 2 * dice.unit() - 1;
}

}  // namespace

LinkModel::LinkModel(std::uint64_t seed, const std::string& label, const Conditions& conditions)
    : conditions_(conditions),
      loss_dice_(seed, label + "/loss"),
      delay_dice_(seed, label + "/delay"),
      reorder_dice_(seed, label + "/reorder"),
      duplicate_dice_(seed, label + "/duplicate") {}

void LinkModel::handle_packet(base::Instant now, PacketHandle packet, std::size_t bytes) {
    serve(now);
    ++counters_.entered;
    counters_.entered_bytes += bytes;
    if (!up_ || conditions_.blackhole) {
        drop(packet, counters_.lost_down);
    } else if (bytes > conditions_.mtu) {
        drop(packet, counters_.lost_mtu);
    } else if (inside() >= kInsideMax) {
        drop(packet, counters_.lost_full);
    } else if (queue_.empty() && line_free_at_ <= now) {
        send({packet, bytes, now}, now);
    } else {
        enqueue(now, packet, bytes);
    }
}

void LinkModel::set_conditions(base::Instant now, const Conditions& conditions) {
    serve(now);
    if (conditions.rate_bps != conditions_.rate_bps) {
        bit_remainder_ = 0;  // was a fraction of the old rate's bit
    }
    conditions_ = conditions;
    serve(now);
}

void LinkModel::set_up(base::Instant now, bool up) {
    serve(now);
    up_ = up;
    if (!up) {
        lose_all();
        line_free_at_ = std::min(line_free_at_, now);
        last_arrival_ = std::min(last_arrival_, now);
    }
}

std::optional<Arrival> LinkModel::poll_arrival(base::Instant now) {
    serve(now);
    const bool held_is_due = !held_.empty() && held_.front().at <= now;
    const bool due = !flying_.empty() && flying_.front().at <= now;
    if (held_is_due && (!due || held_.front().at < flying_.front().at)) {
        std::pop_heap(held_.begin(), held_.end(), lands_later);
        const Arrival arrival = arrive(held_.back());
        held_.pop_back();
        return arrival;
    }
    if (!due) {
        return std::nullopt;
    }
    const Arrival arrival = arrive(flying_.front());
    flying_.pop_front();
    return arrival;
}

std::optional<PacketHandle> LinkModel::poll_dropped() {
    if (dropped_.empty()) {
        return std::nullopt;
    }
    const PacketHandle packet = dropped_.front();
    dropped_.pop_front();
    return packet;
}

/// Packets keep their order: those that wait arrive after all that fly, and are served until then.
base::Instant LinkModel::next_deadline() const noexcept {
    const base::Instant waiting = queue_.empty() ? base::Instant::never() : line_free_at_;
    const base::Instant next = flying_.empty() ? waiting : flying_.front().at;
    return held_.empty() ? next : std::min(next, held_.front().at);
}

// --- Queue and line ------------------------------------------------------------------------------

void LinkModel::drop(PacketHandle packet, std::uint64_t& counter) {
    ++counter;
    dropped_.push_back(packet);
}

/// In bytes. A limit of time leaves room for one packet, however slow the line.
std::size_t LinkModel::queue_limit() const noexcept {
    if (conditions_.queue_bytes > 0 || conditions_.rate_bps == 0) {
        return conditions_.queue_bytes > 0 ? conditions_.queue_bytes : SIZE_MAX;
    }
    const double seconds = std::chrono::duration<double>(conditions_.queue_time).count();
    return static_cast<std::size_t>(seconds * static_cast<double>(conditions_.rate_bps) / 8);
}

void LinkModel::enqueue(base::Instant now, PacketHandle packet, std::size_t bytes) {
    const bool always_fits = queue_.empty() && conditions_.queue_bytes == 0;
    if (!always_fits && queued_bytes_ + bytes > queue_limit()) {
        drop(packet, counters_.lost_queue);
        return;
    }
    queued_bytes_ += bytes;
    counters_.queue_bytes_max = std::max<std::uint64_t>(counters_.queue_bytes_max, queued_bytes_);
    queue_.push_back({packet, bytes, now});
}

/// Sends all whose turn came by `now`, each at the time that it came.
void LinkModel::serve(base::Instant now) {
    while (!queue_.empty() && line_free_at_ <= now) {
        const Waiting head = queue_.front();
        queue_.pop_front();
        queued_bytes_ -= head.bytes;
        send(head, line_free_at_);
    }
}

/// What happens to the packet when its last bit has been sent is decided now, which spares a step.
void LinkModel::send(const Waiting& packet, base::Instant start) {
    if (line_free_at_ < start) {
        bit_remainder_ = 0;  // the line was idle
    }
    counters_.queue_delay_max = std::max(counters_.queue_delay_max, start - packet.since);
    line_free_at_ = start + sending_time(packet.bytes);
    if (lost_to_noise()) {
        drop(packet.packet, counters_.lost_random);
    } else {
        fly(packet.packet, packet.bytes);
    }
}

base::Duration LinkModel::sending_time(std::size_t bytes) noexcept {
    if (conditions_.rate_bps == 0) {
        return {};
    }
    const std::uint64_t work = bytes * 8 * kNanosecondsPerSecond + bit_remainder_;
    bit_remainder_ = work % conditions_.rate_bps;
    return base::Duration(static_cast<base::Duration::rep>(work / conditions_.rate_bps));
}

// --- Noise and delay -----------------------------------------------------------------------------

bool LinkModel::lost_to_noise() {
    const LossModel& loss = conditions_.loss;
    if (loss_dice_.chance(in_bad_state_ ? loss.to_good : loss.to_bad)) {
        in_bad_state_ = !in_bad_state_;
    }
    return loss_dice_.chance(in_bad_state_ ? loss.bad : loss.good);
}

base::Duration LinkModel::drawn_delay() {
    if (conditions_.jitter.count() == 0) {
        return conditions_.delay;
    }
    const double added = spread(conditions_.distribution, delay_dice_);
    const auto jitter = static_cast<double>(conditions_.jitter.count());
    return std::max(base::Duration(0),
                    conditions_.delay + base::Duration(std::llround(added * jitter)));
}

bool LinkModel::lands_later(const Flying& a, const Flying& b) noexcept {
    return std::tie(a.at, a.number) > std::tie(b.at, b.number);
}

void LinkModel::fly(PacketHandle packet, std::size_t bytes) {
    Flying flying{{packet, duplicate_dice_.chance(conditions_.duplicate)},
                  bytes,
                  std::max(line_free_at_ + drawn_delay(), last_arrival_)};
    counters_.duplicated += flying.arrival.twice ? 1U : 0U;
    if (reorder_dice_.chance(conditions_.reorder)) {
        flying.number = ++counters_.reordered;
        flying.at = flying.at + conditions_.reorder_by;
        held_.push_back(flying);
        std::push_heap(held_.begin(), held_.end(), lands_later);
        return;
    }
    last_arrival_ = flying.at;
    flying_.push_back(flying);
}

Arrival LinkModel::arrive(const Flying& packet) {
    ++counters_.arrived;
    counters_.arrived_bytes += packet.bytes;
    return packet.arrival;
}

void LinkModel::lose_all() {
    for (const Waiting& packet : queue_) {
        drop(packet.packet, counters_.lost_down);
    }
    for (const Flying& packet : flying_) {
        drop(packet.arrival.packet, counters_.lost_down);
    }
    for (const Flying& packet : held_) {
        drop(packet.arrival.packet, counters_.lost_down);
    }
    queue_.clear();
    queued_bytes_ = 0;
    flying_.clear();
    held_.clear();
}

}  // namespace qe::linkemu
