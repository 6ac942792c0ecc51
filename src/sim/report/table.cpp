// SPDX-License-Identifier: Apache-2.0
#include "sim/report/table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "quicether/config/diagnostic.h"
#include "sim/scenario/units.h"

namespace qe::sim {
namespace {

constexpr std::size_t kColumns = 9;
using Row = std::array<std::string, kColumns>;

std::string convergence_text(const RunReport& report) {
    return report.convergence ? duration_text(*report.convergence) : "never";
}

std::string_view verdict_text(bool passed) { return passed ? "pass" : "FAIL"; }

Row row_of(const RunReport& report) {
    return {std::string(verdict_text(report.passed())),
            report.scenario,
            std::to_string(report.seed),
            convergence_text(report),
            fmt::format("{:.2f}%", report.delivery * 100),
            rtt_cell(report.rtt_p50),
            rtt_cell(report.rtt_p99),
            goodput_cell(report),
            size_text(report.control_rate) + "/s"};
}

std::string objections(const RunReport& report) {
    constexpr std::size_t kShownMax = 10;
    std::string out;
    for (std::size_t i = 0; i < std::min(report.findings.size(), kShownMax); ++i) {
        const CheckerFinding& finding = report.findings[i];
        out += fmt::format("  FAIL  {} at {}: {}\n", finding.checker, duration_text(finding.when),
                           config::printable(finding.what, 400));
    }
    if (report.findings.size() > kShownMax) {
        out += fmt::format("        and {} more\n", report.findings.size() - kShownMax);
    }
    return out;
}

std::string how_to_replay(const RunReport& report) {
    std::string out = fmt::format("  seed {}, commit {}; again: {}\n", report.seed, report.commit,
                                  report.replay());
    for (const std::string& file : {report.trace_file, report.diagram_file}) {
        out += file.empty() ? "" : fmt::format("  see {}\n", file);
    }
    return out;
}

}  // namespace

std::string rtt_cell(base::Duration rtt) {
    return rtt == base::Duration(0) ? "-" : duration_text(rtt);
}

std::string goodput_cell(const RunReport& report) {
    const bool measured = std::ranges::any_of(
        report.flows, [](const FlowSummary& flow) { return flow.kind == FlowKind::Tcp; });
    return measured ? rate_text(report.goodput_bps) : "-";
}

std::string to_text(const RunReport& report) {
    if (!report.error.empty()) {
        return report.error + "\n";
    }
    std::string out = fmt::format(
        "{}  {} (seed {}, {} of {} hosts): {}\n", verdict_text(report.passed()), report.scenario,
        report.seed, duration_text(report.duration), report.hosts.size(), report.title);
    out += fmt::format("  convergence {}, delivery {:.2f}%, RTT p50 {} p99 {}, goodput {}\n",
                       convergence_text(report), report.delivery * 100, rtt_cell(report.rtt_p50),
                       rtt_cell(report.rtt_p99), goodput_cell(report));
    out += fmt::format(
        "  control {}/s per host, {} handshakes, {} reconnects, trace {} of {} events{}\n",
        size_text(report.control_rate), report.handshakes, report.reconnects, report.trace_hash,
        report.trace_events, report.twice && report.repeated ? ", the same again" : "");
    for (const Verdict& verdict : report.verdicts) {
        out += fmt::format(
            "  {}  {}: {}{}\n", verdict_text(verdict.passed), verdict.expected, verdict.measured,
            verdict.passed ? "" : fmt::format(" ({}:{})", report.file, verdict.line));
    }
    out += objections(report);
    if (!report.repeated) {
        out += "  FAIL  a second run of the same seed did something else\n";
    }
    return report.passed() ? out : out + how_to_replay(report);
}

std::string summary_table(const std::vector<RunReport>& reports) {
    std::vector<Row> rows = {
        {"", "scenario", "seed", "converged", "delivery", "RTT p50", "p99", "goodput", "control"}};
    for (const RunReport& report : reports) {
        rows.push_back(row_of(report));
    }
    std::array<std::size_t, kColumns> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < kColumns; ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string out = "\n";
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < kColumns; ++i) {
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    const auto passed = std::ranges::count_if(reports, &RunReport::passed);
    const bool twice = std::ranges::all_of(
        reports, [](const RunReport& report) { return report.twice && report.repeated; });
    return out + fmt::format("{} of {} passed{}\n", passed, reports.size(),
                             twice ? "; each did the same when it ran again" : "");
}

}  // namespace qe::sim
