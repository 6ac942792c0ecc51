// SPDX-License-Identifier: Apache-2.0
//
// WriteTokens: the proof that who stores something at this node has received a packet from it at
// the address it now writes from (BEP 5). Nothing is remembered per asker.
//
// A token is a keyed hash of the address under a secret that changes every five minutes; those of
// the secret before are still taken.
#pragma once

#include <array>

#include "quicether/base/bytes.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/crypto/mac.h"
#include "quicether/net/ip_address.h"

namespace qe::dht {

class WriteTokens {
  public:
    static constexpr std::size_t kSize = 8;
    static constexpr base::seconds kSecretLifetime{300};
    using Token = std::array<std::byte, kSize>;

    WriteTokens(base::Rng& rng, base::Instant now) noexcept;

    [[nodiscard]] Token issue(base::Instant now, const net::IpAddress& asker);
    [[nodiscard]] bool accepts(base::Instant now, const net::IpAddress& asker,
                               base::ByteView token);

  private:
    void rotate(base::Instant now);

    base::Rng& rng_;
    crypto::MacKey current_;
    crypto::MacKey previous_;
    base::Instant until_;
};

}  // namespace qe::dht
