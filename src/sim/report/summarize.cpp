// SPDX-License-Identifier: Apache-2.0
#include "sim/report/summarize.h"

#include <algorithm>

namespace qe::sim {
namespace {

FlowSummary summarize_flow(const Evidence& evidence, const Flow& flow) {
    const FlowOptions& options = flow.options();
    const FlowRecord& record = flow.record();
    const base::Instant began = evidence.figures.began();
    const base::Duration end =
        std::min(options.stop.value_or(evidence.scenario.duration), evidence.scenario.duration);
    const Span span{began + options.start, began + end};
    FlowSummary out{.name = options.name,
                    .kind = options.kind,
                    .from = evidence.scenario.hosts[options.from].options.name,
                    .to = evidence.scenario.hosts[options.to].options.name};
    const auto delays = record.delays(span);
    out.sent = record.probes.size();
    out.delivery = record.delivery(span);
    out.delay_p50 = percentile(delays, 0.5);
    out.delay_p99 = percentile(delays, 0.99);
    out.longest_gap = record.longest_gap(span);
    out.goodput_bps = record.goodput_bps(span);
    out.duplicates = record.duplicates;
    out.altered = record.altered;
    out.reordered = record.reordered;
    out.retransmissions = record.retransmissions;
    out.timeouts = record.timeouts;
    out.congestion_marks = record.congestion_marks;
    return out;
}

/// Medians and rates of every second, in one pass over the probes.
void add_series(const Evidence& evidence, const Flow& flow, FlowSummary& out) {
    const base::Instant began = evidence.figures.began();
    const std::size_t seconds = evidence.figures.seconds().size();
    std::vector<std::vector<base::Duration>> delays(seconds);
    for (const Probe& probe : flow.record().probes) {
        const auto second = static_cast<std::size_t>((probe.sent - began) / base::seconds(1));
        if (second < seconds && probe.delivered()) {
            delays[second].push_back(probe.delay());
        }
    }
    for (std::size_t i = 0; i < seconds; ++i) {
        std::ranges::sort(delays[i]);
        const auto ms =
            std::chrono::duration<double, std::milli>(percentile(delays[i], 0.5)).count();
        out.delay_ms.push_back(delays[i].empty() ? -1.0 : ms);
        const base::Instant from = began + base::seconds(i);
        out.mbit.push_back(flow.record().goodput_bps({from, from + base::seconds(1)}) / 1e6);
    }
}

void summarize_probes(const Evidence& evidence, RunReport& out) {
    std::vector<base::Duration> echoes;
    std::size_t sent = 0;
    std::size_t arrived = 0;
    for (const auto& flow : evidence.flows) {
        for (const Probe& probe : flow->record().probes) {
            ++sent;
            arrived += probe.delivered() ? 1U : 0U;
            if (probe.delivered() && flow->options().kind == FlowKind::Ping) {
                echoes.push_back(probe.delay());
            }
        }
    }
    std::ranges::sort(echoes);
    out.delivery = sent == 0 ? 1 : static_cast<double>(arrived) / static_cast<double>(sent);
    out.rtt_p50 = percentile(echoes, 0.5);
    out.rtt_p99 = percentile(echoes, 0.99);
}

}  // namespace

void summarize(const Evidence& evidence, RunReport& out) {
    const Figures& figures = evidence.figures;
    const Span all{figures.began(), figures.began() + evidence.scenario.duration};
    out.began = figures.began();
    out.convergence = figures.meshed_after(figures.began(), {});
    out.control_rate = figures.control_rate(all);
    out.handshakes = figures.counter("quic_handshakes_completed", {});
    out.reconnects = figures.reconnects(all, {});
    out.seconds = figures.seconds();
    out.marks = figures.marks();
    summarize_probes(evidence, out);
    for (const auto& flow : evidence.flows) {
        FlowSummary& summary = out.flows.emplace_back(summarize_flow(evidence, *flow));
        add_series(evidence, *flow, summary);
        out.goodput_bps += summary.kind == FlowKind::Tcp ? summary.goodput_bps : 0;
    }
}

}  // namespace qe::sim
