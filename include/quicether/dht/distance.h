// SPDX-License-Identifier: Apache-2.0
//
// The XOR metric of Kademlia on 160-bit ids, bit 0 being the most significant one.
#pragma once

#include "quicether/base/rng.h"
#include "quicether/dht/contact.h"

namespace qe::dht {

inline constexpr unsigned kIdBits = 160;

/// How many leading bits two ids share: 0 … 160.
[[nodiscard]] unsigned common_prefix_bits(const NodeId& a, const NodeId& b) noexcept;

/// True when `a` is strictly nearer to `target` than `b`.
[[nodiscard]] bool is_closer(const NodeId& target, const NodeId& a, const NodeId& b) noexcept;

/// A random id that shares exactly `bits` leading bits with `base`; all of them for kIdBits.
[[nodiscard]] NodeId random_id_at(const NodeId& base, unsigned bits, base::Rng& rng) noexcept;

[[nodiscard]] NodeId random_id(base::Rng& rng) noexcept;

/// The id farthest from `id`.
[[nodiscard]] NodeId antipode(const NodeId& id) noexcept;

}  // namespace qe::dht
