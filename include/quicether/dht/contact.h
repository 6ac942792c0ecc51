// SPDX-License-Identifier: Apache-2.0
//
// Contact: where a DHT node is said to be. 160-bit ids are points of the same space as the keys of
// what is stored; in a private swarm they are the NodeIds of `crypto`.
#pragma once

#include <compare>

#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace qe::dht {

using crypto::NodeId;

struct Contact {
    NodeId id;
    net::SocketAddress endpoint;

    friend auto operator<=>(const Contact&, const Contact&) = default;
};

}  // namespace qe::dht
