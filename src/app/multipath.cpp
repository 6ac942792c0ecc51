// SPDX-License-Identifier: Apache-2.0
//
// `quicether multipath [PEER]`, `quicether explain PEER`
#include <memory>

#include "app/ask_daemon.h"
#include "app/render_multipath.h"

namespace qe::app {
namespace {

ExitCode run_multipath(Console& console, const CommonOptions& common,
                       const control::MultipathRequest& request) {
    const auto reply = ask_daemon<control::MultipathReply>(common, request);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(render_multipath(*reply, console.palette()));
    }
    return ExitCode::Ok;
}

ExitCode run_explain(Console& console, const CommonOptions& common,
                     const control::ExplainRequest& request) {
    const auto reply = ask_daemon<control::ExplainReply>(common, request);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(render_explain(*reply, console.palette()));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_multipath(Commands& commands) {
    CLI::App& verb =
        commands.add("multipath", "The paths to each peer, and which carry packets", Needs::Daemon);
    const auto request = std::make_shared<control::MultipathRequest>();
    verb.add_option("PEER", request->peer, "Name, start of the node id, or overlay address")
        ->type_name("");
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return run_multipath(console, common, *request);
    });
}

void add_explain(Commands& commands) {
    CLI::App& verb =
        commands.add("explain", "How a peer is reached, and why so or why not", Needs::Daemon);
    const auto request = std::make_shared<control::ExplainRequest>();
    verb.add_option("PEER", request->peer, "Name, start of the node id, or overlay address")
        ->type_name("")
        ->required();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return run_explain(console, common, *request);
    });
}

}  // namespace qe::app
