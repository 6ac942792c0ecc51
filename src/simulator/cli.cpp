// SPDX-License-Identifier: Apache-2.0
#include "simulator/cli.h"

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include <CLI/CLI.hpp>

#include "qe_version.h"
#include "sim/scenario/library.h"
#include "simulator/fuzz_command.h"
#include "simulator/run_command.h"

namespace qe::simulator {
namespace {

constexpr const char* kFolder = "tests/sim/scenarios";

int list_command(const std::string& folder, const Console& console) {
    const sim::Library library(folder);
    const auto files = library.files();
    if (files.empty()) {
        console.err << folder << ": has no scenarios; name another folder with --folder\n";
        return kUsage;
    }
    std::size_t width = 0;
    int code = kPassed;
    std::vector<sim::Scenario> scenarios;
    for (const std::string& file : files) {
        if (auto scenario = sim::load_scenario(file)) {
            width = std::max(width, scenario->name.size());
            scenarios.push_back(*std::move(scenario));
        } else {
            console.err << scenario.error();
            code = kUsage;
        }
    }
    for (const sim::Scenario& scenario : scenarios) {
        console.out << scenario.name << std::string(width + 2 - scenario.name.size(), ' ')
                    << scenario.title << (scenario.slow ? " (slow)" : "") << '\n';
    }
    return code;
}

void add_run_options(CLI::App& run, RunRequest& request) {
    run.add_option("scenario", request.scenarios, "Names of scenarios, or paths of their files");
    run.add_flag("--all", request.all, "All scenarios of the folder but the slow ones");
    run.add_flag("--slow", request.slow, "With --all: the slow ones too");
    run.add_option("--seed", request.seed, "Decides everything that is left to chance");
    run.add_option("--seeds", request.seeds, "Run with this many seeds, counting up")
        ->check(CLI::Range(1, 1'000'000));
    run.add_flag("--twice", request.twice, "Run each twice and compare what happened");
    run.add_flag("--json", request.json, "Print one JSON object for each run");
    run.add_option("--report", request.report, "Write an HTML page with plots")->type_name("FILE");
    run.add_option("--trace", request.trace, "Write what happened last, as JSON Lines")
        ->type_name("FILE");
    run.add_option("--failures", request.failures, "Where traces of failed runs go")
        ->type_name("FOLDER")
        ->capture_default_str();
    run.add_option("--jobs", request.jobs, "Runs at a time; this version knows only 1")
        ->check(CLI::Range(1, 1));
}

void add_fuzz_options(CLI::App& fuzz, FuzzRequest& request) {
    fuzz.add_option("--minutes", request.minutes, "Real time to spend; 1 if nothing else is given")
        ->check(CLI::Range(0.0, 100'000.0));
    fuzz.add_option("--runs", request.runs, "Worlds to run at most");
    fuzz.add_option("--seed", request.seed, "Of the first world; the next ones count up");
    fuzz.add_flag("--twice", request.twice, "Run each twice and compare what happened");
    fuzz.add_option("--trace", request.trace, "Where traces of failed runs go")
        ->type_name("FOLDER")
        ->capture_default_str();
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Console& console) {
    CLI::App app("Runs real nodes in a simulated world, under a virtual clock");
    app.name("quicether-sim");
    app.set_version_flag("--version", std::string(kVersion) + " " + std::string(kCommit));
    app.require_subcommand(1);
    RunRequest request;
    request.folder = kFolder;
    CLI::App* list = app.add_subcommand("list", "Show all scenarios");
    CLI::App* run = app.add_subcommand("run", "Run scenarios");
    for (CLI::App* command : {list, run}) {
        command->add_option("--folder", request.folder, "Where scenarios are")
            ->type_name("FOLDER")
            ->capture_default_str();
    }
    add_run_options(*run, request);
    FuzzRequest fuzzing;
    CLI::App* fuzz =
        app.add_subcommand("fuzz", "Run random worlds with random faults until a checker objects");
    add_fuzz_options(*fuzz, fuzzing);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        return app.exit(error, console.out, console.err) == 0 ? kPassed : kUsage;
    }
    if (fuzz->parsed()) {
        return fuzz_command(fuzzing, console);
    }
    return list->parsed() ? list_command(request.folder, console) : run_command(request, console);
}

}  // namespace qe::simulator
