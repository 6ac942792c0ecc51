// SPDX-License-Identifier: Apache-2.0
//
// bench_dht: how well thousands of DHT nodes find what they look for, and what it costs.
//
//     bench_dht [--nodes N,N…] [--lookups N] [--idle MINUTES] [--churn PERCENT/h]
//               [--hostile PERCENT] [--forged-ids | --forged-bits N] [--loss PERCENT]
//               [--wide] [--paths N] [--seed N]
//
// All nodes are in this process and exchange datagrams over an imagined network (round trips of 10
// to 200 ms), one event after the other: figures depend on the options alone, not on the machine.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "measurement.h"

namespace {

using namespace qe;

/// More than any honest id shares with a target.
constexpr unsigned kForgedBits = 32;

constexpr const char* kUsage =
    "usage: bench_dht [--nodes N,N...] [--lookups N] [--idle MINUTES] [--churn PERCENT]\n"
    "                 [--hostile PERCENT] [--forged-ids | --forged-bits N] [--loss PERCENT]\n"
    "                 [--wide] [--paths N] [--seed N]\n";

[[noreturn]] void usage(int code) {
    std::fputs(kUsage, code == 0 ? stdout : stderr);
    std::exit(code);
}

double number(const char* text) {
    char* end = nullptr;
    const double value = text == nullptr ? 0 : std::strtod(text, &end);
    if (text == nullptr || end == text || *end != '\0' || value < 0) {
        usage(2);
    }
    return value;
}

std::vector<std::size_t> numbers(const char* text) {
    std::vector<std::size_t> values;
    std::string rest(text == nullptr ? "" : text);
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        values.push_back(static_cast<std::size_t>(number(rest.substr(0, comma).c_str())));
        rest.erase(0, comma + 1);
    }
    return values;
}

void print(std::size_t nodes, const bench::Figures& figures) {
    std::printf("| %zu | %.2f %% | %.2f %% | %.1f | %.1f | %.0f | %.0f | %.0f | %.1f |\n", nodes,
                100 * figures.found, 100 * figures.nearest_found, figures.hops, figures.queries,
                figures.contacts, figures.idle_messages_per_hour,
                figures.idle_bytes_per_hour / 1000, figures.memory_bytes / 1024);
    std::fflush(stdout);
    const bench::TraceFigures& trace = figures.trace;
    std::fprintf(
        stderr,
        "%zu gets failed: %zu stored nowhere, %zu asked no holder, %zu came to nothing\n"
        "per item: %.1f honest and %.1f hostile holders, %.1f nodes asked before it was put, "
        "%.1f honest and %.1f hostile ones by the get\n",
        trace.failed, trace.stored_nowhere, trace.no_holder_asked, trace.nothing_came_back,
        trace.honest_holders, trace.hostile_holders, trace.asked_by_put, trace.honest_asked,
        trace.hostile_asked);
}

}  // namespace

int main(int argc, char** argv) {
    bench::MeasurementOptions options;
    std::vector<std::size_t> sizes = {100, 1000, 10000};
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--help") {
            usage(0);
        } else if (name == "--forged-ids") {
            options.forged_bits = kForgedBits;
        } else if (name == "--forged-bits") {
            options.forged_bits = static_cast<unsigned>(std::min(number(argv[++i]), 160.0));
        } else if (name == "--wide") {
            options.wide = true;
        } else if (name == "--nodes") {
            sizes = numbers(argv[++i]);
        } else if (name == "--lookups") {
            options.lookups = static_cast<std::size_t>(number(argv[++i]));
        } else if (name == "--idle") {
            options.idle_minutes = static_cast<std::uint32_t>(number(argv[++i]));
        } else if (name == "--churn") {
            options.churn_per_hour = number(argv[++i]) / 100;
        } else if (name == "--hostile") {
            options.hostile = number(argv[++i]) / 100;
        } else if (name == "--loss") {
            options.loss = number(argv[++i]) / 100;
        } else if (name == "--paths") {
            options.paths = static_cast<unsigned>(number(argv[++i]));
        } else if (name == "--seed") {
            options.seed = static_cast<std::uint8_t>(number(argv[++i]));
        } else {
            usage(2);
        }
    }
    std::printf(
        "| nodes | items found | nearest node found | hops of a get | queries of a lookup | "
        "contacts | idle messages/node/h | idle kB/node/h | KiB/node |\n"
        "|---|---|---|---|---|---|---|---|---|\n");
    for (const std::size_t nodes : sizes) {
        options.nodes = nodes;
        print(nodes, bench::measure(options));
    }
    return 0;
}
