// SPDX-License-Identifier: Apache-2.0
//
// `quicether reload`
#include "app/ask_daemon.h"
#include "app/render.h"

namespace qe::app {
namespace {

ExitCode run_reload(Console& console, const CommonOptions& common) {
    const auto done = ask_daemon<control::ReloadReply>(common, control::ReloadRequest{});
    if (!done) {
        return console.fail(done.error());
    }
    if (console.json()) {
        console.print(control::Reply(*done));
    } else {
        console.print(render_reload(*done));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_reload(Commands& commands) {
    CLI::App& verb = commands.add(
        "reload", "Read the configuration again, without dropping sessions", Needs::Daemon);
    commands.on_chosen(verb, run_reload);
}

}  // namespace qe::app
