// SPDX-License-Identifier: Apache-2.0
//
// NetworkSecret: what all members of a network know and nobody else; and the keys made from it.
//
// It hides, it does not authorise: who is a member is for certificates to say. Each purpose has its
// own key. The swarm seed alone is given to those who only hold an invite, so that they can use the
// network's DHT to find its admin, and learn nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quicether/base/time.h"
#include "quicether/crypto/mac.h"
#include "quicether/crypto/seal.h"
#include "quicether/network/secret_bytes.h"

namespace qe::network {

using NetworkSecret = SecretBytes<32>;
using SwarmSeed = SecretBytes<16>;

[[nodiscard]] SwarmSeed swarm_seed_of(const NetworkSecret& secret);
/// The MAC key of every message in the network's private DHT swarm.
[[nodiscard]] crypto::MacKey swarm_mac_key(const SwarmSeed& seed);
/// Seals node records that leave the private swarm.
[[nodiscard]] crypto::SealKey record_key_of(const NetworkSecret& secret);

/// Members announce themselves in the DHT under a hash that moves on every hour, so that nobody can
/// settle around it in advance.
inline constexpr base::seconds kRendezvousPeriod{3600};
using RendezvousHash = std::array<std::byte, 20>;

[[nodiscard]] std::uint64_t rendezvous_period(base::UnixTime now) noexcept;
[[nodiscard]] RendezvousHash rendezvous_of(const NetworkSecret& secret, std::uint64_t period);

}  // namespace qe::network
