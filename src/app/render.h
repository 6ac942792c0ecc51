// SPDX-License-Identifier: Apache-2.0
//
// Replies as text for people, in the shapes docs/operations/cli.md shows.
//
// Pure: values in, text out. Everything that came from a peer is made printable on the way.
#pragma once

#include <string>

#include "app/palette.h"
#include "quicether/control/document.h"
#include "quicether/control/messages.h"

namespace qe::app {

/// `Node ID: …` and so on, one fact a line; with `counters` every event counter as well.
[[nodiscard]] std::string render_status(const control::StatusReply& status, bool counters,
                                        const Palette& palette);

/// `NodeID | Address | RTT | Status | …`, sorted as the daemon sent them.
[[nodiscard]] std::string render_peers(const control::PeersReply& reply, const Palette& palette);

/// One row for each path of each peer: `NodeID | Local | Remote | RTT | …`.
[[nodiscard]] std::string render_paths(const control::PeersReply& reply, const Palette& palette);

/// `Destination | Next Hop | Interface | …`.
[[nodiscard]] std::string render_routes(const control::RoutesReply& reply, const Palette& palette);

/// The answer to the `sequence`-th ping.
[[nodiscard]] std::string render_ping(const control::PingReply& reply, std::uint32_t sequence);

/// The closing line of `ping`.
[[nodiscard]] std::string render_ping_summary(const control::PingSummaryDocument& summary);

/// What a reload did, one key a line.
[[nodiscard]] std::string render_reload(const control::ReloadReply& reply);

/// One log record.
[[nodiscard]] std::string render_log_line(const control::LogLine& line, const Palette& palette);

}  // namespace qe::app
