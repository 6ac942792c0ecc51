// SPDX-License-Identifier: Apache-2.0
//
// What a QUIC handshake costs each end: hybrid key exchange, certificates of both ends, session
// tickets. The time of an iteration is the CPU time of the named end alone.
#include <benchmark/benchmark.h>

#include "endpoint_pair.h"

namespace {

using qe::bench::End;
using qe::bench::EndpointPair;

enum class Kind { Full, Resumed };

template <End EndpointPair::*kEnd, Kind kKind>
void handshake(benchmark::State& state) {
    EndpointPair pair;
    std::optional<qe::quic::Resumption> resumption;
    if (kKind == Kind::Resumed) {
        pair.connect();
        pair.run_for(qe::base::milliseconds(100));
        resumption = pair.client.resumption;
        qe::bench::require(resumption.has_value(), "there is no session to resume");
        pair.close();
    }
    End& end = pair.*kEnd;
    for (auto _ : state) {
        const auto before = end.spent;
        pair.connect(resumption ? &*resumption : nullptr);
        state.SetIterationTime(std::chrono::duration<double>(end.spent - before).count());
        qe::bench::require(end.resumed == (kKind == Kind::Resumed), "it is the other kind");
        pair.close();
    }
}

BENCHMARK(handshake<&EndpointPair::client, Kind::Full>)->UseManualTime();
BENCHMARK(handshake<&EndpointPair::server, Kind::Full>)->UseManualTime();
BENCHMARK(handshake<&EndpointPair::client, Kind::Resumed>)->UseManualTime();
BENCHMARK(handshake<&EndpointPair::server, Kind::Resumed>)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
