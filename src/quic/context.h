// SPDX-License-Identifier: Apache-2.0
//
// Context: what all connections of one endpoint share.
//
// Owned by the endpoint and outlives its connections. Connections write to the counters, the table
// of ids and the receive arena; everything else they only read.
#pragma once

#include <cstddef>
#include <vector>

#include "quic/address_tokens.h"
#include "quic/cid_table.h"
#include "quic/receive_arena.h"
#include "quic/tls_context.h"
#include "quicether/base/log.h"
#include "quicether/base/rng.h"
#include "quicether/quic/types.h"

namespace qe::quic {

struct Context {
    Context(const EndpointOptions& endpoint_options, const crypto::Identity& identity,
            base::Rng endpoint_rng, base::Log endpoint_log, base::UnixTime wall_now)
        : options(endpoint_options),
          rng(std::move(endpoint_rng)),
          log(endpoint_log),
          tls(identity, wall_now),
          tokens(identity),
          cids(rng) {}

    EndpointOptions options;
    base::Rng rng;
    base::Log log;
    TlsContext tls;
    AddressTokens tokens;
    CidTable cids;
    ReceiveArena arena;
    std::vector<DatagramFate> fates;
    EndpointCounters counters;
    std::size_t half_open = 0;  ///< Incoming connections whose handshake is unfinished.
    base::LogLimiter refusal_log;
    base::LogLimiter failure_log;
};

}  // namespace qe::quic
