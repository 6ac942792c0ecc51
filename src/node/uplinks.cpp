// SPDX-License-Identifier: Apache-2.0
#include "node/uplinks.h"

#include <algorithm>

namespace qe::node {
namespace {

bool has_default_route(const NetworkView& view, std::uint32_t index) {
    return std::any_of(view.routes.begin(), view.routes.end(), [index](const UnderlayRoute& route) {
        return route.interface_index == index && route.destination.length() == 0;
    });
}

void add_unique(std::vector<const Interface*>& list, const Interface& interface) {
    if (list.size() < kUplinksMax && interface.up && !interface.loopback &&
        !interface.addresses.empty() &&
        std::find(list.begin(), list.end(), &interface) == list.end()) {
        list.push_back(&interface);
    }
}

/// The place of an uplink in the configured order, whether those before it are there or not: they
/// may come later.
std::uint32_t place_of(const NodeState& state, std::uint32_t uplink) {
    constexpr std::uint32_t kPlaceMax = kUplinksMax - 1;
    const std::vector<std::string>& patterns = state.config.multipath.interfaces;
    std::uint32_t place = 0;
    for (auto pattern = patterns.begin(); pattern != patterns.end(); ++pattern) {
        std::uint32_t matches = 0;
        for (const Interface& interface : state.view.interfaces) {
            const auto first = std::find_if(patterns.begin(), pattern, [&](const std::string& p) {
                return matches_pattern(p, interface.name);
            });
            if (!interface.loopback && first == pattern &&
                matches_pattern(*pattern, interface.name)) {
                if (interface.index == uplink) {
                    return std::min(place + matches, kPlaceMax);
                }
                ++matches;
            }
        }
        place += std::max(matches, 1U);
    }
    const std::vector<const Interface*> all = uplinks(state);
    const auto it = std::find_if(all.begin(), all.end(), [uplink](const Interface* interface) {
        return interface->index == uplink;
    });
    return it == all.end() ? 0 : static_cast<std::uint32_t>(it - all.begin());
}

}  // namespace

std::vector<const Interface*> uplinks(const NodeState& state) {
    std::vector<const Interface*> found;
    if (!state.config.multipath.enabled) {
        return found;
    }
    for (const std::string& pattern : state.config.multipath.interfaces) {
        for (const Interface& interface : state.view.interfaces) {
            if (matches_pattern(pattern, interface.name)) {
                add_unique(found, interface);
            }
        }
    }
    if (state.config.multipath.interfaces.empty()) {
        for (const Interface& interface : state.view.interfaces) {
            if (has_default_route(state.view, interface.index)) {
                add_unique(found, interface);
            }
        }
    }
    return found;
}

std::uint32_t uplink_of(const NodeState& state, const net::IpAddress& local) {
    const Interface* interface = state.view.find_interface(local);
    const std::vector<const Interface*> all = uplinks(state);
    return std::find(all.begin(), all.end(), interface) == all.end() || interface == nullptr
               ? 0
               : interface->index;
}

std::uint32_t reserve_of(const NodeState& state, std::uint32_t uplink) {
    if (uplink == 0) {
        return uplinks(state).empty() ? 0 : kMeteredReserve;
    }
    const Interface* const interface = state.view.find_interface(uplink);
    const bool metered =
        interface != nullptr &&
        std::ranges::any_of(state.config.multipath.metered, [interface](const auto& pattern) {
            return matches_pattern(pattern, interface->name);
        });
    const std::uint32_t reserve = metered ? kMeteredReserve : 0;
    if (state.config.multipath.mode != "failover") {
        return reserve;
    }
    return reserve + place_of(state, uplink);
}

double weight_of(const NodeState& state, std::uint32_t uplink) {
    const Interface* const interface = state.view.find_interface(uplink);
    return interface == nullptr
               ? 0
               : config::value_for(state.config.multipath.weights, interface->name);
}

double rate_max_of(const NodeState& state, std::uint32_t uplink) {
    constexpr double kBytesPerMbit = 1e6 / 8;
    const Interface* const interface = state.view.find_interface(uplink);
    return interface == nullptr
               ? 0
               : config::value_for(state.config.multipath.limits, interface->name) * kBytesPerMbit;
}

}  // namespace qe::node
