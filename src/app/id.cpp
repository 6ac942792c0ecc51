// SPDX-License-Identifier: Apache-2.0
//
// `quicether id`: who this node is, with or without a running daemon.
//
// Makes the key when there is none: its id must be known to write the peers' configurations before
// the first start.
#include <fmt/core.h>

#include "app/commands.h"
#include "quicether/host/node_key.h"

namespace qe::app {
namespace {

ExitCode run_id(Console& console, const std::string& state_directory) {
    const auto key = host::find_or_create_node_key(state_directory);
    if (!key) {
        return console.fail({ExitCode::Failure, control::ErrorKind::Failed, {key.error()}});
    }
    if (console.json()) {
        console.print(control::Document(control::IdDocument{
            key->node_id.to_string(), key->public_key.to_string(), key->path, key->created}));
        return ExitCode::Ok;
    }
    console.print(fmt::format("Node ID: {}\nPublic Key: {}\nKey File: {}{}\n",
                              key->node_id.to_string(), key->public_key.to_string(), key->path,
                              key->created ? " (new)" : ""));
    return ExitCode::Ok;
}

}  // namespace

void add_id(Commands& commands) {
    CLI::App& verb = commands.add(
        "id", "This node's id and public key; makes the key if there is none", Needs::Nothing);
    const auto directory = std::make_shared<std::string>(host::kDefaultStateDirectory);
    verb.add_option("--state-dir", *directory, "Where the node keeps its key")
        ->type_name("DIR")
        ->take_last()
        ->capture_default_str();
    commands.on_chosen(verb, [directory](Console& console, const CommonOptions& /*common*/) {
        return run_id(console, *directory);
    });
}

}  // namespace qe::app
