// SPDX-License-Identifier: Apache-2.0
//
// `quicether routes`
#include "app/ask_daemon.h"
#include "app/render.h"

namespace qe::app {
namespace {

ExitCode run_routes(Console& console, const CommonOptions& common) {
    const auto routes = ask_daemon<control::RoutesReply>(common, control::RoutesRequest{});
    if (!routes) {
        return console.fail(routes.error());
    }
    if (console.json()) {
        console.print(control::Reply(*routes));
    } else {
        console.print(render_routes(*routes, console.palette()));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_routes(Commands& commands) {
    CLI::App& verb = commands.add("routes", "Which destination goes to whom", Needs::Daemon);
    commands.on_chosen(verb, run_routes);
}

}  // namespace qe::app
