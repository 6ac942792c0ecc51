// SPDX-License-Identifier: Apache-2.0
//
// Where a network's address range meets what the host has itself: its interfaces' networks, and
// routes that the overlay would take over. Loopback and link-local networks concern nobody, and
// less specific routes, above all the default, are what an overlay is there to override.
#pragma once

#include <string>
#include <vector>

#include "quicether/node/network_view.h"

namespace qe::node {

struct HostConflict {
    net::Prefix theirs;
    std::string interface_name;
    bool is_route = false;  ///< Else a network the interface has an address in.
    friend bool operator==(const HostConflict&, const HostConflict&) = default;
};

/// Each network or route once, in the order of the interfaces.
[[nodiscard]] std::vector<HostConflict> find_host_conflicts(const NetworkView& view,
                                                            const net::Prefix& overlay);

/// Names both sides and says what to do.
[[nodiscard]] std::string to_sentence(const HostConflict& conflict, const net::Prefix& overlay);

}  // namespace qe::node
