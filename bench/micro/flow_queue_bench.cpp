// SPDX-License-Identifier: Apache-2.0
//
// What a packet costs in the fair queue: small ones of few and of many flows, and the segments of
// super-packets. Slots come from a pool as in the daemon; no payload is copied.
#include <vector>

#include <benchmark/benchmark.h>

#include "node/traffic/flow_queue.h"
#include "quicether/net/checksum.h"

namespace {

using qe::base::Instant;
using qe::node::FlowQueue;
using qe::node::FlowQueueOptions;
using qe::node::PacketPool;
using qe::node::QueuedPacket;

constexpr std::size_t kPoolBytes = 64U << 20;
constexpr std::size_t kBatch = 64;  // packets that one read of the TUN device may bring
constexpr std::size_t kSuperPayload = 62'000;
constexpr std::uint16_t kMss = 1400;
constexpr std::size_t kHeaders = 40;

/// The headers of a TCP packet over IPv4 without payload.
void write_headers(qe::base::MutableBytes packet) {
    qe::base::ByteWriter out(packet.first(kHeaders));
    out.u32(0x45000000U | static_cast<std::uint32_t>(packet.size()));
    out.u32(0x12344000);
    out.u32(0x40060000);
    out.u32(0x0a000001);
    out.u32(0x0a000002);
    qe::base::ByteWriter(packet.subspan(10))
        .u16(qe::net::internet_checksum(qe::base::ByteView(packet).first(20)));
    out.u32(443);
    out.u32(1);
    out.u32(1);
    out.u32(0x50100400);
    out.u32(0);
}

QueuedPacket make_packet(PacketPool& pool, std::size_t size, std::uint32_t flow_hash) {
    const QueuedPacket packet{.slot = pool.take(size),
                              .size = static_cast<std::uint32_t>(size),
                              .offload = {},
                              .flow_hash = flow_hash};
    write_headers(pool.bytes(packet.slot).first(size));
    return packet;
}

/// Push and pop of packets of 64 bytes; the argument is how many flows take turns. The checksum
/// is still to be computed, as in what the kernel hands over, or was already.
template <bool kChecksumPartial>
void small_packets(benchmark::State& state) {
    PacketPool pool(kPoolBytes);
    FlowQueue queue(pool, {});
    const auto flows = static_cast<std::uint32_t>(state.range(0));
    std::uint32_t flow = 0;
    Instant now;
    std::size_t bytes = 0;
    for (auto _ : state) {
        for (std::size_t i = 0; i < kBatch; ++i) {
            QueuedPacket packet = make_packet(pool, 64, flow * 0x9e3779b9U >> 8);
            if (kChecksumPartial) {
                packet.offload = {.checksum_partial = true, .transport_offset = 20};
            }
            queue.push(now, packet);
            flow = (flow + 1) % flows;
        }
        while (const auto segment = queue.pop(now, 1440)) {
            bytes += segment->size();
        }
        now = now + qe::base::microseconds(10);
    }
    benchmark::DoNotOptimize(bytes);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

/// What of small_packets() is not the queue: taking a slot, writing the headers, releasing it.
void small_packets_without_queue(benchmark::State& state) {
    PacketPool pool(kPoolBytes);
    std::vector<QueuedPacket> packets(kBatch);
    for (auto _ : state) {
        for (QueuedPacket& packet : packets) {
            packet = make_packet(pool, 64, 0);
        }
        for (const QueuedPacket& packet : packets) {
            pool.release(packet.slot);
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

/// Items are segments; the argument is how many flows hold one super-packet each.
void super_packets(benchmark::State& state) {
    PacketPool pool(kPoolBytes);
    FlowQueue queue(pool, {});
    const auto flows = static_cast<std::uint32_t>(state.range(0));
    Instant now;
    std::int64_t segments = 0;
    std::size_t bytes = 0;
    for (auto _ : state) {
        for (std::uint32_t flow = 0; flow < flows; ++flow) {
            QueuedPacket packet = make_packet(pool, kHeaders + kSuperPayload, flow);
            packet.offload = {.segmentation = qe::net::Segmentation::Tcp,
                              .checksum_partial = true,
                              .segment_bytes = kMss,
                              .transport_offset = 20};
            queue.push(now, packet);
        }
        while (const auto segment = queue.pop(now, kHeaders + kMss)) {
            bytes += segment->size();
            ++segments;
        }
        now = now + qe::base::microseconds(10);
    }
    benchmark::DoNotOptimize(bytes);
    state.SetItemsProcessed(segments);
}

/// A new queue and its end, as for a session whose traffic begins.
void make_queue(benchmark::State& state) {
    PacketPool pool(kPoolBytes);
    for (auto _ : state) {
        const FlowQueue queue(pool, FlowQueueOptions{});
        benchmark::DoNotOptimize(queue.bytes());
    }
}

BENCHMARK(small_packets_without_queue);
BENCHMARK(small_packets<false>)->Arg(1)->Arg(16)->Arg(1000);
BENCHMARK(small_packets<true>)->Arg(1)->Arg(16)->Arg(1000);
BENCHMARK(super_packets)->Arg(1)->Arg(16);
BENCHMARK(make_queue);

}  // namespace

BENCHMARK_MAIN();
