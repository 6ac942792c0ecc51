// SPDX-License-Identifier: Apache-2.0
//
// Longest-prefix match over tables of 1,000 to 1,000,000 prefixes, and building them.
//
// Lengths follow the public routing tables roughly: most IPv4 prefixes are /24, most IPv6 ones /48,
// both down to /8 and /20. Addresses are drawn from within the prefixes, in random order, so that
// caches get no help from the benchmark.
#include <algorithm>
#include <array>
#include <vector>

#include <benchmark/benchmark.h>

#include "quicether/base/rng.h"
#include "quicether/route/prefix_table.h"

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

enum class Order { Chained, Independent };

/// Chained: the next address depends on the result, which shows latency. Independent: as in a batch
/// of packets, where the processor overlaps the lookups.
template <Family kFamily, Order kOrder>
void lookup(benchmark::State& state) {
    const auto prefixes = random_prefixes(static_cast<std::size_t>(state.range(0)), kFamily);
    PrefixTable<std::uint32_t> table;
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
        table.insert(prefixes[i], static_cast<std::uint32_t>(i));
    }
    const auto addresses = addresses_within(prefixes);
    std::size_t next = 0;
    std::uint32_t sum = 0;
    for (auto _ : state) {
        const std::uint32_t* const found = table.lookup(addresses[next]);
        sum += *found;
        next = (next + 1 + (kOrder == Order::Chained ? sum & 1U : 0U)) % kAddresses;
    }
    benchmark::DoNotOptimize(sum);
}

template <Family kFamily>
void build(benchmark::State& state) {
    const auto prefixes = random_prefixes(static_cast<std::size_t>(state.range(0)), kFamily);
    for (auto _ : state) {
        PrefixTable<std::uint32_t> table;
        for (std::size_t i = 0; i < prefixes.size(); ++i) {
            table.insert(prefixes[i], static_cast<std::uint32_t>(i));
        }
        benchmark::DoNotOptimize(table.size());
    }
}

BENCHMARK(lookup<Family::V4, Order::Chained>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(lookup<Family::V6, Order::Chained>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(lookup<Family::V4, Order::Independent>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(lookup<Family::V6, Order::Independent>)->RangeMultiplier(10)->Range(1000, 1'000'000);
BENCHMARK(build<Family::V4>)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(build<Family::V6>)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
