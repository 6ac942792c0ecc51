// SPDX-License-Identifier: Apache-2.0
#include "sim/report/json.h"

#include <nlohmann/json.hpp>

namespace qe::sim {
namespace {

using Json = nlohmann::ordered_json;

double seconds_of(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string_view kind_text(FlowKind kind) {
    return kind == FlowKind::Ping ? "ping" : kind == FlowKind::Udp ? "udp" : "tcp";
}

Json flow_json(const FlowSummary& flow) {
    return {{"name", flow.name},
            {"kind", kind_text(flow.kind)},
            {"from", flow.from},
            {"to", flow.to},
            {"sent", flow.sent},
            {"delivery", flow.delivery},
            {"delay_p50_s", seconds_of(flow.delay_p50)},
            {"delay_p99_s", seconds_of(flow.delay_p99)},
            {"longest_gap_s", seconds_of(flow.longest_gap)},
            {"goodput_bps", flow.goodput_bps},
            {"duplicates", flow.duplicates},
            {"altered", flow.altered},
            {"reordered", flow.reordered},
            {"retransmissions", flow.retransmissions},
            {"timeouts", flow.timeouts},
            {"congestion_marks", flow.congestion_marks}};
}

Json figures_json(const RunReport& report) {
    return {{"convergence_s", report.convergence ? Json(seconds_of(*report.convergence)) : Json()},
            {"delivery", report.delivery},
            {"rtt_p50_s", seconds_of(report.rtt_p50)},
            {"rtt_p99_s", seconds_of(report.rtt_p99)},
            {"goodput_bps", report.goodput_bps},
            {"control_bytes_per_s_and_host", report.control_rate},
            {"handshakes", report.handshakes},
            {"reconnects", report.reconnects}};
}

}  // namespace

std::string to_json(const RunReport& report) {
    Json out = {{"scenario", report.scenario},     {"file", report.file},
                {"commit", report.commit},         {"seed", report.seed},
                {"passed", report.passed()},       {"duration_s", seconds_of(report.duration)},
                {"hosts", report.hosts.size()},    {"error", report.error},
                {"trace_hash", report.trace_hash}, {"trace_events", report.trace_events},
                {"repeated", report.repeated},     {"replay", report.replay()},
                {"figures", figures_json(report)}};
    Json& expectations = out["expectations"] = Json::array();
    for (const Verdict& verdict : report.verdicts) {
        expectations.push_back({{"expected", verdict.expected},
                                {"measured", verdict.measured},
                                {"line", verdict.line},
                                {"passed", verdict.passed}});
    }
    Json& violations = out["violations"] = Json::array();
    for (const CheckerFinding& finding : report.findings) {
        violations.push_back({{"checker", finding.checker},
                              {"time_s", seconds_of(finding.when)},
                              {"what", finding.what}});
    }
    Json& flows = out["flows"] = Json::array();
    for (const FlowSummary& flow : report.flows) {
        flows.push_back(flow_json(flow));
    }
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace qe::sim
