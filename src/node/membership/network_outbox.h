// SPDX-License-Identifier: Apache-2.0
//
// NetworkOutbox: what the parts of membership have to say to peers, in order. NetworkKeeper sends
// it before a change of trust ends anybody's session.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "node/peer.h"
#include "quicether/network/network_message.h"

namespace qe::node {

/// One message, to be encoded once for all its receivers.
struct OutgoingMessage {
    std::vector<PeerHandle> to;
    network::NetworkMessage message;
};

class NetworkOutbox {
  public:
    void send(PeerHandle to, network::NetworkMessage message) {
        messages_.push_back({{to}, std::move(message)});
    }
    void send(PeerHandle to, std::vector<network::NetworkMessage> messages) {
        for (network::NetworkMessage& message : messages) {
            send(to, std::move(message));
        }
    }
    void send_all(std::vector<PeerHandle> to, network::NetworkMessage message) {
        messages_.push_back({std::move(to), std::move(message)});
    }
    [[nodiscard]] std::optional<OutgoingMessage> poll() {
        if (messages_.empty()) {
            return std::nullopt;
        }
        std::optional<OutgoingMessage> message(std::move(messages_.front()));
        messages_.pop_front();
        return message;
    }

  private:
    std::deque<OutgoingMessage> messages_;
};

}  // namespace qe::node
