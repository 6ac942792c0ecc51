// SPDX-License-Identifier: Apache-2.0
#include "simulator/run_command.h"

#include <chrono>
#include <fstream>
#include <ostream>

#include <fmt/format.h>

#include "qe_version.h"
#include "sim/determinism.h"
#include "sim/report/html.h"
#include "sim/report/json.h"
#include "sim/report/table.h"
#include "sim/scenario/library.h"
#include "sim/scenario/run.h"

namespace qe::simulator {
namespace {

using Clock = std::chrono::steady_clock;

/// One line on a terminal that is written over and over.
class Progress {
  public:
    Progress(const Console& console, std::string what, base::Duration whole)
        : console_(console), what_(std::move(what)), whole_(whole) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() {
        if (console_.err_is_terminal) {
            console_.err << "\r\033[K" << std::flush;
        }
    }

    void operator()(base::Duration elapsed) {
        constexpr auto kBetween = std::chrono::milliseconds(100);
        if (!console_.err_is_terminal || Clock::now() < next_) {
            return;
        }
        next_ = Clock::now() + kBetween;
        const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
        console_.err << fmt::format("\r\033[K{}: {:.1f} of {:.0f}s, {:.0f}s of real time", what_,
                                    std::chrono::duration<double>(elapsed).count(),
                                    std::chrono::duration<double>(whole_).count(), seconds)
                     << std::flush;
    }

  private:
    const Console& console_;
    std::string what_;
    base::Duration whole_;
    Clock::time_point began_ = Clock::now();
    Clock::time_point next_;
};

std::vector<std::string> files_of(const RunRequest& request, const Console& console) {
    const sim::Library library(request.folder);
    std::vector<std::string> files = request.all ? library.files() : std::vector<std::string>{};
    for (const std::string& word : request.scenarios) {
        const auto path = library.find(word);
        if (!path) {
            console.err << path.error() << '\n';
            return {};
        }
        files.push_back(*path);
    }
    if (files.empty()) {
        console.err << "nothing to run; name a scenario, or use --all\n";
    }
    return files;
}

sim::RunReport run_one(const sim::Scenario& scenario, std::uint64_t seed, const RunRequest& request,
                       const Console& console) {
    Progress progress(console, fmt::format("{} seed {}", scenario.name, seed), scenario.duration);
    sim::RunOptions options;
    options.seed = seed;
    options.twice = request.twice;
    options.trace_file = request.trace;
    options.failure_folder = request.failures;
    options.progress = [&](base::Duration elapsed) { progress(elapsed); };
    sim::RunReport report = sim::run_scenario(scenario, options);
    report.commit = kCommit;
    return report;
}

bool write_text(const std::string& path, const std::string& text, const Console& console) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.good()) {
        console.err << path << ": cannot be written\n";
    }
    return file.good();
}

}  // namespace

int run_command(const RunRequest& request, const Console& console) {
    sim::make_process_deterministic();
    const std::vector<std::string> files = files_of(request, console);
    if (files.empty()) {
        return kUsage;
    }
    std::vector<sim::RunReport> reports;
    bool passed = true;
    for (const std::string& file : files) {
        const auto scenario = sim::load_scenario(file);
        if (!scenario) {
            console.err << scenario.error();
            return kUsage;
        }
        if (request.all && scenario->slow && !request.slow) {
            continue;
        }
        for (std::uint64_t i = 0; i < request.seeds; ++i) {
            const std::uint64_t seed = request.seed.value_or(scenario->seed) + i;
            reports.push_back(run_one(*scenario, seed, request, console));
            const sim::RunReport& report = reports.back();
            passed = passed && report.passed();
            console.out << (request.json ? sim::to_json(report) + "\n" : sim::to_text(report))
                        << std::flush;
        }
    }
    if (!request.json && reports.size() > 1) {
        console.out << sim::summary_table(reports);
    }
    if (!request.report.empty() && !write_text(request.report, sim::to_html(reports), console)) {
        return kUsage;
    }
    return passed ? kPassed : kFailed;
}

}  // namespace qe::simulator
