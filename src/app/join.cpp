// SPDX-License-Identifier: Apache-2.0
//
// `quicether join TOKEN`: the token as an argument, or with "-" from standard input, where neither
// `ps` nor a shell's history sees it.
#include <iostream>
#include <memory>

#include "app/ask_daemon.h"
#include "app/render_network.h"

namespace qe::app {
namespace {

/// The admin may have to be found first.
constexpr base::Duration kJoinLimit = base::seconds(60);

ExitCode run_join(Console& console, const CommonOptions& common, control::JoinRequest request) {
    if (request.token == "-") {
        std::getline(std::cin, request.token);
    }
    const auto reply = ask_daemon<control::NetworkReply>(common, request, kJoinLimit);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(render_network(*reply));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_join(Commands& commands) {
    CLI::App& verb = commands.add("join", "Join the network of a token", Needs::Daemon);
    const auto request = std::make_shared<control::JoinRequest>();
    verb.add_option("TOKEN", request->token, "From `quicether invite`; -: from standard input")
        ->type_name("")
        ->required();
    verb.add_option("--name", request->name, "What this node wants to be called there")
        ->type_name("NAME")
        ->take_last();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return run_join(console, common, *request);
    });
}

}  // namespace qe::app
