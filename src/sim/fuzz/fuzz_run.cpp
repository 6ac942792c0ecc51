// SPDX-License-Identifier: Apache-2.0
#include "sim/fuzz/fuzz_run.h"

#include <fstream>

#include <fmt/format.h>

#include "sim/fuzz/stage.h"
#include "sim/sequence_diagram.h"

namespace qe::sim {
namespace {

/// Its path, or nothing when it could not be written.
std::string write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    return file.good() ? path : std::string();
}

}  // namespace

FuzzReport run_fuzz(const FuzzOptions& options) {
    FuzzReport out;
    out.seed = options.seed;
    FuzzStage stage(options.seed);
    if (auto built = stage.build(); !built) {
        out.error = built.error();
        return out;
    }
    stage.run();
    stage.report(out);
    if (!out.passed() && !options.trace_folder.empty()) {
        const std::string stem = fmt::format("{}/fuzz-{}", options.trace_folder, options.seed);
        out.trace_file = write_file(
            stem + ".trace.jsonl", to_json_lines(stage.trace(), stage.host_names(), stage.began()));
        out.diagram_file = write_file(
            stem + ".mmd", to_mermaid(stage.trace(), stage.host_names(), {.began = stage.began()}));
    }
    return out;
}

}  // namespace qe::sim
