// SPDX-License-Identifier: Apache-2.0
//
// What a QUIC datagram costs the end that sends it and the end that receives it: queue, congestion
// control, packet, encryption, acknowledgements; no system calls. An iteration is one datagram, its
// time that of the named end alone.
#include <benchmark/benchmark.h>

#include "endpoint_pair.h"

namespace {

using qe::bench::End;
using qe::bench::EndpointPair;

constexpr std::size_t kBatch = 32;  // datagrams between two looks at the clock

/// Sends until `kBatch` more datagrams have arrived.
void move_batch(EndpointPair& pair, qe::base::ByteView datagram) {
    const std::size_t wanted = pair.server.datagrams + kBatch;
    pair.client.charge([&](qe::quic::Endpoint& e) {
        for (std::size_t i = 0; i < kBatch; ++i) {
            const auto sent = e.send_datagram(pair.client.connection, std::array{datagram});
            qe::bench::require(sent.has_value(), "a datagram is refused");
        }
    });
    while (pair.server.datagrams < wanted) {
        pair.advance();
    }
}

template <End EndpointPair::*kEnd>
void datagram(benchmark::State& state) {
    EndpointPair pair;
    pair.connect();
    pair.run_for(qe::base::seconds(5));  // for the search of the largest packet to end
    const qe::base::Bytes bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
    for (int i = 0; i < 200; ++i) {
        move_batch(pair, bytes);
    }
    End& end = pair.*kEnd;
    while (state.KeepRunningBatch(kBatch)) {
        const auto before = end.spent;
        move_batch(pair, bytes);
        state.SetIterationTime(std::chrono::duration<double>(end.spent - before).count());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(datagram<&EndpointPair::client>)->Arg(64)->Arg(1400)->UseManualTime();
BENCHMARK(datagram<&EndpointPair::server>)->Arg(64)->Arg(1400)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
