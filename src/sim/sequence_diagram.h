// SPDX-License-Identifier: Apache-2.0
//
// Draws the end of a trace as a Mermaid sequenceDiagram: hosts as participants, what the scenario
// did, what nodes said, and the datagrams between hosts.
//
// Datagrams are encrypted, so only their traffic shows: one arrow for each pair of hosts and each
// tenth of a second that has any, a crossed one for what did not arrive.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quicether/base/time.h"
#include "sim/trace.h"

namespace qe::sim {

struct DiagramOptions {
    base::Instant began;                              ///< Of the world; times are shown since then.
    base::Duration window = std::chrono::minutes(2);  ///< Before the last event.
    base::Duration step = base::milliseconds(100);    ///< Datagrams of one arrow; > 0.
    /// Mermaid draws no more than 50,000 characters; the oldest lines are left out.
    std::size_t lines_max = 400;
};

/// `hosts` are the names by HostId. Ends with a newline.
[[nodiscard]] std::string to_mermaid(const Trace& trace, const std::vector<std::string>& hosts,
                                     const DiagramOptions& options);

}  // namespace qe::sim
