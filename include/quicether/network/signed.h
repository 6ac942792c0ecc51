// SPDX-License-Identifier: Apache-2.0
//
// Signed<T>: a statement whose signature has been verified, with the bytes it came in.
//
// The bytes are handed on as they are, so a statement with fields that this version does not know
// passes through unharmed. Version orders two statements of one kind about one subject, in the same
// way on every node.
#pragma once

#include <compare>
#include <cstdint>

#include "quicether/base/bytes.h"

namespace qe::network {

/// The larger one wins. `order` is what the author counts; equal ones are told apart by `tag`, the
/// first 4 bytes of SHA-256 of the encoded statement. All zero: there is none.
struct Version {
    std::uint64_t order = 0;
    std::uint32_t tag = 0;
    friend auto operator<=>(const Version&, const Version&) = default;
};

template <typename T>
struct Signed {
    T value;
    base::Bytes encoded;
    Version version;
    friend bool operator==(const Signed&, const Signed&) = default;
};

[[nodiscard]] Version version_of(std::uint64_t order, base::ByteView encoded) noexcept;

}  // namespace qe::network
