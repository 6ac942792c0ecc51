// SPDX-License-Identifier: Apache-2.0
#include "sim/report/html.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/report/svg.h"
#include "sim/report/table.h"
#include "sim/scenario/units.h"

namespace qe::sim {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>QuicEther simulation</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #667; --line: #d8dbe0; --paper: #fff;
  --good: #1a7f37; --bad: #cf222e; --full: #4ea96b; --most: #c9d36b; --some: #eda63f;
  --none: #d9534f; --alone: #c6d3e4; --off: #e4e6ea; --c0: #0b69c7; --c1: #c2571a; --c2: #1a8a5a;
  --c3: #8a3fc2; --c4: #b0306a; --c5: #6b6f13; --c6: #158c9c; --c7: #555; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --dim: #98a0ac; --line: #333a44;
  --paper: #14181d; --good: #57c878; --bad: #ff7b72; --full: #2f8a4e; --most: #8e9a35;
  --some: #b8752a; --none: #b23c3c; --alone: #34465c; --off: #262c34; --c0: #64aef5;
  --c1: #f0985c; --c2: #5fd3a0; --c3: #c895f2; --c4: #f27fb0; --c5: #d0d45c; --c6: #5ccbdb;
  --c7: #aaa; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 960px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.15em; margin-top: 2.2em; }
h3 { font-size: 1em; margin: 1.2em 0 .2em; font-weight: 600; }
table { border-collapse: collapse; margin: .6em 0; display: block; overflow-x: auto; }
td, th { padding: .2em .8em .2em 0; text-align: left; border-bottom: 1px solid var(--line); }
.pass { color: var(--good); } .fail { color: var(--bad); font-weight: 600; }
.dim { color: var(--dim); } code { font-size: .9em; } svg { width: 100%; height: auto; }
.tick { font: 11px system-ui, sans-serif; fill: var(--dim); } .end { text-anchor: end; }
.mid { text-anchor: middle; } .grid { stroke: var(--line); }
.mark { stroke: var(--dim); stroke-dasharray: 2 3; stroke-width: 1.5; }
.line { fill: none; stroke-width: 1.5; stroke-linecap: round; }
.full { fill: var(--full); } .most { fill: var(--most); } .some { fill: var(--some); }
.none { fill: var(--none); } .alone { fill: var(--alone); } .off { fill: var(--off); }
.key span { display: inline-block; margin-right: 1.2em; }
.key i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); }
.c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
.c6 { stroke: var(--c6); } .c7 { stroke: var(--c7); }
</style>
<h1>QuicEther simulation</h1>
)";

constexpr std::size_t kLinesMax = 8;

std::string passed_html(bool passed) {
    return passed ? "<span class=\"pass\">pass</span>" : "<span class=\"fail\">FAIL</span>";
}

std::string cells(const std::vector<std::string>& texts, std::string_view tag) {
    std::string out = "<tr>";
    for (const std::string& text : texts) {
        out += fmt::format("<{0}>{1}</{0}>", tag, text);
    }
    return out + "</tr>\n";
}

std::string overview(const std::vector<RunReport>& reports) {
    std::string out = "<table>\n" + cells({"", "scenario", "seed", "converged", "delivery",
                                           "RTT p50", "RTT p99", "goodput", "control"},
                                          "th");
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const RunReport& r = reports[i];
        out +=
            cells({passed_html(r.passed()),
                   fmt::format("<a href=\"#run{}\">{}</a>", i, html_text(r.scenario)),
                   std::to_string(r.seed), r.convergence ? duration_text(*r.convergence) : "never",
                   fmt::format("{:.2f}%", r.delivery * 100), rtt_cell(r.rtt_p50),
                   rtt_cell(r.rtt_p99), goodput_cell(r), size_text(r.control_rate) + "/s per host"},
                  "td");
    }
    return out + "</table>\n";
}

std::string expectations(const RunReport& report) {
    std::string out = "<table>\n" + cells({"", "expected", "measured"}, "th");
    for (const Verdict& verdict : report.verdicts) {
        out += cells(
            {passed_html(verdict.passed), html_text(verdict.expected), html_text(verdict.measured)},
            "td");
    }
    for (const CheckerFinding& finding : report.findings) {
        out += cells({passed_html(false), html_text(finding.checker),
                      html_text(duration_text(finding.when) + ": " + finding.what)},
                     "td");
    }
    return out + "</table>\n";
}

std::string key(const std::vector<PlotLine>& lines) {
    std::string out = "<p class=\"key dim\">";
    for (std::size_t i = 0; i < lines.size(); ++i) {
        out += fmt::format("<span><i style=\"background:var(--c{})\"></i>{}</span>", i % kLinesMax,
                           html_text(lines[i].name));
    }
    return out + "</p>\n";
}

std::string strip_key() {
    std::string out = "<p class=\"key dim\">";
    for (const auto& [name, meaning] :
         {std::pair{"full", "connected to all it should be"}, std::pair{"most", "to most"},
          std::pair{"some", "to some"}, std::pair{"none", "to none"},
          std::pair{"alone", "should be connected to nobody"}, std::pair{"off", "not awake"}}) {
        out += fmt::format("<span><i style=\"background:var(--{})\"></i>{}</span>", name, meaning);
    }
    return out + "</p>\n";
}

std::string plot(const RunReport& report, Plot what, const std::vector<PlotMark>& marks) {
    if (what.lines.empty()) {
        return "";
    }
    const std::size_t all = what.lines.size();
    what.lines.resize(std::min(all, kLinesMax));
    const std::string shown =
        all > kLinesMax
            ? fmt::format(" <span class=\"dim\">(the first {} of {})</span>", kLinesMax, all)
            : "";
    return fmt::format("<h3>{}{}</h3>\n", html_text(what.title), shown) +
           plot_svg(what, report.seconds.size(), marks) + key(what.lines);
}

std::string plots(const RunReport& report, const std::vector<PlotMark>& marks) {
    Plot echoes{"Round trips of pings, median of each second", "ms", {}};
    Plot delays{"Delay of datagrams, median of each second", "ms", {}};
    Plot goodput{"Goodput of reliable flows", "Mbit/s", {}};
    for (const FlowSummary& flow : report.flows) {
        Plot& plot = flow.kind == FlowKind::Ping  ? echoes
                     : flow.kind == FlowKind::Udp ? delays
                                                  : goodput;
        plot.lines.push_back({flow.name, flow.kind == FlowKind::Tcp ? flow.mbit : flow.delay_ms});
    }
    Plot bytes{"Bytes on the wire, all hosts together", "kB/s", {{"all", {}}, {"of it data", {}}}};
    for (const SecondFigures& second : report.seconds) {
        bytes.lines[0].values.push_back(static_cast<double>(second.wire_bytes) / 1e3);
        bytes.lines[1].values.push_back(static_cast<double>(second.data_bytes) / 1e3);
    }
    return plot(report, echoes, marks) + plot(report, delays, marks) +
           plot(report, goodput, marks) + plot(report, bytes, marks);
}

/// What the dashed lines in the plots stand for.
std::string marks_table(const std::vector<PlotMark>& marks) {
    if (marks.empty()) {
        return "";
    }
    constexpr std::size_t kOpenMax = 12;
    std::string out = fmt::format("<details{}><summary>What happened</summary><table>\n",
                                  marks.size() <= kOpenMax ? " open" : "");
    for (const PlotMark& mark : marks) {
        out += cells({fmt::format("{:.1f}s", mark.second), html_text(mark.text)}, "td");
    }
    return out + "</table></details>\n";
}

std::string section(const RunReport& report, std::size_t number) {
    std::vector<PlotMark> marks;
    for (const Mark& mark : report.marks) {
        // That all nodes start is no news.
        const double second = std::chrono::duration<double>(mark.when - report.began).count();
        if (second > 0.01) {
            marks.push_back({second, mark.text});
        }
    }
    std::string out = fmt::format("<h2 id=\"run{}\">{} {}, seed {}</h2>\n<p>{}</p>\n", number,
                                  passed_html(report.passed()), html_text(report.scenario),
                                  report.seed, html_text(report.title));
    if (!report.error.empty()) {
        return out + fmt::format("<p class=\"fail\">{}</p>\n", html_text(report.error));
    }
    out += fmt::format(
        "<p class=\"dim\">{} of {} hosts, {} handshakes, {} reconnects, commit {}, trace {}<br>"
        "<code>{}</code></p>\n",
        duration_text(report.duration), report.hosts.size(), report.handshakes, report.reconnects,
        html_text(report.commit), report.trace_hash, html_text(report.replay()));
    out += expectations(report);
    out += "<h3>Connections of each host</h3>\n" +
           strip_svg({"connections", report.hosts, &report.seconds}, marks) + strip_key();
    return out + plots(report, marks) + marks_table(marks);
}

}  // namespace

std::string to_html(const std::vector<RunReport>& reports) {
    std::string out(kHead);
    out += overview(reports);
    for (std::size_t i = 0; i < reports.size(); ++i) {
        out += section(reports[i], i);
    }
    return out + "</html>\n";
}

}  // namespace qe::sim
