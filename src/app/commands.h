// SPDX-License-Identifier: Apache-2.0
//
// Commands: where each verb of the command line registers itself.
//
// A verb is one file: it adds its CLI11 subcommand with its options, and an Action that runs after
// the whole command line has been read. Option values live in a shared_ptr that the Action keeps.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "app/console.h"
#include "quicether/host/control_client.h"

namespace qe::app {

/// Flags that every verb understands.
struct CommonOptions {
    bool json = false;
    bool no_color = false;
    std::string socket_path = host::kDefaultSocketPath;
};

using Action = std::function<ExitCode(Console&, const CommonOptions&)>;

/// What a verb talks to, hence whether it has --socket.
enum class Needs : std::uint8_t { Nothing, Daemon };

class Commands {
  public:
    explicit Commands(CLI::App& root) : root_(&root) { add_common_options(root, Needs::Daemon); }
    Commands(const Commands&) = delete;
    Commands& operator=(const Commands&) = delete;

    [[nodiscard]] CLI::App& root() noexcept { return *root_; }

    /// A verb below `parent`, the common flags included.
    CLI::App& add(CLI::App& parent, const std::string& name, const std::string& description,
                  Needs needs);
    CLI::App& add(const std::string& name, const std::string& description, Needs needs) {
        return add(*root_, name, description, needs);
    }

    /// What to do if the command line ends at this verb.
    void on_chosen(CLI::App& verb, Action action);

    [[nodiscard]] const CommonOptions& common() const noexcept { return common_; }
    /// Empty when no verb was given, or one that needs a further word.
    [[nodiscard]] const Action& chosen() const noexcept { return chosen_; }

  private:
    void add_common_options(CLI::App& app, Needs needs);

    CLI::App* root_;
    CommonOptions common_;
    Action chosen_;
};

void add_start(Commands& commands);
void add_stop(Commands& commands);
void add_status(Commands& commands);
void add_peers(Commands& commands);
void add_routes(Commands& commands);
void add_multipath(Commands& commands);
void add_explain(Commands& commands);
void add_ping(Commands& commands);
void add_id(Commands& commands);
void add_config(Commands& commands);
void add_reload(Commands& commands);
void add_logs(Commands& commands);
void add_dht(Commands& commands);
void add_network(Commands& commands);
void add_invite(Commands& commands);
void add_join(Commands& commands);
void add_members(Commands& commands);
void add_find(Commands& commands);
void add_revoke(Commands& commands);
void add_promote(Commands& commands);
void add_version(Commands& commands);

}  // namespace qe::app
