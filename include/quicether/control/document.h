// SPDX-License-Identifier: Apache-2.0
//
// What the CLI prints with --json where the answer is its own and not a daemon's reply.
//
// The same shape as a reply, {"v":1,"reply":"id",…}, and the same rules for names, units and
// versions (json.h), so that a script needs one way of reading both. docs/schemas/ has a JSON
// schema for each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "quicether/control/messages.h"

namespace qe::control {

/// `version`: this program, and the daemon if one runs.
struct VersionDocument {
    std::string version;
    std::string commit;
    std::optional<std::string> daemon_version;
    std::optional<std::string> daemon_commit;
};

/// `id`.
struct IdDocument {
    std::string node_id;     ///< 40 hex digits
    std::string public_key;  ///< 64 hex digits
    std::string key_file;
    bool created = false;  ///< The key was made by this very call.
};

/// `start --daemon`.
struct StartDocument {
    std::int64_t pid = 0;
};

/// One try of `ping`; `rtt_us` is null and `error` set when nothing came back.
struct PingAttempt {
    std::uint32_t sequence = 0;  ///< From 1.
    std::optional<std::uint64_t> rtt_us;
    std::string path_local;
    std::string path_remote;
    std::string kind;  ///< "direct" or "relayed"
    std::string error;
};

/// `ping`, once it has ended.
struct PingSummaryDocument {
    std::string peer;     ///< As it was asked for.
    std::string node_id;  ///< Empty when nothing came back.
    std::string name;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    std::optional<std::uint64_t> rtt_min_us;
    std::optional<std::uint64_t> rtt_mean_us;
    std::optional<std::uint64_t> rtt_max_us;
    std::vector<PingAttempt> attempts;
};

/// One thing wrong with a configuration; `line` is 0 where none applies.
struct ConfigProblem {
    std::string file;
    std::uint64_t line = 0;
    std::string key;
    std::string message;
};

/// `config validate`.
struct ConfigCheckDocument {
    std::string file;
    bool valid = false;
    std::vector<ConfigProblem> problems;
    std::vector<std::string> notes;  ///< Settings without effect in this version.
};

/// `config set`.
struct ConfigSetDocument {
    std::string file;
    std::string key;
    std::string value;
};

using Document = std::variant<VersionDocument, IdDocument, StartDocument, PingSummaryDocument,
                              ConfigCheckDocument, ConfigSetDocument>;

/// One line without its newline.
[[nodiscard]] std::string encode_document(const Document& document);

}  // namespace qe::control
