// SPDX-License-Identifier: Apache-2.0
//
// PeerCacheKeeper: when the addresses learnt of peers are stored, and that they are dialled first
// after a restart.
#pragma once

#include <optional>

#include "node/links/dialer.h"
#include "node/node_state.h"
#include "quicether/base/bytes.h"
#include "quicether/base/time.h"

namespace qe::node {

class PeerCacheKeeper {
  public:
    PeerCacheKeeper(NodeState& state, Dialer& dialer) noexcept : state_(state), dialer_(dialer) {}

    /// First when peers were given time to connect.
    void start(base::Instant now) noexcept;
    /// What was stored last time.
    void restore(base::Instant now, base::ByteView contents);
    /// What is to be stored now, if that is due and differs from what was stored last.
    [[nodiscard]] std::optional<base::Bytes> take(base::Instant now);
    /// When take() wants to be called at the latest: some time after it is due, so that something
    /// else may wake the node before.
    [[nodiscard]] base::Instant next_deadline() const noexcept;

  private:
    NodeState& state_;
    Dialer& dialer_;
    base::Instant due_at_;
    base::Bytes stored_;
};

}  // namespace qe::node
