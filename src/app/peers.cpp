// SPDX-License-Identifier: Apache-2.0
//
// `quicether peers`
#include "app/ask_daemon.h"
#include "app/render.h"

namespace qe::app {
namespace {

ExitCode run_peers(Console& console, const CommonOptions& common, bool paths) {
    const auto peers = ask_daemon<control::PeersReply>(common, control::PeersRequest{});
    if (!peers) {
        return console.fail(peers.error());
    }
    if (console.json()) {
        console.print(control::Reply(*peers));
    } else if (paths) {
        console.print(render_paths(*peers, console.palette()));
    } else {
        console.print(render_peers(*peers, console.palette()));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_peers(Commands& commands) {
    CLI::App& verb =
        commands.add("peers", "Who we are connected to, and who we are not", Needs::Daemon);
    const auto paths = std::make_shared<bool>(false);
    verb.add_flag("--paths", *paths, "One line for each path to each peer");
    commands.on_chosen(verb, [paths](Console& console, const CommonOptions& common) {
        return run_peers(console, common, *paths);
    });
}

}  // namespace qe::app
