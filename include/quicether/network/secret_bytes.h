// SPDX-License-Identifier: Apache-2.0
//
// SecretBytes: a fixed number of secret bytes that are wiped when they go. Never printed.
//
// Move-only, so that each copy is an explicit clone(); comparison takes the same time whatever the
// bytes are.
#pragma once

#include <array>
#include <cstddef>

#include "quicether/base/bytes.h"
#include "quicether/base/rng.h"
#include "quicether/crypto/mac.h"

namespace qe::network {

template <std::size_t kBytes>
class SecretBytes {
  public:
    static constexpr std::size_t kSize = kBytes;
    using Array = std::array<std::byte, kBytes>;

    SecretBytes() = default;  ///< Zeros.
    explicit SecretBytes(const Array& bytes) noexcept : bytes_(bytes) {}
    [[nodiscard]] static SecretBytes generate(base::Rng& rng) {
        SecretBytes secret;
        rng.fill(secret.bytes_);
        return secret;
    }

    ~SecretBytes() { base::wipe(bytes_); }
    SecretBytes(SecretBytes&& other) noexcept : bytes_(other.bytes_) { base::wipe(other.bytes_); }
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            base::wipe(other.bytes_);
        }
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    [[nodiscard]] SecretBytes clone() const noexcept { return SecretBytes(bytes_); }

    [[nodiscard]] const Array& bytes() const noexcept { return bytes_; }

    friend bool operator==(const SecretBytes& a, const SecretBytes& b) noexcept {
        return crypto::equal_secrets(a.bytes_, b.bytes_);
    }

  private:
    Array bytes_{};
};

}  // namespace qe::network
