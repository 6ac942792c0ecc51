// SPDX-License-Identifier: Apache-2.0
#include "dht/density.h"

#include <cmath>
#include <cstdint>

namespace qe::dht {
namespace {

/// The estimate comes from few nodes: there may well be twice as many.
constexpr double kUnderestimation = 2;
/// Deviations of a Poisson distribution that are still taken for chance.
constexpr double kDeviations = 4;
/// What is added lets the first one be so near once in a thousand times.
constexpr double kFirst = 0.9;
/// So many times more nodes than were found mean that some were withheld. By chance, and for an
/// estimate from eight nodes, it happens in about one of twenty lookups.
constexpr double kThinness = 2.5;

}  // namespace

double share_within(const NodeId& target, const NodeId& id) noexcept {
    std::uint64_t distance = 0;
    for (std::size_t i = 0; i < sizeof(distance); ++i) {
        distance = distance << 8 | std::to_integer<std::uint64_t>(target.bytes[i] ^ id.bytes[i]);
    }
    return std::ldexp(static_cast<double>(distance), -64);
}

double Density::plausible_max(double share) const noexcept {
    const double expected = kUnderestimation * nodes_ * share;
    return expected + kDeviations * std::sqrt(expected) + kFirst;
}

bool Density::is_thin(std::size_t count, double share) const noexcept {
    return nodes_ * share > kThinness * static_cast<double>(count);
}

}  // namespace qe::dht
