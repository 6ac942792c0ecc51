// SPDX-License-Identifier: Apache-2.0
#include "quicether/host/daemon.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <malloc.h>
#include <unistd.h>

#include "host/daemon_process.h"

namespace qe::host {
namespace {

int run_to_end(DaemonOptions options, DaemonLog& sink) {
    const base::Log log(sink, "host");
    Daemon daemon(std::move(options), sink);
    if (auto started = daemon.start(); !started) {
        log.error("{}", started.error());
        return 1;
    }
    const int code = daemon.run();
    daemon.shut_down();
    if (daemon.lookup_hangs()) {
        ::_exit(code);  // getaddrinfo(3) may take half a minute to give up.
    }
    return code;
}

}  // namespace

int run_daemon(DaemonOptions options) noexcept {
    ::signal(SIGPIPE, SIG_IGN);
    // The threads that write files and resolve names need no heap of their own.
    ::mallopt(M_ARENA_MAX, 1);
    try {
        const auto sink = DaemonLog::to_standard_error(options.config.monitoring.log_format);
        sink->set_levels(options.config.monitoring.log_level, options.config.monitoring.log_levels);
        return run_to_end(std::move(options), *sink);
    } catch (const std::exception& failure) {
        // Out of memory, or a library of others: nothing of ours throws.
        std::fprintf(stderr, "quicether: %s\n", failure.what());
        return 1;
    }
}

}  // namespace qe::host
