// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/rng.h"

#include <algorithm>
#include <limits>

#include <sodium.h>

#include "quicether/base/assert.h"

namespace qe::base {

static_assert(Rng::kSeedSize == crypto_stream_chacha20_KEYBYTES);

Rng::Rng(const Seed& seed) noexcept : key_(seed) {}

Rng::~Rng() {
    wipe(key_);
    wipe(buffer_);
}

Rng::Rng(Rng&& other) noexcept : key_(other.key_) { *this = std::move(other); }

Rng& Rng::operator=(Rng&& other) noexcept {
    if (this != &other) {
        key_ = other.key_;
        block_ = other.block_;
        used_ = other.used_;
        buffer_ = other.buffer_;
        wipe(other.key_);
        wipe(other.buffer_);
    }
    return *this;
}

void Rng::refill() noexcept {
    // The block number is the nonce: every block of the stream is keyed apart from the others.
    std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> nonce{};
    static_assert(sizeof(block_) == nonce.size());
    for (std::size_t i = 0; i < nonce.size(); ++i) {
        nonce[i] = static_cast<unsigned char>(block_ >> (8 * i));
    }
    ++block_;
    crypto_stream_chacha20(as_u8(MutableBytes(buffer_)), buffer_.size(), nonce.data(),
                           as_u8(ByteView(key_)));
    used_ = 0;
}

void Rng::fill(MutableBytes out) noexcept {
    while (!out.empty()) {
        if (used_ == buffer_.size()) {
            refill();
        }
        const std::size_t size = std::min(out.size(), buffer_.size() - used_);
        const MutableBytes source = MutableBytes(buffer_).subspan(used_, size);
        std::copy(source.begin(), source.end(), out.begin());
        wipe(source);  // what was handed out cannot be read back from a captured state
        used_ += size;
        out = out.subspan(size);
    }
}

std::uint64_t Rng::u64() noexcept {
    std::array<std::byte, sizeof(std::uint64_t)> raw{};
    fill(raw);
    return ByteReader(raw).u64();
}

std::uint64_t Rng::below(std::uint64_t bound) noexcept {
    QE_ASSERT(bound > 0);
    const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / bound * bound;
    std::uint64_t value = u64();
    while (value >= limit) {
        value = u64();
    }
    return value % bound;
}

Rng Rng::fork(std::string_view label) noexcept {
    Seed drawn{};
    fill(drawn);
    Seed seed{};
    crypto_generichash(as_u8(MutableBytes(seed)), seed.size(), as_u8(as_bytes(label)), label.size(),
                       as_u8(ByteView(drawn)), drawn.size());
    wipe(drawn);
    Rng child(seed);
    wipe(seed);
    return child;
}

}  // namespace qe::base
