// SPDX-License-Identifier: Apache-2.0
//
// `quicether dht status|nodes|get|put|lookup|announce|peers`: the daemon's DHT, for operators.
#include <memory>

#include "app/ask_daemon.h"
#include "app/render_dht.h"

namespace qe::app {
namespace {

/// A search that meets only dead nodes takes its time.
constexpr base::Duration kSearchLimit = base::seconds(60);

template <typename Reply, typename Request, typename Render>
ExitCode ask_and_show(Console& console, const CommonOptions& common, const Request& request,
                      Render&& render) {
    const auto reply = ask_daemon<Reply>(common, request, kSearchLimit);
    if (!reply) {
        return console.fail(reply.error());
    }
    if (console.json()) {
        console.print(control::Reply(*reply));
    } else {
        console.print(render(*reply));
    }
    return ExitCode::Ok;
}

void add_dht_status(Commands& commands, CLI::App& parent) {
    CLI::App& verb =
        commands.add(parent, "status", "How this node stands in the DHT", Needs::Daemon);
    commands.on_chosen(verb, [](Console& console, const CommonOptions& common) {
        return ask_and_show<control::DhtStatusReply>(console, common, control::DhtStatusRequest{},
                                                     render_dht_status);
    });
}

void add_nodes(Commands& commands, CLI::App& parent) {
    CLI::App& verb = commands.add(parent, "nodes", "The contacts of this node", Needs::Daemon);
    commands.on_chosen(verb, [](Console& console, const CommonOptions& common) {
        return ask_and_show<control::DhtNodesReply>(
            console, common, control::DhtNodesRequest{},
            [&](const auto& reply) { return render_dht_nodes(reply, console.palette()); });
    });
}

void add_get(Commands& commands, CLI::App& parent) {
    CLI::App& verb = commands.add(parent, "get", "Fetch an item (BEP 44)", Needs::Daemon);
    const auto request = std::make_shared<control::DhtGetRequest>();
    verb.add_option("TARGET", request->target, "Where it lies (40 digits), or its owner's key (64)")
        ->type_name("")
        ->required();
    verb.add_option("--salt", request->salt, "Which of the owner's items")
        ->type_name("TEXT")
        ->take_last();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        const auto reply = ask_daemon<control::DhtGetReply>(common, *request, kSearchLimit);
        if (!reply) {
            return console.fail(reply.error());
        }
        if (console.json()) {
            console.print(control::Reply(*reply));
        } else {
            console.print(render_dht_get(*reply));
        }
        return reply->found ? ExitCode::Ok : ExitCode::Failure;
    });
}

void add_put(Commands& commands, CLI::App& parent) {
    CLI::App& verb =
        commands.add(parent, "put", "Store a text for two hours (BEP 44)", Needs::Daemon);
    const auto request = std::make_shared<control::DhtPutRequest>();
    verb.add_option("TEXT", request->text, "At most 996 bytes")->type_name("")->required();
    verb.add_flag("--mutable", request->is_mutable,
                  "Under this node's key, in place of what was there before");
    verb.add_option("--salt", request->salt, "With --mutable: tells items of one key apart")
        ->type_name("TEXT")
        ->take_last();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        const auto reply = ask_daemon<control::DhtPutReply>(common, *request, kSearchLimit);
        if (!reply) {
            return console.fail(reply.error());
        }
        if (console.json()) {
            console.print(control::Reply(*reply));
        } else {
            console.print(render_dht_put(*reply));
        }
        return reply->accepted > 0 ? ExitCode::Ok : ExitCode::Failure;
    });
}

void add_lookup(Commands& commands, CLI::App& parent) {
    CLI::App& verb = commands.add(
        parent, "lookup", "Where a node says it is, and who is nearest to its id", Needs::Daemon);
    const auto request = std::make_shared<control::DhtLookupRequest>();
    verb.add_option("NODE", request->node, "Node id, public key, or a peer's name")
        ->type_name("")
        ->required();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        return ask_and_show<control::DhtLookupReply>(
            console, common, *request,
            [&](const auto& reply) { return render_dht_lookup(reply, console.palette()); });
    });
}

void add_announce(Commands& commands, CLI::App& parent) {
    CLI::App& verb = commands.add(parent, "announce",
                                  "Say for half an hour where this node is (BEP 5)", Needs::Daemon);
    const auto request = std::make_shared<control::DhtAnnounceRequest>();
    verb.add_option("INFOHASH", request->info_hash, "Under which 40 digits")
        ->type_name("")
        ->required();
    verb.add_option("--port", request->port, "Where to reach it, instead of the port of the DHT")
        ->type_name("PORT")
        ->check(CLI::Range(1, UINT16_MAX))
        ->take_last();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        const auto reply = ask_daemon<control::DhtAnnounceReply>(common, *request, kSearchLimit);
        if (!reply) {
            return console.fail(reply.error());
        }
        if (console.json()) {
            console.print(control::Reply(*reply));
        } else {
            console.print(render_dht_announce(*reply));
        }
        return reply->accepted > 0 ? ExitCode::Ok : ExitCode::Failure;
    });
}

void add_announced_peers(Commands& commands, CLI::App& parent) {
    CLI::App& verb =
        commands.add(parent, "peers", "Who has announced itself there (BEP 5)", Needs::Daemon);
    const auto request = std::make_shared<control::DhtPeersRequest>();
    verb.add_option("INFOHASH", request->info_hash, "Under which 40 digits")
        ->type_name("")
        ->required();
    commands.on_chosen(verb, [request](Console& console, const CommonOptions& common) {
        const auto reply = ask_daemon<control::DhtPeersReply>(common, *request, kSearchLimit);
        if (!reply) {
            return console.fail(reply.error());
        }
        if (console.json()) {
            console.print(control::Reply(*reply));
        } else {
            console.print(render_dht_peers(*reply));
        }
        return reply->peers.empty() ? ExitCode::Failure : ExitCode::Ok;
    });
}

}  // namespace

void add_dht(Commands& commands) {
    CLI::App& verb =
        commands.add("dht", "Look into the DHT, by which nodes find each other", Needs::Daemon);
    verb.require_subcommand(0, 1);
    add_dht_status(commands, verb);
    add_nodes(commands, verb);
    add_get(commands, verb);
    add_put(commands, verb);
    add_lookup(commands, verb);
    add_announce(commands, verb);
    add_announced_peers(commands, verb);
}

}  // namespace qe::app
