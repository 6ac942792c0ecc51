// SPDX-License-Identifier: Apache-2.0
//
// `quicether members`, `quicether find WHAT`, `quicether revoke MEMBER`, `quicether promote MEMBER`
#include <memory>

#include <fmt/core.h>

#include "app/ask_daemon.h"
#include "app/render_network.h"

namespace qe::app {
namespace {

/// The DHT may have to be searched.
constexpr base::Duration kFindLimit = base::seconds(60);

ExitCode run_members(Console& console, const CommonOptions& common) {
    const auto reply = ask_daemon<control::MembersReply>(common, control::MembersRequest{});
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(render_members(*reply, console.palette()));
    }
    return ExitCode::Ok;
}

ExitCode run_find(Console& console, const CommonOptions& common,
                  const control::FindRequest& request) {
    const auto reply = ask_daemon<control::FindReply>(common, request, kFindLimit);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(render_find(*reply));
    }
    return ExitCode::Ok;
}

/// Asks for it and says what the member is now.
ExitCode change_member(Console& console, const CommonOptions& common,
                       const control::Request& request, std::string_view outcome) {
    const auto reply = ask_daemon<control::MemberChangeReply>(common, request);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(fmt::format("{} ({}) {}.\n", printable_name(reply->name),
                                  reply->node_id.substr(0, 12), outcome));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_members(Commands& commands) {
    CLI::App& verb = commands.add("members", "Who is in the network", Needs::Daemon);
    commands.on_chosen(verb, run_members);
}

void add_find(Commands& commands) {
    CLI::App& verb =
        commands.add("find", "Who owns an address or subnet, or where a node is", Needs::Daemon);
    const auto request = std::make_shared<control::FindRequest>();
    verb.add_option("WHAT", request->what, "Name, node id or its start, address, or prefix")
        ->type_name("")
        ->required();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return run_find(console, common, *request);
    });
}

void add_revoke(Commands& commands) {
    CLI::App& verb =
        commands.add("revoke", "End a membership, everywhere and for good", Needs::Daemon);
    const auto request = std::make_shared<control::RevokeRequest>();
    verb.add_option("MEMBER", request->member, "Name, start of the node id, or overlay address")
        ->type_name("")
        ->required();
    verb.add_flag("--key-compromised", request->key_compromised,
                  "Say that its key is in other hands");
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return change_member(console, common, *request, "is no longer a member");
    });
}

void add_promote(Commands& commands) {
    CLI::App& verb = commands.add("promote", "Make a member an admin", Needs::Daemon);
    const auto request = std::make_shared<control::PromoteRequest>();
    verb.add_option("MEMBER", request->member, "Name, start of the node id, or overlay address")
        ->type_name("")
        ->required();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return change_member(console, common, *request, "is an admin now");
    });
}

}  // namespace qe::app
