// SPDX-License-Identifier: Apache-2.0
//
// TicketKeys: the keys under which this node seals TLS session tickets (RFC 8446, 4.6.1).
//
// Each period of wall time has its own key, derived from the node identity: a restarted node still
// opens the tickets of before, nothing is stored, and a ticket older than two periods is useless.
// The price: whoever steals the identity can later read recorded 0-RTT data (never 1-RTT data,
// which has a fresh key exchange of its own).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <openssl/ssl.h>

#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"

namespace qe::quic {

class TicketKeys {
  public:
    static constexpr base::seconds kPeriod{12 * 3600};

    TicketKeys(const crypto::Identity& identity, base::UnixTime wall_now);
    ~TicketKeys();
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;

    /// Moves on to the keys of the period that holds `wall_now`.
    void set_wall_clock(const crypto::Identity& identity, base::UnixTime wall_now);

    /// What SSL_CTX_set_tlsext_ticket_key_evp_cb() asks: sets up both contexts to seal or open one
    /// ticket. Returns 1 (current key), 2 (previous key: issue a new ticket), 0 (unknown), -1.
    [[nodiscard]] int prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                              EVP_MAC_CTX* mac, bool seal) const noexcept;

  private:
    static constexpr std::size_t kNameSize = 16;
    static constexpr std::size_t kKeySize = 32;

    struct Key {
        std::array<std::byte, kNameSize> name{};
        std::array<std::byte, kKeySize> cipher{};
        std::array<std::byte, kKeySize> mac{};
    };

    [[nodiscard]] static Key derive(const crypto::Identity& identity, std::int64_t period);
    [[nodiscard]] const Key* find(const unsigned char* name) const noexcept;

    std::int64_t period_ = 0;
    std::array<Key, 2> keys_;  ///< Of this period and of the one before.
};

}  // namespace qe::quic
