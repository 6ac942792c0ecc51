// SPDX-License-Identifier: Apache-2.0
//
// `quicether version`: of this program and, after an upgrade often another, of the running daemon.
#include <fmt/core.h>

#include "app/ask_daemon.h"
#include "qe_version.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

constexpr base::Duration kShortLimit = base::seconds(2);

ExitCode run_version(Console& console, const CommonOptions& common) {
    control::VersionDocument document{std::string(kVersion), std::string(kCommit), {}, {}};
    // No daemon, or one that does not talk to us, is no failure here.
    if (const auto daemon =
            ask_daemon<control::VersionReply>(common, control::VersionRequest{}, kShortLimit)) {
        document.daemon_version = daemon->version;
        document.daemon_commit = daemon->commit;
    }
    if (console.json()) {
        console.print(control::Document(document));
        return ExitCode::Ok;
    }
    console.print(fmt::format("quicether {} ({})\n", kVersion, kCommit));
    if (document.daemon_version &&
        (*document.daemon_version != kVersion || *document.daemon_commit != kCommit)) {
        console.print(
            fmt::format("the running daemon is {} ({}); restart it to change to this one\n",
                        config::printable(*document.daemon_version),
                        config::printable(*document.daemon_commit)));
    }
    return ExitCode::Ok;
}

}  // namespace

void add_version(Commands& commands) {
    CLI::App& verb =
        commands.add("version", "Version of this program and of the running daemon", Needs::Daemon);
    commands.on_chosen(verb, run_version);
}

}  // namespace qe::app
