// SPDX-License-Identifier: Apache-2.0
//
// `quicether start`: configuration, flags on top of it, then the daemon, in the foreground or not.
#include <fmt/core.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/config_file.h"
#include "app/detach.h"
#include "app/start_options.h"
#include "qe_version.h"
#include "quicether/host/daemon.h"

namespace qe::app {
namespace {

tl::expected<host::DaemonOptions, Failure> make_daemon_options(const CommonOptions& common,
                                                               const StartOptions& options) {
    const auto text = read_config(if_given(options.config_file));
    if (!text) {
        return tl::unexpected(text.error());
    }
    auto from_file = config::parse(text->text, text->path);
    if (!from_file) {
        return tl::unexpected(to_failure(from_file.error()));
    }
    auto effective = config::apply(std::move(*from_file), options.overrides);
    if (!effective) {
        return tl::unexpected(to_failure(effective.error()));
    }
    host::DaemonOptions daemon;
    daemon.config = std::move(*effective);
    daemon.config_file = text->path;
    daemon.overrides = options.overrides;
    daemon.state_dir = absolute_path(options.state_dir);
    daemon.socket_path = absolute_path(common.socket_path);
    daemon.version = std::string(kVersion);
    daemon.commit = std::string(kCommit);
    return daemon;
}

/// The pipe to the waiting parent is no terminal, but whoever reads it may well sit at one.
void keep_log_readable(host::DaemonOptions& daemon) {
    if (daemon.config.monitoring.log_format == "auto" && isatty(STDERR_FILENO) == 1) {
        daemon.config.monitoring.log_format = "human";
        daemon.overrides.log_format = "human";
    }
}

ExitCode start_detached(Console& console, host::DaemonOptions daemon) {
    keep_log_readable(daemon);
    const auto detached = run_detached([&daemon](int ready_fd) {
        daemon.ready_fd = ready_fd;
        return host::run_daemon(std::move(daemon));
    });
    if (!detached) {
        return console.fail({ExitCode::Failure, control::ErrorKind::Failed, {detached.error()}});
    }
    if (!detached->ready) {
        return console.fail({ExitCode::Failure,
                             control::ErrorKind::Failed,
                             {"the daemon did not start; the reason stands above"}});
    }
    if (console.json()) {
        console.print(control::Document(control::StartDocument{detached->pid}));
    } else {
        console.print(fmt::format("quicether is up, process {}\n", detached->pid));
    }
    return ExitCode::Ok;
}

ExitCode run_start(Console& console, const CommonOptions& common, const StartOptions& options) {
    auto daemon = make_daemon_options(common, options);
    if (!daemon) {
        return console.fail(daemon.error());
    }
    if (options.daemon) {
        return start_detached(console, std::move(*daemon));
    }
    return host::run_daemon(std::move(*daemon)) == 0 ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace

void add_start(Commands& commands) {
    CLI::App& verb = commands.add("start", "Run the daemon, in the foreground", Needs::Daemon);
    const auto options = std::make_shared<StartOptions>();
    add_start_options(verb, *options);
    commands.on_chosen(verb, [options](Console& console, const CommonOptions& common) {
        return run_start(console, common, *options);
    });
}

}  // namespace qe::app
