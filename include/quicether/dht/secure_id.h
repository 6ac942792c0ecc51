// SPDX-License-Identifier: Apache-2.0
//
// Ids that follow from the address (BEP 42): what the public swarm asks for, so that nobody chooses
// his place in it. A private swarm uses NodeIds instead, which only a network MAC protects.
#pragma once

#include "quicether/base/rng.h"
#include "quicether/dht/contact.h"
#include "quicether/net/ip_address.h"

namespace qe::dht {

[[nodiscard]] NodeId make_secure_id(const net::IpAddress& ip, base::Rng& rng) noexcept;

/// True as well for local addresses, which are exempt.
[[nodiscard]] bool is_secure_id(const NodeId& id, const net::IpAddress& ip) noexcept;

}  // namespace qe::dht
