// SPDX-License-Identifier: Apache-2.0
#include "simulator/fuzz_command.h"

#include <chrono>
#include <ostream>
#include <random>

#include <fmt/format.h>

#include "qe_version.h"
#include "sim/determinism.h"
#include "sim/fuzz/fuzz_run.h"

namespace qe::simulator {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kShownMax = 5;

double in_seconds(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Small enough to be typed again.
std::uint64_t seed_by_chance() {
    std::random_device device;
    return std::uniform_int_distribution<std::uint64_t>(1'000'000, 999'999'999)(device);
}

void show_passed(const sim::FuzzReport& report, const Console& console) {
    const std::string meshed =
        report.convergence ? fmt::format("meshed {:.1f}s after", in_seconds(*report.convergence))
                           : "never meshed after";
    console.out << fmt::format("passed: {}, {} {} faults, {:.0f}s, trace {}\n", report.shape,
                               meshed, report.faults, in_seconds(report.duration),
                               report.trace_hash);
}

void show_failed(const sim::FuzzReport& report, const Console& console) {
    if (!report.error.empty()) {
        console.out << "no world: " << report.error << '\n';
        return;
    }
    console.out << fmt::format("FAILED: {}, {} faults\n", report.shape, report.faults);
    for (std::size_t i = 0; i < std::min(report.findings.size(), kShownMax); ++i) {
        const sim::CheckerFinding& finding = report.findings[i];
        console.out << fmt::format("  {:.3f}s {}: {}\n", in_seconds(finding.when), finding.checker,
                                   finding.what);
    }
    if (report.findings.size() > kShownMax) {
        console.out << fmt::format("  and {} more\n", report.findings.size() - kShownMax);
    }
    console.out << fmt::format("  commit {}; again: quicether-sim fuzz --seed {} --runs 1\n",
                               kCommit, report.seed);
    for (const std::string& file : {report.trace_file, report.diagram_file}) {
        if (!file.empty()) {
            console.out << "  written: " << file << '\n';
        }
    }
}

bool run_one(std::uint64_t seed, const FuzzRequest& request, const Console& console) {
    // Before the run, so that it is known if the program does not survive it.
    console.out << fmt::format("seed {}: ", seed) << std::flush;
    const sim::FuzzReport report = sim::run_fuzz({seed, request.trace});
    if (!report.passed()) {
        show_failed(report, console);
        return false;
    }
    show_passed(report, console);
    if (request.twice && sim::run_fuzz({seed, {}}).trace_hash != report.trace_hash) {
        console.out << "FAILED: a second run of the same seed did something else\n";
        return false;
    }
    return true;
}

}  // namespace

int fuzz_command(const FuzzRequest& request, const Console& console) {
    sim::make_process_deterministic();
    const std::uint64_t first = request.seed.value_or(seed_by_chance());
    const bool timed = request.minutes.has_value() || !request.runs;
    const auto end =
        Clock::now() +
        std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double, std::ratio<60>>(request.minutes.value_or(1)));
    std::uint64_t runs = 0;
    while (runs < request.runs.value_or(UINT64_MAX) && (!timed || Clock::now() < end)) {
        if (!run_one(first + runs, request, console)) {
            return kFailed;
        }
        ++runs;
        console.out << std::flush;
    }
    console.out << fmt::format("{} runs from seed {} on: no checker objected\n", runs, first);
    return kPassed;
}

}  // namespace qe::simulator
