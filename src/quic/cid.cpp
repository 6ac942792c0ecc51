// SPDX-License-Identifier: Apache-2.0
#include "quic/cid.h"

#include <cstring>

#include "quicether/base/assert.h"

namespace qe::quic {
namespace {

ngtcp2_cid random_id(base::Rng& rng, std::size_t size) noexcept {
    ngtcp2_cid id{};
    id.datalen = size;
    rng.fill(std::as_writable_bytes(std::span(id.data, size)));
    return id;
}

std::uint64_t mix(std::uint64_t state, std::uint64_t word) noexcept {
    state = (state ^ word) * 0x9E3779B97F4A7C15ULL;
    return state ^ (state >> 32);
}

}  // namespace

ngtcp2_cid make_connection_id(base::Rng& rng) noexcept {
    ngtcp2_cid id = random_id(rng, kConnectionIdSize);
    id.data[0] |= 0x80U;
    return id;
}

ngtcp2_cid make_initial_destination_id(base::Rng& rng) noexcept {
    return random_id(rng, kInitialDestinationIdSize);
}

bool has_own_shape(base::ByteView id) noexcept {
    return id.size() == kConnectionIdSize && (id[0] & std::byte{0x80}) != std::byte{0};
}

IdKey::IdKey(base::ByteView id) noexcept : size_(static_cast<std::uint8_t>(id.size())) {
    QE_ASSERT(id.size() <= kSizeMax);
    if (!id.empty()) {
        std::memcpy(bytes_.data(), id.data(), id.size());
    }
}

IdKey::IdKey(const ngtcp2_cid& id) noexcept : IdKey(base::from_u8(id.data, id.datalen)) {}

std::size_t IdHash::operator()(const IdKey& id) const noexcept {
    std::array<std::uint64_t, 3> words{};
    std::memcpy(words.data(), id.bytes_.data(), sizeof(words));
    std::uint64_t state = mix(key, id.size_);
    for (const std::uint64_t word : words) {
        state = mix(state, word);
    }
    return state;
}

}  // namespace qe::quic
