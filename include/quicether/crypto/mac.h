// SPDX-License-Identifier: Apache-2.0
//
// Message authentication with a shared key: keyed BLAKE2b (RFC 7693) of 16 bytes.
//
// For messages among those who know the key. The key is used for nothing else; derive one per
// purpose (Identity::derive) instead of sharing it.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "quicether/base/bytes.h"

namespace qe::crypto {

struct MacKey {
    static constexpr std::size_t kSize = 32;
    std::array<std::byte, kSize> bytes{};
};

using Mac = std::array<std::byte, 16>;

/// Over the parts as if they were one run of bytes.
[[nodiscard]] Mac mac_of(const MacKey& key, std::initializer_list<base::ByteView> parts) noexcept;

/// Takes the same time whatever the bytes; false for different sizes.
[[nodiscard]] bool equal_secrets(base::ByteView a, base::ByteView b) noexcept;

}  // namespace qe::crypto
