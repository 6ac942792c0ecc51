// SPDX-License-Identifier: Apache-2.0
//
// Stateless: the answers an endpoint gives without keeping a connection.
//
// Version Negotiation (RFC 9000, 17.2.1), Retry (17.2.5), a bare CONNECTION_CLOSE for a spoilt
// Retry token, and the stateless reset (10.3). Each is rate-limited and never larger than three
// times what came in; a reset is always smaller than its cause, so that two endpoints that have
// forgotten each other fall silent. Answers wait in a short queue until poll_transmit().
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include <ngtcp2/ngtcp2.h>

#include "quic/address_tokens.h"
#include "quic/rate_limit.h"
#include "quicether/base/bounded_queue.h"
#include "quicether/base/bytes.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/net/datagram.h"
#include "quicether/quic/types.h"

namespace qe::quic {

class Stateless {
  public:
    Stateless(const AddressTokens& tokens, EndpointCounters& counters, base::Rng& rng) noexcept
        : tokens_(tokens), counters_(counters), rng_(rng) {}

    /// The stranger's packet is of `received` bytes and speaks a version we do not.
    void negotiate_version(base::Instant now, const net::FlowAddresses& flow,
                           const ngtcp2_version_cid& packet, std::size_t received);
    void retry(base::Instant now, const net::FlowAddresses& flow, const ngtcp2_pkt_hd& initial,
               std::size_t received);
    void refuse_token(base::Instant now, const net::FlowAddresses& flow,
                      const ngtcp2_pkt_hd& initial, std::size_t received);
    /// `id`: the unknown destination id, of our shape.
    void reset(base::Instant now, const net::FlowAddresses& flow, base::ByteView id,
               std::size_t received);

    [[nodiscard]] bool empty() const noexcept { return replies_.empty(); }
    /// Writes the next answer. `buffer` holds at least kTransmitBufferMin bytes.
    [[nodiscard]] std::optional<net::TransmitDatagrams> poll(base::MutableBytes buffer);

  private:
    static constexpr std::size_t kReplyBytesMax = 256;
    static constexpr std::size_t kRepliesMax = 512;

    struct Reply {
        net::FlowAddresses flow;
        std::size_t size = 0;
        std::array<std::byte, kReplyBytesMax> bytes{};
    };

    /// False when the reply is invalid, too large for its cause, or the queue is full.
    bool push(Reply reply, ngtcp2_ssize size, std::size_t received);

    const AddressTokens& tokens_;
    EndpointCounters& counters_;
    base::Rng& rng_;
    base::BoundedQueue<Reply> replies_{kRepliesMax};
    RateLimit versions_{100, 100};
    RateLimit retries_{5000, 500};
    RateLimit refusals_{100, 100};
    RateLimit resets_{100, 100};
};

}  // namespace qe::quic
