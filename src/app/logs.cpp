// SPDX-License-Identifier: Apache-2.0
//
// `quicether logs`: what the daemon has logged lately, and with --follow what it logs from now on.
#include <variant>

#include "app/ask_daemon.h"
#include "app/render.h"
#include "app/values.h"
#include "quicether/control/json.h"

namespace qe::app {
namespace {

ExitCode run_logs(Console& console, const CommonOptions& common,
                  const control::LogsRequest& request) {
    std::optional<Failure> refused;
    const auto print = [&](const control::Reply& reply) {
        if (const auto* const error = std::get_if<control::ErrorReply>(&reply)) {
            refused = to_failure(*error);
            return false;
        }
        const auto* const line = std::get_if<control::LogLine>(&reply);
        if (line == nullptr) {
            refused = unexpected_reply();
            return false;
        }
        if (console.json()) {
            console.print(reply);
        } else {
            console.print(render_log_line(*line, console.palette()));
        }
        return true;
    };
    const auto followed = host::follow(common.socket_path, request, kAnswerLimit, print);
    if (!followed) {
        return console.fail(to_failure(followed.error()));
    }
    return refused ? console.fail(*refused) : ExitCode::Ok;
}

}  // namespace

void add_logs(Commands& commands) {
    CLI::App& verb = commands.add("logs", "What the daemon has logged", Needs::Daemon);
    const auto request = std::make_shared<control::LogsRequest>();
    verb.add_option("-n,--lines", request->lines, "How many of the latest records")
        ->type_name("N")
        ->take_last()
        ->check(whole_number(0, control::kLogLinesMax))
        ->capture_default_str();
    verb.add_flag("-f,--follow", request->follow, "Go on with new ones until interrupted");
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return run_logs(console, common, *request);
    });
}

}  // namespace qe::app
