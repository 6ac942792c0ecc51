// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/judge.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/scenario/build.h"
#include "sim/scenario/units.h"

namespace qe::sim {
namespace {

double seconds_of(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

base::Duration duration_of(double seconds) {
    return base::Duration(static_cast<std::int64_t>(seconds * 1e9));
}

std::string_view name_of(Metric metric) {
    switch (metric) {
        case Metric::Meshed:
            return "meshed";
        case Metric::Parted:
            return "parted";
        case Metric::Delivery:
            return "delivery";
        case Metric::RttP50:
            return "rtt_p50";
        case Metric::RttP99:
            return "rtt_p99";
        case Metric::LongestGap:
            return "longest_gap";
        case Metric::Goodput:
            return "goodput";
        case Metric::Finished:
            return "finished";
        case Metric::Duplicates:
            return "duplicates";
        case Metric::Altered:
            return "altered";
        case Metric::Reconnects:
            return "reconnects";
        case Metric::ControlRate:
            return "control_rate";
        case Metric::Counter:
            return "counter";
        case Metric::Log:
            break;
    }
    return "log";
}

std::string value_text(Metric metric, double value) {
    switch (metric) {
        case Metric::Meshed:
        case Metric::Parted:
        case Metric::RttP50:
        case Metric::RttP99:
        case Metric::LongestGap:
        case Metric::Finished:
            return duration_text(duration_of(value));
        case Metric::Delivery:
            return fmt::format("{:.2f}%", value * 100);
        case Metric::Goodput:
            return rate_text(value);
        case Metric::ControlRate:
            return size_text(value) + "/s per host";
        default:
            return fmt::format("{:.0f}", value);
    }
}

bool applies(const Flow& flow, const Bound& bound) {
    if (!bound.flows.empty()) {
        return std::ranges::find(bound.flows, flow.options().name) != bound.flows.end();
    }
    const FlowKind kind = flow.options().kind;
    switch (bound.metric) {
        case Metric::RttP50:
        case Metric::RttP99:
            return kind == FlowKind::Ping;
        case Metric::Delivery:
            return kind != FlowKind::Tcp;
        case Metric::Goodput:
        case Metric::Finished:
            return kind == FlowKind::Tcp;
        default:
            return true;
    }
}

class Judge {
  public:
    Judge(const Evidence& evidence, const Bound& bound) : evidence_(evidence), bound_(bound) {
        const base::Instant began = evidence.figures.began();
        span_ = {began + bound.after, began + bound.until.value_or(evidence.scenario.duration)};
    }

    [[nodiscard]] Verdict verdict() const {
        Verdict verdict{sentence(), "", bound_.line, true};
        const std::vector<Measured> all = measure();
        verdict.passed = !all.empty();
        verdict.measured = all.empty() ? "nothing to measure" : "";
        // Of what failed the worst is told, else of what passed.
        double worst = -std::numeric_limits<double>::infinity();
        for (const Measured& one : all) {
            const bool ok = one.value && passes(one);
            const double badness = badness_of(one) + (ok ? 0 : 1e12);
            if (badness > worst) {
                worst = badness;
                verdict.measured = text_of(one);
            }
            verdict.passed = verdict.passed && ok;
        }
        return verdict;
    }

  private:
    struct Measured {
        std::optional<double> value;  ///< Nothing: it did not happen.
        std::string whose;
        double path = 0;  ///< Round trip of the flow's path, seconds.
    };

    [[nodiscard]] double limit_of(const Measured& one) const {
        return bound_.max_path_ratio ? *bound_.max_path_ratio * one.path
                                     : bound_.max.value_or(std::numeric_limits<double>::infinity());
    }
    [[nodiscard]] bool passes(const Measured& one) const {
        return *one.value >= bound_.min.value_or(0) && *one.value <= limit_of(one);
    }
    [[nodiscard]] double badness_of(const Measured& one) const {
        if (!one.value) {
            return 1e12;
        }
        return bound_.min && !bound_.max ? -*one.value : *one.value;
    }
    [[nodiscard]] std::string text_of(const Measured& one) const {
        const std::string whose = one.whose.empty() ? "" : " (" + one.whose + ")";
        const std::string value = one.value ? value_text(bound_.metric, *one.value) : "never";
        const std::string path =
            bound_.max_path_ratio ? " of " + duration_text(duration_of(one.path)) : "";
        return value + path + whose;
    }

    [[nodiscard]] std::vector<Measured> measure() const {
        const Figures& figures = evidence_.figures;
        switch (bound_.metric) {
            case Metric::Meshed:
                return {time(figures.meshed_after(span_.from, bound_.hosts))};
            case Metric::Parted:
                return {time(figures.parted_after(span_.from, bound_.hosts))};
            case Metric::Reconnects:
                return {count(figures.reconnects(span_, bound_.hosts))};
            case Metric::ControlRate:
                return {Measured{figures.control_rate(span_), "", 0}};
            case Metric::Counter:
                return {count(figures.counter(bound_.text, bound_.hosts))};
            case Metric::Log:
                return {count(figures.log_records(span_, bound_.hosts, bound_.text))};
            default:
                return measure_flows();
        }
    }
    static Measured time(const std::optional<base::Duration>& value) {
        return {value ? std::optional(seconds_of(*value)) : std::nullopt, "", 0};
    }
    static Measured count(std::uint64_t value) { return {static_cast<double>(value), "", 0}; }

    [[nodiscard]] std::vector<Measured> measure_flows() const {
        std::vector<Measured> all;
        for (const auto& flow : evidence_.flows) {
            if (applies(*flow, bound_)) {
                const FlowOptions& options = flow->options();
                all.push_back(
                    {measure_flow(flow->record()), options.name,
                     seconds_of(path_round_trip(evidence_.scenario, options.from, options.to))});
            }
        }
        return all;
    }
    [[nodiscard]] std::optional<double> measure_flow(const FlowRecord& record) const {
        switch (bound_.metric) {
            case Metric::Delivery:
                return record.sent(span_) == 0 ? std::nullopt
                                               : std::optional(record.delivery(span_));
            case Metric::RttP50:
                return rtt(record, 0.5);
            case Metric::RttP99:
                return rtt(record, 0.99);
            case Metric::LongestGap:
                return seconds_of(record.longest_gap(span_));
            case Metric::Goodput:
                return record.goodput_bps(span_);
            case Metric::Finished:
                return record.finished ? std::optional(seconds_of(*record.finished - span_.from))
                                       : std::nullopt;
            case Metric::Duplicates:
                return static_cast<double>(record.duplicates);
            default:
                return static_cast<double>(record.altered);
        }
    }
    [[nodiscard]] std::optional<double> rtt(const FlowRecord& record, double share) const {
        const auto delays = record.delays(span_);
        return delays.empty() ? std::nullopt : std::optional(seconds_of(percentile(delays, share)));
    }

    [[nodiscard]] std::string sentence() const;

    const Evidence& evidence_;
    const Bound& bound_;
    Span span_;
};

std::string Judge::sentence() const {
    std::string out(name_of(bound_.metric));
    if (!bound_.text.empty()) {
        out += fmt::format(" \"{}\"", bound_.text);
    }
    if (!bound_.flows.empty() || !bound_.hosts.empty()) {
        std::vector<std::string> names = bound_.flows;
        for (const HostId id : bound_.hosts) {
            names.push_back(evidence_.scenario.hosts[id].options.name);
        }
        const std::size_t more = names.size() > 3 ? names.size() - 2 : 0;
        names.resize(more > 0 ? 2 : names.size());
        out += fmt::format(" of {}", fmt::join(names, ", "));
        out += more > 0 ? fmt::format(" and {} more", more) : "";
    }
    if (bound_.min) {
        out += " >= " + value_text(bound_.metric, *bound_.min);
    }
    if (bound_.max) {
        out += " <= " + value_text(bound_.metric, *bound_.max);
    }
    if (bound_.max_path_ratio) {
        out += fmt::format(" <= {:g} x path", *bound_.max_path_ratio);
    }
    if (bound_.after != base::Duration(0)) {
        out += " from " + duration_text(bound_.after);
    }
    if (bound_.until) {
        out += " until " + duration_text(*bound_.until);
    }
    return out;
}

}  // namespace

std::vector<Verdict> judge(const Evidence& evidence) {
    std::vector<Verdict> verdicts;
    for (const Bound& bound : evidence.scenario.bounds) {
        verdicts.push_back(Judge(evidence, bound).verdict());
    }
    return verdicts;
}

}  // namespace qe::sim
