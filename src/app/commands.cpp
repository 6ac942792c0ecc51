// SPDX-License-Identifier: Apache-2.0
#include "app/commands.h"

namespace qe::app {

CLI::App& Commands::add(CLI::App& parent, const std::string& name, const std::string& description,
                        Needs needs) {
    CLI::App* const verb = parent.add_subcommand(name, description);
    // One verb per command line: a peer may be called "status".
    parent.require_subcommand(0, 1);
    // What is left over is named in our own words (usage_error.h).
    verb->allow_extras();
    add_common_options(*verb, needs);
    return *verb;
}

void Commands::on_chosen(CLI::App& verb, Action action) {
    verb.callback([this, action = std::move(action)] { chosen_ = action; });
}

void Commands::add_common_options(CLI::App& app, Needs needs) {
    app.add_flag("--json", common_.json, "Print one JSON document instead of text");
    app.add_flag("--no-color", common_.no_color, "No colours, even on a terminal");
    if (needs == Needs::Daemon) {
        app.add_option("--socket", common_.socket_path, "Control socket of the daemon")
            ->type_name("PATH")
            ->take_last()
            ->capture_default_str();
    }
}

}  // namespace qe::app
