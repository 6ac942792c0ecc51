// SPDX-License-Identifier: Apache-2.0
//
// What cutting and merging super-packets cost per packet, and the checksum that is done without.
//
// Times are of whole batches; the counter time_per_packet divides them. Headers are parsed outside
// of the loops, as the data path has done it before.
#include <vector>

#include <benchmark/benchmark.h>

#include "quicether/net/checksum.h"
#include "quicether/net/coalescer.h"
#include "quicether/net/packet.h"
#include "quicether/net/segment_cutter.h"

namespace {

using qe::base::Bytes;
using qe::base::ByteWriter;
using qe::base::MutableBytes;
using namespace qe::net;

constexpr std::uint8_t kTcpNumber = 6;
constexpr std::uint8_t kUdpNumber = 17;
constexpr std::size_t kTcpHeader = 32;  // with timestamps, as nearly every segment
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kMss = 1348;

void write_ipv4(MutableBytes packet, std::uint8_t protocol) {
    ByteWriter writer(packet);
    writer.u16(0x4500);
    writer.u16(static_cast<std::uint16_t>(packet.size()));
    writer.u32(0x1234'4000);
    writer.u16(static_cast<std::uint16_t>(64U << 8 | protocol));
    writer.u16(0);
    writer.u32(0x0a00'0001);
    writer.u32(0x0a00'0002);
    ByteWriter(packet.subspan(10)).u16(internet_checksum(packet.first(kIpv4HeaderMin)));
}

Bytes make_tcp(std::size_t payload, std::uint32_t sequence) {
    Bytes packet(kIpv4HeaderMin + kTcpHeader + payload);
    write_ipv4(packet, kTcpNumber);
    ByteWriter writer(MutableBytes(packet).subspan(kIpv4HeaderMin));
    writer.u32(0x1234'5678);
    writer.u32(sequence);
    writer.u32(1);
    writer.u32(0x8010'ffff);
    return packet;
}

Bytes make_udp(std::size_t payload) {
    Bytes packet(kIpv4HeaderMin + kUdpHeader + payload);
    write_ipv4(packet, kUdpNumber);
    ByteWriter writer(MutableBytes(packet).subspan(kIpv4HeaderMin));
    writer.u32(0x1234'5678);
    writer.u16(static_cast<std::uint16_t>(kUdpHeader + payload));
    return packet;
}

void count_packets(benchmark::State& state, std::size_t per_iteration) {
    using Counter = benchmark::Counter;
    state.counters["time_per_packet"] = Counter(
        static_cast<double>(per_iteration), Counter::kIsIterationInvariantRate | Counter::kInvert);
}

void cut_tcp(benchmark::State& state) {
    const Bytes packet = make_tcp(62'000, 1);
    const Offload offload{Segmentation::Tcp, true, kMss, kIpv4HeaderMin};
    std::size_t packets = 0;
    for (auto _ : state) {
        auto cutter = SegmentCutter::make(packet, offload);
        for (packets = 0; !cutter->done(); ++packets) {
            benchmark::DoNotOptimize(cutter->next(1400));
        }
    }
    count_packets(state, packets);
}

void merge(benchmark::State& state, std::vector<Bytes>& packets, std::size_t flows) {
    std::vector<PacketFacts> facts;
    for (const auto& packet : packets) {
        facts.push_back(*parse_packet(packet));
    }
    const std::vector<Bytes> given = packets;
    const Lane lane{1, {true, true, true}};
    Coalescer coalescer;
    for (auto _ : state) {
        for (std::size_t i = 0; i < packets.size(); ++i) {
            coalescer.add(lane, packets[i], facts[i], true);
        }
        const auto frames = coalescer.frames();
        if (frames.size() != flows) {
            state.SkipWithError("not merged");
        }
        for (std::size_t i = 0; i < flows; ++i) {  // their first headers hold the whole's lengths
            std::copy_n(given[i].begin(), kIpv4HeaderMin + kUdpHeader, packets[i].begin());
        }
        coalescer.clear();
    }
    count_packets(state, packets.size());
}

void merge_tcp(benchmark::State& state) {
    const auto flows = static_cast<std::size_t>(state.range(0));
    std::vector<Bytes> packets;
    for (std::size_t i = 0; i < 45; ++i) {
        packets.push_back(make_tcp(kMss, static_cast<std::uint32_t>(i / flows * kMss)));
        packets.back()[kIpv4HeaderMin + 1] = static_cast<std::byte>(i % flows);
    }
    merge(state, packets, flows);
}

void merge_udp(benchmark::State& state) {
    std::vector<Bytes> packets;
    for (std::size_t i = 0; i < 64; ++i) {
        packets.push_back(make_udp(120));
    }
    merge(state, packets, 1);
}

void checksum(benchmark::State& state) {
    Bytes packet = make_tcp(1400 - kTcpHeader - kIpv4HeaderMin, 1);
    for (auto _ : state) {
        complete_checksum(packet, kIpv4HeaderMin, kTcpNumber);
        benchmark::DoNotOptimize(packet.data());
    }
    count_packets(state, 1);
}

BENCHMARK(cut_tcp);
BENCHMARK(merge_tcp)->ArgName("flows")->Arg(1)->Arg(4);
BENCHMARK(merge_udp);
BENCHMARK(checksum);

}  // namespace

BENCHMARK_MAIN();
