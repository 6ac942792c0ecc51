// SPDX-License-Identifier: Apache-2.0
#include "app/run.h"

#include <algorithm>

#include <fmt/core.h>

#include "app/commands.h"
#include "app/usage_error.h"
#include "qe_version.h"

namespace qe::app {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 failure, 2 wrong command line, 3 degraded, 4 daemon not running.\n"
    "Examples:\n"
    "  quicether start                      run the daemon in the foreground\n"
    "  quicether network create home        make a network; then `quicether invite`\n"
    "  quicether join TOKEN                 on the other machines\n"
    "  quicether status                     how is it doing\n"
    "  quicether peers --json | jq .        for scripts\n"
    "  quicether ping server -c 3           through the overlay, by name, id or address";

void add_all(Commands& commands) {
    add_start(commands);
    add_stop(commands);
    add_status(commands);
    add_peers(commands);
    add_routes(commands);
    add_multipath(commands);
    add_explain(commands);
    add_ping(commands);
    add_dht(commands);
    add_network(commands);
    add_invite(commands);
    add_join(commands);
    add_members(commands);
    add_find(commands);
    add_revoke(commands);
    add_promote(commands);
    add_id(commands);
    add_config(commands);
    add_reload(commands);
    add_logs(commands);
    add_version(commands);
}

/// Thrown inside parse() by --version, as CLI11 does for --help.
std::string version_line() { return fmt::format("quicether {} ({})", kVersion, kCommit); }

/// --json must count even when the rest of the line cannot be read.
bool mentions_json(const std::vector<std::string>& words) {
    return std::ranges::find(words, "--json") != words.end();
}

ExitCode run_command_line(std::vector<std::string> words, const Surroundings& surroundings) {
    CLI::App root("QuicEther: an encrypted overlay network over QUIC", "quicether");
    root.allow_extras();
    root.set_version_flag("--version", version_line);
    Commands commands(root);
    add_all(commands);
    root.footer(kFooter);  // After the verbs, which would inherit it.

    const bool json_asked = mentions_json(words);
    Console plain(surroundings.out, surroundings.err, Palette(false), json_asked);
    try {
        std::ranges::reverse(words);  // CLI11 takes them from the back.
        root.parse(std::move(words));
    } catch (const CLI::CallForVersion& call) {
        plain.print(std::string(call.what()) + "\n");
        return ExitCode::Ok;
    } catch (const CLI::Success&) {
        plain.print(root.help());
        return ExitCode::Ok;
    } catch (const CLI::ParseError& error) {
        return plain.fail(usage_failure(explain_parse_error(root, error)));
    }
    if (const std::string leftover = explain_leftover(root); !leftover.empty()) {
        return plain.fail(usage_failure(leftover));
    }
    if (!commands.chosen()) {
        return plain.fail(usage_failure(explain_missing_verb(innermost(root))));
    }
    ColourSurroundings colour = surroundings.colour;
    colour.no_color_flag = commands.common().no_color;
    Console console(surroundings.out, surroundings.err, Palette(wants_colour(colour)),
                    commands.common().json);
    return commands.chosen()(console, commands.common());
}

}  // namespace

int run(std::vector<std::string> words, const Surroundings& surroundings) noexcept {
    try {
        return static_cast<int>(run_command_line(std::move(words), surroundings));
    } catch (const std::exception& problem) {
        surroundings.err << "quicether: unexpected failure: " << problem.what() << "\n";
        return static_cast<int>(ExitCode::Failure);
    }
}

}  // namespace qe::app
