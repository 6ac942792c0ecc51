// SPDX-License-Identifier: Apache-2.0
//
// SessionControl: hands the endpoint's news to the parts that keep links and conversations, and
// speaks of those whom TLS refused.
#pragma once

#include <cstdint>

#include "node/links/conversation.h"
#include "node/links/dialer.h"
#include "node/links/link_keeper.h"
#include "node/node_state.h"

namespace qe::node {

class SessionControl {
  public:
    SessionControl(NodeState& state, Dialer& dialer, LinkKeeper& links, Conversation& conversation)
        : state_(state), dialer_(dialer), links_(links), conversation_(conversation) {}

    void handle_event(base::Instant now, quic::Event event);
    /// Identities or certificates that TLS refused, in either direction, since the start.
    [[nodiscard]] std::uint64_t strangers_refused() const noexcept { return strangers_refused_; }

  private:
    void on_event(base::Instant now, const quic::Connected& event);
    void on_event(base::Instant now, const quic::StreamData& event);
    void on_event(base::Instant now, const quic::PathChanged& event);
    void on_event(base::Instant now, const quic::DatagramSizeChanged& event);
    void on_event(base::Instant now, const quic::OffloadChanged& event);
    void on_event(base::Instant now, quic::ResumptionReady& event);
    void on_event(base::Instant now, const quic::Closed& event);
    void on_refused(base::Instant now, const quic::Closed& event);

    NodeState& state_;
    Dialer& dialer_;
    LinkKeeper& links_;
    Conversation& conversation_;
    std::uint64_t strangers_refused_ = 0;
    base::LogLimiter stranger_log_;
};

}  // namespace qe::node
