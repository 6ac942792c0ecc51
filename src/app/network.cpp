// SPDX-License-Identifier: Apache-2.0
//
// `quicether network create|show|leave`
#include <memory>

#include <fmt/core.h>

#include "app/ask_daemon.h"
#include "app/render_network.h"

namespace qe::app {
namespace {

ExitCode show(Console& console, const tl::expected<control::NetworkReply, Failure>& reply) {
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

void add_create(Commands& commands, CLI::App& parent) {
    CLI::App& verb = commands.add(
        parent, "create", "Make a network, with this node as its first admin", Needs::Daemon);
    const auto request = std::make_shared<control::NetworkCreateRequest>();
    verb.add_option("NAME", request->name, "What members call it")->type_name("")->required();
    verb.add_option("--prefix", request->ipv4_prefix, "Where members get their IPv4 addresses")
        ->type_name("PREFIX")
        ->take_last()
        ->default_str("100.64.0.0/16");
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return show(console, ask_daemon<control::NetworkReply>(common, *request));
    });
}

void add_show(Commands& commands, CLI::App& parent) {
    CLI::App& verb =
        commands.add(parent, "show", "The network this node is a member of", Needs::Daemon);
    commands.on_chosen(verb, [](Console& console, const CommonOptions& common) {
        return show(console, ask_daemon<control::NetworkReply>(common, control::NetworkRequest{}));
    });
}

void add_leave(Commands& commands, CLI::App& parent) {
    CLI::App& verb = commands.add(parent, "leave", "Stop being a member", Needs::Daemon);
    const auto request = std::make_shared<control::NetworkLeaveRequest>();
    verb.add_flag("--force", request->force, "Even as the last admin: nobody can invite then");
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        const auto reply = ask_daemon<control::NetworkLeaveReply>(common, *request);
        if (!reply) {
            return console.fail(reply.error());
        }
        if (console.json()) {
            console.print(control::Reply(*reply));
        } else {
            console.print(fmt::format("This node has left {}.\n", printable_name(reply->name)));
        }
        return ExitCode::Ok;
    });
}

}  // namespace

void add_network(Commands& commands) {
    CLI::App& verb =
        commands.add("network", "Make, show or leave a network of nodes", Needs::Daemon);
    verb.require_subcommand(0, 1);
    add_create(commands, verb);
    add_show(commands, verb);
    add_leave(commands, verb);
}

}  // namespace qe::app
