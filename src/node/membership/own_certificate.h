// SPDX-License-Identifier: Apache-2.0
//
// OwnCertificate: what this node shows in handshakes, and its renewal in time.
//
// Asked for at any connected admin, each time at another one; an admin renews its own. Sessions do
// not notice: a certificate counts when a session is made.
#pragma once

#include "node/membership/network_outbox.h"
#include "node/membership/own_network.h"
#include "node/node_state.h"

namespace qe::node {

class OwnCertificate {
  public:
    OwnCertificate(NodeState& state, OwnNetwork& network, NetworkOutbox& outbox)
        : state_(state), network_(network), outbox_(outbox) {}

    /// Shows the certificate of the network we are in, or the self-signed one without a network.
    void begin(base::Instant now);
    /// Shows that we bear an invite.
    void show_invite(const network::Invite& invite);
    /// The directory may hold a newer certificate of ours, whoever brought it.
    void adopt(base::Instant now);
    void handle_greeting(base::Instant now, PeerHandle peer);
    void handle_deadline(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept { return renew_at_; }

  private:
    [[nodiscard]] bool is_due() const;
    void renew(base::Instant now);
    void schedule(base::Instant now);
    void show(quic::Credential credential);

    NodeState& state_;
    OwnNetwork& network_;
    NetworkOutbox& outbox_;
    base::Instant renew_at_ = base::Instant::never();
};

}  // namespace qe::node
