// SPDX-License-Identifier: Apache-2.0
//
// Connection ids (RFC 9000, 5.1): how we make ours, and how any id becomes a table key.
//
// Ours are kConnectionIdSize random bytes with the top bit of the first one set, because a KRPC
// message that shares the port has a digit there. The ids that strangers choose (the destination of
// their first Initial) are up to 20 bytes long and arbitrary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <ngtcp2/ngtcp2.h>

#include "quicether/base/bytes.h"
#include "quicether/base/rng.h"
#include "quicether/quic/types.h"

namespace qe::quic {

/// Size of the destination id a client puts into its first Initial: the minimum of RFC 9000, 7.2,
/// because the id travels in each 0-RTT packet.
inline constexpr std::size_t kInitialDestinationIdSize = 8;

[[nodiscard]] ngtcp2_cid make_connection_id(base::Rng& rng) noexcept;
[[nodiscard]] ngtcp2_cid make_initial_destination_id(base::Rng& rng) noexcept;

/// True when a destination id on the wire can be one of ours.
[[nodiscard]] bool has_own_shape(base::ByteView id) noexcept;

/// An id of up to 20 bytes as a hashable value; also used for the 16-byte stateless-reset tokens.
class IdKey {
  public:
    static constexpr std::size_t kSizeMax = NGTCP2_MAX_CIDLEN;

    IdKey() = default;
    /// `id.size() <= kSizeMax`, asserted.
    explicit IdKey(base::ByteView id) noexcept;
    explicit IdKey(const ngtcp2_cid& id) noexcept;

    [[nodiscard]] base::ByteView bytes() const noexcept { return {bytes_.data(), size_}; }
    friend bool operator==(const IdKey&, const IdKey&) = default;

  private:
    friend struct IdHash;

    // Padded to whole words, so that hashing reads three of them and never a byte more.
    std::array<std::byte, 24> bytes_{};
    std::uint8_t size_ = 0;
};

/// Keyed so that a stranger, who may choose ids, cannot aim at one bucket.
struct IdHash {
    std::uint64_t key = 0;
    [[nodiscard]] std::size_t operator()(const IdKey& id) const noexcept;
};

}  // namespace qe::quic
