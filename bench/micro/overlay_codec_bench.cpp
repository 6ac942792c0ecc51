// SPDX-License-Identifier: Apache-2.0
//
// Overlay headers, and packing small packets into one datagram and taking them out again.
#include <benchmark/benchmark.h>

#include "quicether/overlay/datagram.h"
#include "quicether/overlay/packer.h"

namespace {

namespace overlay = qe::overlay;
using qe::base::Bytes;

constexpr std::size_t kDatagramBytesMax = 1421;

overlay::DatagramHeader packets_header() { return {}; }
overlay::DatagramHeader sequenced_header() {
    overlay::DatagramHeader header;
    header.sequence = 7;
    return header;
}
overlay::DatagramHeader fragment_header() {
    overlay::DatagramHeader header;
    header.type = overlay::DatagramType::Fragment;
    header.fragment = {.id = 7, .offset = 1400, .total = 2800};
    return header;
}

template <overlay::DatagramHeader (*kMake)()>
void encode(benchmark::State& state) {
    overlay::DatagramHeader header = kMake();
    for (auto _ : state) {
        benchmark::DoNotOptimize(header);
        auto encoded = overlay::encode_datagram_header(header);
        benchmark::DoNotOptimize(encoded);
    }
}

template <overlay::DatagramHeader (*kMake)()>
void parse(benchmark::State& state) {
    const auto header = overlay::encode_datagram_header(kMake());
    Bytes datagram(header.view().begin(), header.view().end());
    datagram.resize(datagram.size() + 1400);
    for (auto _ : state) {
        auto parsed = overlay::parse_datagram(datagram);
        benchmark::DoNotOptimize(parsed);
    }
}

/// An IPv4 header that tells its length; no more is read here.
Bytes make_packet(std::size_t size) {
    Bytes packet(size);
    qe::base::ByteWriter out(packet);
    out.u16(0x4500);
    out.u16(static_cast<std::uint16_t>(size));
    return packet;
}

/// As many packets as one datagram holds.
std::size_t fill(overlay::Packer& packer, qe::base::ByteView packet) {
    std::size_t packets = 0;
    while (packer.add(packet, {}, false)) {
        ++packets;
    }
    return packets;
}

void pack(benchmark::State& state) {
    const Bytes packet = make_packet(static_cast<std::size_t>(state.range(0)));
    overlay::Packer packer;
    packer.set_datagram_bytes_max(kDatagramBytesMax);
    std::int64_t packets = 0;
    for (auto _ : state) {
        packets += static_cast<std::int64_t>(fill(packer, packet));
        auto datagram = packer.take();
        benchmark::DoNotOptimize(datagram);
    }
    state.SetItemsProcessed(packets);
}

void unpack(benchmark::State& state) {
    overlay::Packer packer;
    packer.set_datagram_bytes_max(kDatagramBytesMax);
    fill(packer, make_packet(static_cast<std::size_t>(state.range(0))));
    const auto packed = packer.take();
    Bytes datagram(packed.begin(), packed.end());
    std::int64_t packets = 0;
    for (auto _ : state) {
        const auto parsed = overlay::parse_datagram(datagram);
        const auto walked = overlay::for_each_packet(
            parsed->payload,
            [](qe::base::MutableBytes packet) { benchmark::DoNotOptimize(packet); });
        packets += static_cast<std::int64_t>(walked.packets);
    }
    state.SetItemsProcessed(packets);
}

BENCHMARK(encode<packets_header>);
BENCHMARK(encode<sequenced_header>);
BENCHMARK(encode<fragment_header>);
BENCHMARK(parse<packets_header>);
BENCHMARK(parse<sequenced_header>);
BENCHMARK(parse<fragment_header>);
BENCHMARK(pack)->Arg(64)->Arg(600);
BENCHMARK(unpack)->Arg(64)->Arg(600);

}  // namespace

BENCHMARK_MAIN();
