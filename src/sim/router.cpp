// SPDX-License-Identifier: Apache-2.0
#include "sim/router.h"

#include <iterator>
#include <utility>

namespace qe::sim {

void Router::forward(Packet packet, Side side) {
    const auto host = hosts_.find(packet.destination.ip);
    if (host != hosts_.end() && host->second.local && side == Side::Host) {
        ++counters_.forwarded;
        host->second.to->receive(std::move(packet));
        return;
    }
    Receiver* const to =
        host != hosts_.end() ? host->second.to : way_to(packet.destination.ip, side);
    if (to == nullptr) {
        ++counters_.lost_no_route;
        return;
    }
    if (packet.hop_limit <= 1) {
        ++counters_.lost_hops;
        return;
    }
    --packet.hop_limit;
    ++counters_.forwarded;
    to->receive(std::move(packet));
}

Receiver* Router::way_to(const net::IpAddress& destination, Side side) const {
    const auto after = prefixes_.upper_bound(destination);
    if (after != prefixes_.begin()) {
        const Route& route = std::prev(after)->second;
        if (route.prefix.contains(destination)) {
            return route.to;
        }
    }
    return side == Side::Above ? nullptr : default_;
}

}  // namespace qe::sim
