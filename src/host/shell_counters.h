// SPDX-License-Identifier: Apache-2.0
//
// The shell's own counters, under the names that `quicether status` shows.
#pragma once

#include <vector>

#include "host/tun_device.h"
#include "host/udp_socket.h"
#include "quicether/control/messages.h"

namespace qe::host {

/// Names start with "udp_" and "tun_".
void append_counters(const UdpCounters& udp, const TunCounters& tun,
                     std::vector<control::Counter>& out);

}  // namespace qe::host
