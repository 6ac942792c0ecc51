// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/network_secret.h"

#include <algorithm>

#include "quicether/crypto/derive_key.h"

namespace qe::network {

SwarmSeed swarm_seed_of(const NetworkSecret& secret) {
    SwarmSeed::Array seed{};
    crypto::derive_key(secret.bytes(), "swarm seed", {}, seed);
    SwarmSeed result(seed);
    base::wipe(seed);
    return result;
}

crypto::MacKey swarm_mac_key(const SwarmSeed& seed) {
    crypto::MacKey key;
    crypto::derive_key(seed.bytes(), "swarm mac", {}, key.bytes);
    return key;
}

crypto::SealKey record_key_of(const NetworkSecret& secret) {
    crypto::SealKey key;
    crypto::derive_key(secret.bytes(), "record seal", {}, key.bytes);
    return key;
}

std::uint64_t rendezvous_period(base::UnixTime now) noexcept {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(now.seconds, 0) /
                                      kRendezvousPeriod.count());
}

RendezvousHash rendezvous_of(const NetworkSecret& secret, std::uint64_t period) {
    std::array<std::byte, sizeof(period)> number{};
    base::ByteWriter(number).u64(period);
    RendezvousHash hash{};
    crypto::derive_key(secret.bytes(), "rendezvous", number, hash);
    return hash;
}

}  // namespace qe::network
