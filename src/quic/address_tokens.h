// SPDX-License-Identifier: Apache-2.0
//
// AddressTokens: the secrets an endpoint can recompute after a restart, and what is made of them.
//
// Stateless-reset tokens (RFC 9000, 10.3.2) come from the connection id alone, so that a restarted
// endpoint can still end the connections it has forgotten. Retry tokens (8.1.2) live seconds and
// carry the client's first destination id; regular tokens (8.1.3) live a day and spare a returning
// client the Retry. All keys derive from the node identity: nothing is stored.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include <ngtcp2/ngtcp2.h>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace qe::quic {

enum class TokenKind : std::uint8_t { None, Retry, Regular };

class AddressTokens {
  public:
    static constexpr base::seconds kRetryLifetime{10};
    static constexpr base::seconds kRegularLifetime{24 * 3600};

    explicit AddressTokens(const crypto::Identity& identity);
    ~AddressTokens();
    AddressTokens(const AddressTokens&) = delete;
    AddressTokens& operator=(const AddressTokens&) = delete;

    /// Errors: kCryptoFailure.
    [[nodiscard]] base::Result<ngtcp2_stateless_reset_token> reset_token(
        const ngtcp2_cid& id) const;

    /// `first_packet` is the client's Initial, `retry_id` the id the Retry offers instead.
    [[nodiscard]] base::Result<base::Bytes> make_retry_token(base::Instant now,
                                                             const net::SocketAddress& client,
                                                             const ngtcp2_pkt_hd& first_packet,
                                                             const ngtcp2_cid& retry_id) const;
    /// The destination id of the client's very first Initial.
    /// Errors: kMalformed (not ours, altered, expired, other address).
    [[nodiscard]] base::Result<ngtcp2_cid> check_retry_token(base::Instant now,
                                                             const net::SocketAddress& client,
                                                             const ngtcp2_pkt_hd& packet) const;

    /// Dated by wall time, which unlike Instant goes on over a reboot. Bound to the IP address
    /// alone (ngtcp2 leaves the port out), since a NAT changes the port between connections.
    [[nodiscard]] base::Result<base::Bytes> make_regular_token(
        base::UnixTime wall_now, const net::SocketAddress& client) const;
    [[nodiscard]] bool check_regular_token(base::UnixTime wall_now,
                                           const net::SocketAddress& client,
                                           base::ByteView token) const;

    /// What a token claims to be, by its first byte.
    [[nodiscard]] static TokenKind kind_of(base::ByteView token) noexcept;

  private:
    static constexpr std::size_t kSecretSize = 32;

    std::array<std::byte, kSecretSize> reset_secret_{};
    std::array<std::byte, kSecretSize> token_secret_{};
};

}  // namespace qe::quic
