// SPDX-License-Identifier: Apache-2.0
//
// The other end of the control socket: how the CLI asks a running daemon.
//
// Every call opens its own connection, sends one request line, reads the answer and closes; it
// blocks, within a time limit, and leaves no thread or signal handler behind. The sentences of a
// ClientError are complete: they name the socket and say what to do. docs/protocol/control.md has
// the framing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <tl/expected.hpp>

#include "quicether/base/time.h"
#include "quicether/control/messages.h"

namespace qe::host {

inline constexpr const char* kDefaultSocketPath = "/run/quicether/quicether.sock";

enum class ClientErrorKind : std::uint8_t {
    NotRunning,  ///< No socket, or nobody listens on it.
    Denied,      ///< The socket's permissions keep us out.
    Timeout,     ///< Connected, but no answer within the limit.
    Failed,      ///< Anything else, such as an answer that makes no sense.
};

struct ClientError {
    ClientErrorKind kind = ClientErrorKind::Failed;
    std::string sentence;
};

template <typename T>
using ClientResult = tl::expected<T, ClientError>;

/// One request and its one reply, which may be an ErrorReply. `limit` covers connecting, sending
/// and waiting together. Not for LogsRequest.
[[nodiscard]] ClientResult<control::Reply> ask(const std::string& socket_path,
                                               const control::Request& request,
                                               base::Duration limit);

/// Gets one reply of the sequence that answers a LogsRequest; false: enough.
using OnReply = std::function<bool(const control::Reply&)>;

/// Hands out log records as they come until the daemon closes the connection or `on_reply` has
/// enough. `limit` covers connecting and sending, and with `follow` unset each answer as well: a
/// quiet daemon has nothing to say for as long as it likes.
[[nodiscard]] ClientResult<void> follow(const std::string& socket_path,
                                        const control::LogsRequest& request, base::Duration limit,
                                        const OnReply& on_reply);

/// Asks the daemon to stop and waits until its process is gone and with it everything it changed
/// on the host. An ErrorReply (not allowed to stop it) is handed back and nothing is waited for.
[[nodiscard]] ClientResult<control::Reply> stop_and_wait(const std::string& socket_path,
                                                         base::Duration limit);

}  // namespace qe::host
