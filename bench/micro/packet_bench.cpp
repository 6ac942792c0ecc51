// SPDX-License-Identifier: Apache-2.0
//
// What the data plane reads and changes in every IP packet.
#include <vector>

#include <benchmark/benchmark.h>

#include "quicether/base/bytes.h"
#include "quicether/net/packet.h"

namespace {

using qe::base::Bytes;

/// A packet with ports and no payload to speak of; the contents behind the header do not matter.
Bytes make_packet(qe::net::Family family, std::size_t size) {
    Bytes packet(size);
    qe::base::ByteWriter out(packet);
    const auto bytes = static_cast<std::uint16_t>(size);
    constexpr std::uint8_t kUdp = 17;
    if (family == qe::net::Family::V4) {
        out.u16(0x4500);
        out.u16(bytes);
        out.u32(0x12344000);
        out.u8(64);
        out.u8(kUdp);
        out.u16(0);
        out.u32(0x64400001);
        out.u32(0x64400002);
    } else {
        out.u32(0x60000000);
        out.u16(static_cast<std::uint16_t>(bytes - 40));
        out.u8(kUdp);
        out.u8(64);
        for (const std::uint64_t word :
             {0xfd00'0000'0000'0000ULL, 1ULL, 0xfd00'0000'0000'0000ULL, 2ULL}) {
            out.u64(word);
        }
    }
    out.u16(1111);
    out.u16(2222);
    return packet;
}

template <qe::net::Family kFamily>
void parse_packet(benchmark::State& state) {
    const Bytes packet = make_packet(kFamily, 1400);
    for (auto _ : state) {
        auto facts = qe::net::parse_packet(packet);
        benchmark::DoNotOptimize(facts);
    }
}

template <qe::net::Family kFamily>
void packet_size(benchmark::State& state) {
    const Bytes packet = make_packet(kFamily, 1400);
    for (auto _ : state) {
        auto size = qe::net::packet_size(packet);
        benchmark::DoNotOptimize(size);
    }
}

template <qe::net::Family kFamily>
void decrement_hop_limit(benchmark::State& state) {
    Bytes packet = make_packet(kFamily, 1400);
    const std::size_t at = kFamily == qe::net::Family::V4 ? 8 : 7;
    for (auto _ : state) {
        packet[at] = std::byte{64};
        benchmark::DoNotOptimize(qe::net::decrement_hop_limit(packet));
    }
}

BENCHMARK(parse_packet<qe::net::Family::V4>);
BENCHMARK(parse_packet<qe::net::Family::V6>);
BENCHMARK(packet_size<qe::net::Family::V4>);
BENCHMARK(packet_size<qe::net::Family::V6>);
BENCHMARK(decrement_hop_limit<qe::net::Family::V4>);
BENCHMARK(decrement_hop_limit<qe::net::Family::V6>);

}  // namespace

BENCHMARK_MAIN();
