// SPDX-License-Identifier: Apache-2.0
//
// Longest-prefix match over tables of 1,000 to 1,000,000 prefixes, building them, and adding and
// removing a prefix that covers them all. Counter bytes_per_prefix: heap memory in use.
//
// Lengths follow the public routing tables roughly: most IPv4 prefixes are /24, most IPv6 ones /48,
// both down to /8 and /20. Addresses are drawn from within the prefixes, in random order, so that
// caches get no help from the benchmark.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "quicether/base/rng.h"
#include "quicether/route/prefix_table.h"

namespace {

std::size_t heap_bytes = 0;

void* counted(void* memory) {
    if (memory == nullptr) {
        std::abort();
    }
    heap_bytes += malloc_usable_size(memory);
    return memory;
}

void release(void* memory) noexcept {
    heap_bytes -= malloc_usable_size(memory);
    std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(std::aligned_alloc(static_cast<std::size_t>(alignment), size));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace {

using qe::base::Rng;
using qe::net::Family;
using qe::net::IpAddress;
using qe::net::Prefix;
using qe::route::PrefixTable;

constexpr std::size_t kAddresses = 1U << 16;

IpAddress random_address(Rng& rng, Family family) {
    std::array<std::byte, 16> bytes{};
    rng.fill(bytes);
    if (family == Family::V6) {
        bytes[0] = std::byte{0x20};  // 2000::/12 or so, as on the Internet
        bytes[1] &= std::byte{0x0f};
    }
    return IpAddress::from_bytes(qe::base::ByteView(bytes).first(family == Family::V4 ? 4 : 16));
}

Prefix random_prefix(Rng& rng, Family family) {
    const bool v4 = family == Family::V4;
    const auto common = v4 ? 24U : 48U;
    const auto shortest = v4 ? 8U : 20U;
    const auto length = rng.below(10) < 6 ? common : shortest + rng.below(common + 8 - shortest);
    return Prefix(random_address(rng, family), static_cast<unsigned>(length)).network();
}

std::vector<Prefix> random_prefixes(std::size_t count, Family family) {
    Rng rng({});
    std::vector<Prefix> prefixes;
    while (prefixes.size() < count) {
        while (prefixes.size() < count + count / 8) {
            prefixes.push_back(random_prefix(rng, family));
        }
        std::sort(prefixes.begin(), prefixes.end());
        prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    }
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        std::swap(prefixes[i], prefixes[i + rng.below(prefixes.size() - i)]);
    }
    prefixes.resize(count);
    return prefixes;
}

/// Addresses with random bits behind random prefixes of the table.
std::vector<IpAddress> addresses_within(const std::vector<Prefix>& prefixes) {
    Rng rng({});
    std::vector<IpAddress> addresses;
    while (addresses.size() < kAddresses) {
        const Prefix& prefix = prefixes[rng.below(prefixes.size())];
        const auto family = prefix.family();
        std::array<std::byte, 16> bytes{};
        rng.fill(bytes);
        const auto given = prefix.address().bytes();
        for (unsigned bit = 0; bit < prefix.length(); ++bit) {
            const auto mask = std::byte{0x80} >> (bit % 8);
            bytes[bit / 8] = (bytes[bit / 8] & ~mask) | (given[bit / 8] & mask);
        }
        addresses.push_back(
            IpAddress::from_bytes(qe::base::ByteView(bytes).first(family == Family::V4 ? 4 : 16)));
    }
    return addresses;
}

void insert_all(PrefixTable<std::uint32_t>& table, const std::vector<Prefix>& prefixes) {
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        table.insert(prefixes[i], static_cast<std::uint32_t>(i));
    }
}

enum class Order { Chained, Independent };

/// Chained: the next address depends on the result, which shows latency. Independent: as in a batch
/// of packets, where the processor overlaps the lookups.
template <Family kFamily, Order kOrder>
void lookup(benchmark::State& state) {
    const auto prefixes = random_prefixes(static_cast<std::size_t>(state.range(0)), kFamily);
    const std::size_t heap_before = heap_bytes;
    PrefixTable<std::uint32_t> table;
    insert_all(table, prefixes);
    const auto table_bytes = static_cast<double>(heap_bytes - heap_before);
    const auto addresses = addresses_within(prefixes);
    std::size_t next = 0;
    std::uint32_t sum = 0;
    for (auto _ : state) {
        const std::uint32_t* const found = table.lookup(addresses[next]);
        sum += *found;
        next = (next + 1 + (kOrder == Order::Chained ? sum & 1U : 0U)) % kAddresses;
    }
    benchmark::DoNotOptimize(sum);
    state.counters["bytes_per_prefix"] = table_bytes / static_cast<double>(prefixes.size());
}

template <Family kFamily>
void build(benchmark::State& state) {
    const auto prefixes = random_prefixes(static_cast<std::size_t>(state.range(0)), kFamily);
    for (auto _ : state) {
        PrefixTable<std::uint32_t> table;
        insert_all(table, prefixes);
        benchmark::DoNotOptimize(table.size());
    }
}

/// A default route, or half of one, comes and goes.
template <Family kFamily>
void cover_all(benchmark::State& state) {
    PrefixTable<std::uint32_t> table;
    insert_all(table, random_prefixes(static_cast<std::size_t>(state.range(0)), kFamily));
    const Prefix widest(IpAddress::any(kFamily), static_cast<unsigned>(state.range(1)));
    for (auto _ : state) {
        table.insert(widest, 0);
        table.erase(widest);
    }
}

BENCHMARK(lookup<Family::V4, Order::Chained>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(lookup<Family::V6, Order::Chained>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(lookup<Family::V4, Order::Independent>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(lookup<Family::V6, Order::Independent>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(cover_all<Family::V4>)->ArgsProduct({{100'000, 1'000'000}, {0, 1}});
BENCHMARK(cover_all<Family::V6>)->ArgsProduct({{100'000, 1'000'000}, {0, 1}});
BENCHMARK(build<Family::V4>)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(build<Family::V6>)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
