// SPDX-License-Identifier: Apache-2.0
//
// NetworkMac: what keeps a private swarm apart from any other, a MAC in every message.
//
// The last key of a message is "z", a string of 16 bytes, so a sealed datagram ends with
// `1:z16:` MAC `e`. The MAC is over all bytes in front of it: nothing is parsed before it was
// verified, and nothing is encoded again. To other implementations "z" is an unknown key.
#pragma once

#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/crypto/mac.h"

namespace qe::dht {

class NetworkMac {
  public:
    /// `1:z16:` and the MAC, in front of the final `e`.
    static constexpr std::size_t kOverheadBytes = 22;

    /// Without a key (public mode) every message is authentic and none is sealed.
    explicit NetworkMac(const std::optional<crypto::MacKey>& key) noexcept : key_(key) {}

    [[nodiscard]] bool enabled() const noexcept { return key_.has_value(); }

    /// Fills in the MAC of a message that was encoded with room for it.
    void seal(base::MutableBytes message) const noexcept;

    /// Whether there is something that may be the MAC; costs no more than a look. A message without
    /// is not authentic.
    [[nodiscard]] bool has_place(base::ByteView message) const noexcept;
    [[nodiscard]] bool is_authentic(base::ByteView message) const noexcept;

  private:
    std::optional<crypto::MacKey> key_;
};

}  // namespace qe::dht
