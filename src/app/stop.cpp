// SPDX-License-Identifier: Apache-2.0
//
// `quicether stop`: returns when the daemon's process and everything it set up are gone.
#include "app/ask_daemon.h"
#include "app/values.h"

namespace qe::app {
namespace {

ExitCode run_stop(Console& console, const CommonOptions& common, std::int64_t limit_s) {
    const auto stopped = sort_reply<control::StopReply>(
        host::stop_and_wait(common.socket_path, std::chrono::seconds(limit_s)));
    if (!stopped) {
        return console.fail(stopped.error());
    }
    if (console.json()) {
        console.print(control::Reply(*stopped));
    } else {
        console.print("stopped\n");
    }
    return ExitCode::Ok;
}

}  // namespace

void add_stop(Commands& commands) {
    CLI::App& verb =
        commands.add("stop", "Stop the daemon and wait until it is gone", Needs::Daemon);
    const auto limit_s = std::make_shared<std::int64_t>(30);
    verb.add_option("--timeout", *limit_s, "How long to wait for it")
        ->type_name("SECONDS")
        ->take_last()
        ->check(whole_number(1, 3600))
        ->capture_default_str();
    commands.on_chosen(verb, [limit_s](Console& console, const CommonOptions& common) {
        return run_stop(console, common, *limit_s);
    });
}

}  // namespace qe::app
