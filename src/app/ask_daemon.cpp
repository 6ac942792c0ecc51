// SPDX-License-Identifier: Apache-2.0
#include "app/ask_daemon.h"

#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

constexpr std::size_t kMessageBytesMax = 2000;

}  // namespace

Failure to_failure(const host::ClientError& error) {
    switch (error.kind) {
        case host::ClientErrorKind::NotRunning:
            return {ExitCode::NotRunning, control::ErrorKind::NotRunning, {error.sentence}};
        case host::ClientErrorKind::Denied:
            return {ExitCode::Failure, control::ErrorKind::Denied, {error.sentence}};
        case host::ClientErrorKind::Timeout:
            return {ExitCode::Failure, control::ErrorKind::Timeout, {error.sentence}};
        case host::ClientErrorKind::Failed:
            break;
    }
    return {ExitCode::Failure, control::ErrorKind::Failed, {error.sentence}};
}

Failure to_failure(const control::ErrorReply& error) {
    return {ExitCode::Failure, error.kind, {config::printable(error.message, kMessageBytesMax)}};
}

Failure unexpected_reply() {
    return {ExitCode::Failure,
            control::ErrorKind::Failed,
            {"the daemon answered with something else than was asked for; is it of the same "
             "version? See \"quicether version\""}};
}

}  // namespace qe::app
