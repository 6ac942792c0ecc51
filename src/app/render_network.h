// SPDX-License-Identifier: Apache-2.0
//
// What the verbs about networks print, in the manner of render.h.
#pragma once

#include <string>
#include <string_view>

#include "app/palette.h"
#include "quicether/control/messages.h"

namespace qe::app {

/// A name somebody else chose, without what could drive a terminal; "unnamed" if empty.
[[nodiscard]] std::string printable_name(std::string_view name);

/// `Network: …` and so on, one fact a line.
[[nodiscard]] std::string render_network(const control::NetworkReply& network);

/// The token on a line of its own, and what to do with it.
[[nodiscard]] std::string render_invite(const control::InviteReply& invite);

/// A block for each node.
[[nodiscard]] std::string render_find(const control::FindReply& found);
/// `Name | NodeID | Addresses | …`, then those whose membership has ended.
[[nodiscard]] std::string render_members(const control::MembersReply& members,
                                         const Palette& palette);

}  // namespace qe::app
