// SPDX-License-Identifier: Apache-2.0
//
// Asks the daemon and sorts the answer: the expected reply, or a Failure ready to be printed.
#pragma once

#include <variant>

#include <tl/expected.hpp>

#include "app/commands.h"
#include "quicether/base/time.h"
#include "quicether/control/messages.h"

namespace qe::app {

/// Long enough for a busy daemon, short enough for a person.
inline constexpr base::Duration kAnswerLimit = base::seconds(10);

[[nodiscard]] Failure to_failure(const host::ClientError& error);
[[nodiscard]] Failure to_failure(const control::ErrorReply& error);
/// A daemon of another version answered with something else than was asked for.
[[nodiscard]] Failure unexpected_reply();

/// The Expected in `reply`, or what it says instead.
template <typename Expected>
[[nodiscard]] tl::expected<Expected, Failure> sort_reply(host::ClientResult<control::Reply> reply) {
    if (!reply) {
        return tl::unexpected(to_failure(reply.error()));
    }
    if (auto* const expected = std::get_if<Expected>(&*reply)) {
        return std::move(*expected);
    }
    if (const auto* const error = std::get_if<control::ErrorReply>(&*reply)) {
        return tl::unexpected(to_failure(*error));
    }
    return tl::unexpected(unexpected_reply());
}

/// One request, its one reply.
template <typename Expected>
[[nodiscard]] tl::expected<Expected, Failure> ask_daemon(const CommonOptions& common,
                                                         const control::Request& request,
                                                         base::Duration limit = kAnswerLimit) {
    return sort_reply<Expected>(host::ask(common.socket_path, request, limit));
}

}  // namespace qe::app
