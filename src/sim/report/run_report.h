// SPDX-License-Identifier: Apache-2.0
//
// RunReport: all that is left of a run when its world is gone; tables, JSON and pages are made of
// it. Times count from the world's beginning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/figures.h"
#include "sim/scenario/judge.h"
#include "sim/traffic/flow.h"

namespace qe::sim {

struct FlowSummary {
    std::string name;
    FlowKind kind = FlowKind::Ping;
    std::string from;
    std::string to;
    std::size_t sent = 0;
    double delivery = 1;
    base::Duration delay_p50{0};
    base::Duration delay_p99{0};
    base::Duration longest_gap{0};
    double goodput_bps = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t altered = 0;
    std::uint64_t reordered = 0;
    std::uint64_t retransmissions = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t congestion_marks = 0;
    // For each second: median delay in ms (negative: nothing came), and Mbit/s.
    std::vector<double> delay_ms{};
    std::vector<double> mbit{};
};

struct CheckerFinding {
    std::string checker;
    base::Duration when{0};
    std::string what;
};

struct RunReport {
    std::string scenario;
    std::string title;
    std::string file;
    std::string commit;
    std::uint64_t seed = 0;
    base::Duration duration{0};
    std::vector<std::string> hosts;
    std::string error;  ///< Why the world could not be built; the rest is empty then.

    std::string trace_hash;
    std::uint64_t trace_events = 0;
    bool twice = false;    ///< It ran a second time.
    bool repeated = true;  ///< False: that did something else.
    std::string trace_file;
    std::string diagram_file;

    std::vector<Verdict> verdicts;
    std::vector<CheckerFinding> findings;

    std::optional<base::Duration> convergence;  ///< From the beginning until all were connected.
    double delivery = 1;                        ///< Of all probes.
    base::Duration rtt_p50{0};                  ///< Of all echoes.
    base::Duration rtt_p99{0};
    double goodput_bps = 0;  ///< Of all reliable flows together.
    double control_rate = 0;
    std::uint64_t handshakes = 0;
    std::uint64_t reconnects = 0;

    std::vector<FlowSummary> flows;
    std::vector<SecondFigures> seconds;
    std::vector<Mark> marks;
    base::Instant began;

    [[nodiscard]] bool passed() const noexcept;
    /// The command that does the same again.
    [[nodiscard]] std::string replay() const;
};

}  // namespace qe::sim
