// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/convergence.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {
namespace {

/// Larger worlds are asked in turns.
constexpr std::size_t kAsked = 20;

double share_lost(const LossModel& loss) {
    const double bad =
        loss.to_bad + loss.to_good > 0 ? loss.to_bad / (loss.to_bad + loss.to_good) : 0.0;
    return (1 - bad) * loss.good + bad * loss.bad;
}

bool fit(const PipeOptions& pipe) {
    return pipe.up && pipe.mtu >= Convergence::kMtuMin && pipe.corrupt <= Convergence::kLossMax &&
           share_lost(pipe.loss) <= Convergence::kLossMax;
}

bool holds(const std::vector<HostId>& sorted, HostId id) {
    return std::binary_search(sorted.begin(), sorted.end(), id);
}

bool has_carrier(const Host& host) {
    const auto addresses = host.addresses();
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const net::IpAddress& a) { return host.network_of(a).has_value(); });
}

}  // namespace

bool Convergence::whole(World& world) {
    std::vector<std::vector<HostId>> connected;
    for (HostId id = 0; id < world.host_count(); ++id) {
        connected.push_back(world.host(id).connected());
    }
    for (HostId a = 0; a < connected.size(); ++a) {
        for (HostId b = a + 1; b < connected.size(); ++b) {
            if (world.should_connect(a, b) && !(holds(connected[a], b) && holds(connected[b], a))) {
                return false;
            }
        }
    }
    return true;
}

void Convergence::disturb() {
    calm_since_ = now();
    next_judgement_ = now() + kBound;
}

void Convergence::on_received(HostId host, const Packet& packet) {
    if (packet.corrupted || !packet.author) {
        return;
    }
    const auto entry = deaf_since_.find({host, *packet.author});
    if (entry != deaf_since_.end() && !entry->second.silent.is_never()) {
        entry->second = {now(), now()};
    }
}

void Convergence::on_host(HostId host, HostChange /*change*/) {
    disturb();
    // Whether it hears whom is asked anew.
    std::erase_if(deaf_since_, [host](const auto& entry) { return entry.first.first == host; });
}

void Convergence::on_action(std::string_view /*what*/) { disturb(); }

void Convergence::on_second() {
    const std::size_t hosts = world().host_count();
    for (std::size_t i = 0; i < std::min(hosts, kAsked) && !full(); ++i) {
        judge_claims(static_cast<HostId>((seconds_ * kAsked + i) % hosts));
    }
    ++seconds_;
    if (now() >= next_judgement_ && !full()) {
        next_judgement_ = now() + kBound;
        if (ways_are_fit()) {
            judge_mesh();
        }
    }
}

bool Convergence::ways_are_fit() const {
    for (const std::string& link : world().topology().links()) {
        const auto options = world().topology().link_options(link);
        if (options && !(fit(options->up) && fit(options->down))) {
            return false;
        }
    }
    return true;
}

void Convergence::judge_mesh() {
    std::vector<std::vector<HostId>> connected;
    for (HostId id = 0; id < world().host_count(); ++id) {
        connected.push_back(world().host(id).connected());
    }
    for (HostId a = 0; a < connected.size(); ++a) {
        for (HostId b = a + 1; b < connected.size(); ++b) {
            const bool at_a = holds(connected[a], b);
            const bool at_b = holds(connected[b], a);
            if (at_a && at_b) {
                continue;
            }
            if (world().should_connect(a, b)) {
                object(fmt::format(
                    "{} and {} can reach each other and nothing has happened for {} s, but {}",
                    name_of(a), name_of(b),
                    std::chrono::duration_cast<base::seconds>(now() - calm_since_).count(),
                    at_a || at_b
                        ? fmt::format("only {} says they are connected", name_of(at_a ? a : b))
                        : std::string("they are not connected")));
            } else if (at_a != at_b && !world().host(a).suspended() &&
                       !world().host(b).suspended()) {  // who sleeps knows no better
                object(fmt::format("{} says it is connected with {}, which says it is not",
                                   name_of(at_a ? a : b), name_of(at_a ? b : a)));
            }
        }
    }
}

/// Nothing that `to` sends reaches `id`, or nothing that `id` sends reaches `to`.
bool Convergence::deaf(HostId id, HostId to) const {
    World& w = world();
    return !w.host(to).awake() || w.blocked(to, id) || w.blocked(id, to) ||
           !has_carrier(w.host(id)) || !has_carrier(w.host(to));
}

void Convergence::judge_claims(HostId id) {
    if (!world().host(id).awake()) {
        return;
    }
    const std::vector<HostId> connected = world().host(id).connected();
    std::erase_if(deaf_since_, [&](const auto& entry) {
        return entry.first.first == id && !holds(connected, entry.first.second);
    });
    for (const HostId to : connected) {
        if (!deaf(id, to)) {
            deaf_since_.erase({id, to});
            continue;
        }
        Deafness& deafness = deaf_since_.try_emplace({id, to}, Deafness{now()}).first->second;
        const bool hears = world().host(to).awake() && !world().blocked(to, id);
        deafness.silent = hears ? base::Instant::never() : std::min(deafness.silent, now());
        const base::Duration turns =
            base::seconds(static_cast<std::int64_t>(world().host_count() / kAsked));
        const base::Duration deaf_for = now() - deafness.since;
        if (deaf_for > kDeafMax + turns || (!hears && now() - deafness.silent > kSilence + turns)) {
            object(
                fmt::format("{} says that it is connected with {}, which it has not been able to "
                            "talk with for {} s",
                            name_of(id), world().host(to).name(),
                            std::chrono::duration_cast<base::seconds>(deaf_for).count()));
            deaf_since_.erase({id, to});
        }
    }
}

}  // namespace qe::sim
