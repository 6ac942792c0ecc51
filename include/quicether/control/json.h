// SPDX-License-Identifier: Apache-2.0
//
// The JSON of the control socket: one request or reply is one line of UTF-8 text.
//
//   {"v":1,"request":"ping","peer":"server","timeout_ms":2000}
//   {"v":1,"reply":"ping","node_id":"…","name":"server","rtt_us":412,…}
//
// Members are named as the fields in messages.h and written in that order; an empty optional is
// `null`. Requests come from outside and are judged strictly: size and nesting are checked before
// the JSON library sees a byte, `v` must be ours, the request must be known and every field of the
// right type and inside its bounds. Members we do not know are skipped, so that a newer CLI can ask
// an older daemon. Replies are read with the same care; a field a reply lacks keeps its default.
// docs/protocol/control.md describes the socket, the framing and every message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "quicether/base/result.h"
#include "quicether/control/messages.h"

namespace qe::control {

/// A longer request line is refused; the server may close without reading the rest.
inline constexpr std::size_t kRequestBytesMax = 64 * 1024;
/// Room for the peers or routes of the largest overlay we aim at, and an end to what a client
/// reads.
inline constexpr std::size_t kReplyBytesMax = 64 * 1024 * 1024;
/// Objects and arrays inside each other; our deepest message (a peer's paths) needs 5.
inline constexpr std::size_t kNestingMax = 16;
inline constexpr std::uint32_t kPingTimeoutMsMax = 60'000;
inline constexpr std::uint32_t kLogLinesMax = 10'000;
inline constexpr std::size_t kPeerNameBytesMax = 256;
/// A name, role, tag, prefix, member or reason.
inline constexpr std::size_t kTextBytesMax = 256;
/// Tags or subnets in one request.
inline constexpr std::size_t kListMax = 64;
inline constexpr std::size_t kTokenBytesMax = 1024;

/// One request line, with or without its newline. Never throws, never recurses. Errors: kTooLarge
/// for size and nesting, else kBadRequest; the text is a clause fit for an ErrorReply's message.
[[nodiscard]] base::Result<Request> parse_request(std::string_view line);

/// One line without its newline. Texts that are not UTF-8 have the broken bytes replaced by U+FFFD.
[[nodiscard]] std::string encode_request(const Request& request);

/// One line without its newline; the sender adds "\n".
[[nodiscard]] std::string encode_reply(const Reply& reply);

/// What encode_reply() wrote, read by the CLI. Errors as for parse_request().
[[nodiscard]] base::Result<Reply> parse_reply(std::string_view line);

/// "bad_request", "unknown_peer" … as in an error reply's `kind`.
[[nodiscard]] std::string_view to_text(ErrorKind kind) noexcept;

}  // namespace qe::control
