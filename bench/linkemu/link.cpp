// SPDX-License-Identifier: Apache-2.0
#include "link.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace qe::linkemu {
namespace {

constexpr int kReadsPerBatch = 64;
/// What a packet's way through the kernel, to us and from us, takes anyway.
constexpr base::Duration kHandling = base::microseconds(8);

Conditions without_handling(Conditions conditions) {
    conditions.delay = std::max(base::Duration(0), conditions.delay - kHandling);
    return conditions;
}

double milliseconds(base::Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Link::Link(std::string name, std::array<TunPort, 2> ends, std::size_t interface_mtu,
           std::uint64_t seed, const Conditions& conditions)
    : name_(std::move(name)),
      ends_(std::move(ends)),
      conditions_{conditions, conditions},
      models_{LinkModel(seed, name_ + "/ab", without_handling(conditions)),
              LinkModel(seed, name_ + "/ba", without_handling(conditions))},
      pool_(interface_mtu) {}

void Link::read(base::Instant now, std::size_t side) {
    LinkModel& model = models_[side];
    for (int i = 0; i < kReadsPerBatch; ++i) {
        const std::uint32_t slot = pool_.acquire();
        const auto size = ends_[side].read(pool_.room(slot));
        if (!size) {
            pool_.release(slot);
            return;
        }
        pool_.set_size(slot, *size);
        model.handle_packet(now, slot, *size);
        release_dropped(model);
    }
}

void Link::deliver(base::Instant now) {
    for (const std::size_t side : {kA, kB}) {
        while (const auto arrival = models_[side].poll_arrival(now)) {
            for (int copies = arrival->twice ? 2 : 1; copies > 0; --copies) {
                ends_[1 - side].write(pool_.packet(arrival->packet));
            }
            pool_.release(arrival->packet);
        }
        release_dropped(models_[side]);
    }
}

base::Instant Link::next_deadline() const noexcept {
    return std::min(models_[kA].next_deadline(), models_[kB].next_deadline());
}

void Link::set_conditions(base::Instant now, std::size_t side, const Conditions& conditions) {
    conditions_[side] = conditions;
    models_[side].set_conditions(now, without_handling(conditions));
}

void Link::set_up(base::Instant now, bool up) {
    for (const std::size_t side : {kA, kB}) {
        models_[side].set_up(now, up);
        release_dropped(models_[side]);
        ends_[side].set_carrier(up);
    }
}

void Link::release_dropped(LinkModel& model) {
    while (const auto packet = model.poll_dropped()) {
        pool_.release(*packet);
    }
}

std::string Link::statistics() const {
    return fmt::format(R"({{"name":"{}","up":{},"ab":{},"ba":{}}})", name_, models_[kA].up(),
                       statistics(kA), statistics(kB));
}

std::string Link::statistics(std::size_t side) const {
    const LinkModel& model = models_[side];
    const LinkCounters& seen = model.counters();
    return fmt::format(
        R"({{"entered":{},"entered_bytes":{},"arrived":{},"arrived_bytes":{},)"
        R"("lost_down":{},"lost_mtu":{},"lost_queue":{},"lost_random":{},"lost_full":{},)"
        R"("duplicated":{},"reordered":{},"inside":{},"queued_bytes":{},"queue_bytes_max":{},)"
        R"("queue_delay_max_ms":{:.3f},"missed":{},"refused":{}}})",
        seen.entered, seen.entered_bytes, seen.arrived, seen.arrived_bytes, seen.lost_down,
        seen.lost_mtu, seen.lost_queue, seen.lost_random, seen.lost_full, seen.duplicated,
        seen.reordered, model.inside(), model.queued_bytes(), seen.queue_bytes_max,
        milliseconds(seen.queue_delay_max), ends_[side].missed(), ends_[1 - side].refused());
}

}  // namespace qe::linkemu
