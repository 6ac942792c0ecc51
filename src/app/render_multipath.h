// SPDX-License-Identifier: Apache-2.0
//
// What the verbs about paths print, in the manner of render.h.
#pragma once

#include <string>

#include "app/palette.h"
#include "quicether/control/messages.h"

namespace qe::app {

/// `Interface | Address | RTT | Bandwidth | Packets | Status | Loss | …`, a table for each peer.
[[nodiscard]] std::string render_multipath(const control::MultipathReply& reply,
                                           const Palette& palette);

/// How a peer is reached or why not, in sentences, one a line.
[[nodiscard]] std::string render_explain(const control::ExplainReply& reply,
                                         const Palette& palette);

}  // namespace qe::app
