// SPDX-License-Identifier: Apache-2.0
//
// `quicether status`
#include "app/ask_daemon.h"
#include "app/render.h"

namespace qe::app {
namespace {

ExitCode run_status(Console& console, const CommonOptions& common, bool counters) {
    const auto status = ask_daemon<control::StatusReply>(common, control::StatusRequest{});
    if (!status) {
        return console.fail(status.error());
    }
    if (console.json()) {
        console.print(control::Reply(*status));
    } else {
        console.print(render_status(*status, counters, console.palette()));
    }
    return status->state == "degraded" ? ExitCode::Degraded : ExitCode::Ok;
}

}  // namespace

void add_status(Commands& commands) {
    CLI::App& verb = commands.add("status", "How the daemon is doing", Needs::Daemon);
    const auto counters = std::make_shared<bool>(false);
    verb.add_flag("--counters", *counters, "Also list every event counter");
    commands.on_chosen(verb, [counters](Console& console, const CommonOptions& common) {
        return run_status(console, common, *counters);
    });
}

}  // namespace qe::app
