// SPDX-License-Identifier: Apache-2.0
//
// The daemon: one Node, the operating system around it, and the libuv loop that joins them.
//
// run_daemon() owns the process from here on: it blocks signals it waits for, drops privileges it
// no longer needs and returns when the node has been stopped (SIGTERM, SIGINT, control socket) or
// could not start. Whatever it changed on the host is undone by then. It prints nothing itself;
// everything the operator must know goes to the log on standard error, one sentence each.
#pragma once

#include <string>

#include "quicether/config/config.h"
#include "quicether/config/overrides.h"

namespace qe::host {

struct DaemonOptions {
    config::Config config;        ///< Effective: file and overrides together, validated.
    std::string config_file;      ///< Read again on reload; empty: none, overrides alone count.
    config::Overrides overrides;  ///< Laid over the file again on reload.
    std::string state_dir = "/var/lib/quicether";
    std::string socket_path = "/run/quicether/quicether.sock";
    std::string version;
    std::string commit;
    /// Gets one byte and is closed once the overlay addresses can be bound; closed without a byte
    /// when the start fails. For a parent that waits (`start --daemon`); -1: none.
    int ready_fd = -1;
};

/// Runs until the daemon is told to stop. 0: stopped in good order; 1: could not start, or lost
/// something it cannot go on without (the TUN device). Throws nothing.
[[nodiscard]] int run_daemon(DaemonOptions options) noexcept;

}  // namespace qe::host
