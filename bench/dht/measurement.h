// SPDX-License-Identifier: Apache-2.0
//
// Measurement: one swarm from its growth to the figures of its lookups.
#pragma once

#include <cstddef>
#include <cstdint>

#include "trace.h"

namespace qe::bench {

struct MeasurementOptions {
    std::size_t nodes = 1000;
    std::size_t lookups = 1000;
    std::uint32_t idle_minutes = 30;
    double churn_per_hour = 0;  ///< Share of nodes that are replaced.
    double hostile = 0;         ///< Share of nodes that collude.
    unsigned forged_bits = 0;   ///< Of their ids, shared with any target; 0: ids are not forged.
    double loss = 0;
    bool wide = false;
    unsigned paths = 0;  ///< Of a lookup; 0: the default.
    std::uint8_t seed = 1;
};

struct Figures {
    double found = 0;                ///< Share of gets that gave the item.
    double hops = 0;                 ///< Mean, of gets.
    double queries = 0;              ///< Mean per find_node to the end.
    double nearest_found = 0;        ///< Share of find_node that gave the nearest honest node.
    double contacts = 0;             ///< Mean per node.
    double idle_bytes_per_hour = 0;  ///< Sent by a node.
    double idle_messages_per_hour = 0;
    double memory_bytes = 0;  ///< Of the process, per node.
    TraceFigures trace;       ///< Why gets failed.
};

[[nodiscard]] Figures measure(const MeasurementOptions& options);

}  // namespace qe::bench
