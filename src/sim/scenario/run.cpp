// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/run.h"

#include <fstream>

#include <fmt/format.h>

#include "sim/checkers/checkers.h"
#include "sim/report/summarize.h"
#include "sim/scenario/build.h"
#include "sim/scenario/director.h"
#include "sim/sequence_diagram.h"
#include "sim/trace.h"

namespace qe::sim {
namespace {

/// A world with all that watches it and acts in it. Members are destroyed before what they use.
class Stage {
  public:
    Stage(const Scenario& scenario, std::uint64_t seed)
        : scenario_(scenario),
          world_(seed),
          trace_([this] { return world_.now(); }),
          figures_(world_),
          director_(world_, scenario) {}

    tl::expected<void, std::string> build() {
        if (auto built = build_world(world_, scenario_); !built) {
            return built;
        }
        checkers_ = make_checkers(world_);
        world_.add_observer(trace_);
        world_.add_observer(figures_);
        for (const auto& checker : checkers_) {
            world_.add_observer(*checker);
        }
        for (const FlowOptions& options : scenario_.flows) {
            flows_.push_back(make_flow(world_, options));
            flows_.back()->arm();
        }
        director_.begin();
        figures_.begin(last_start());
        return {};
    }

    void run(const std::function<void(base::Duration)>& progress) {
        while (world_.elapsed() < scenario_.duration) {
            const base::Duration left = scenario_.duration - world_.elapsed();
            world_.run_for(std::min<base::Duration>(left, base::milliseconds(100)));
            if (progress) {
                progress(world_.elapsed());
            }
        }
        figures_.finish();
        for (const auto& checker : checkers_) {
            checker->finish(world_);
        }
    }

    void report(RunReport& out) const {
        const Evidence evidence{scenario_, figures_, flows_};
        out.trace_hash = trace_.hash_text();
        out.trace_events = trace_.events();
        out.verdicts = judge(evidence);
        for (const auto& checker : checkers_) {
            for (const Violation& violation : checker->violations()) {
                out.findings.push_back({std::string(checker->name()),
                                        violation.when - figures_.began(), violation.what});
            }
        }
        summarize(evidence, out);
    }

    [[nodiscard]] const Trace& trace() const noexcept { return trace_; }
    [[nodiscard]] base::Instant began() const noexcept { return figures_.began(); }

  private:
    [[nodiscard]] base::Duration last_start() const {
        base::Duration last{0};
        for (const HostPlan& host : scenario_.hosts) {
            last = std::max(last, host.starts ? host.start : base::Duration(0));
        }
        return last;
    }

    const Scenario& scenario_;
    World world_;
    Trace trace_;
    Figures figures_;
    Director director_;
    std::vector<std::unique_ptr<Checker>> checkers_;
    std::vector<std::unique_ptr<Flow>> flows_;
};

std::string write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    return file.good() ? path : std::string();
}

void write_traces(const Stage& stage, const RunOptions& options, RunReport& out) {
    const bool failed = !out.passed() && !options.failure_folder.empty();
    if (!failed && options.trace_file.empty()) {
        return;
    }
    const std::string stem =
        fmt::format("{}/{}-{}", options.failure_folder, out.scenario, out.seed);
    out.trace_file =
        write_file(options.trace_file.empty() ? stem + ".trace.jsonl" : options.trace_file,
                   to_json_lines(stage.trace(), out.hosts, stage.began()));
    if (failed) {
        out.diagram_file = write_file(
            stem + ".mmd", to_mermaid(stage.trace(), out.hosts, {.began = stage.began()}));
    }
}

/// The hash of another run of the same; empty when the world could not be built.
std::string hash_again(const Scenario& scenario, const RunOptions& options) {
    Stage stage(scenario, options.seed);
    if (!stage.build()) {
        return {};
    }
    stage.run(options.progress);
    return stage.trace().hash_text();
}

}  // namespace

RunReport run_scenario(const Scenario& scenario, const RunOptions& options) {
    RunReport out;
    out.scenario = scenario.name;
    out.title = scenario.title;
    out.file = scenario.file;
    out.seed = options.seed;
    out.duration = scenario.duration;
    for (const HostPlan& host : scenario.hosts) {
        out.hosts.push_back(host.options.name);
    }
    {
        Stage stage(scenario, options.seed);
        if (auto built = stage.build(); !built) {
            out.error = built.error();
            return out;
        }
        stage.run(options.progress);
        stage.report(out);
        write_traces(stage, options, out);
    }
    if (options.twice) {
        out.twice = true;
        out.repeated = hash_again(scenario, options) == out.trace_hash;
    }
    return out;
}

}  // namespace qe::sim
