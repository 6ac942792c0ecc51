// SPDX-License-Identifier: Apache-2.0
#include "node/links/neighbours.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::node {
namespace {

using crypto::NodeId;
using Ring = std::vector<NodeId>;
using Graph = std::map<NodeId, std::set<NodeId>>;

Ring ring_of(std::size_t size, std::byte seed) {
    base::Rng::Seed bytes{};
    bytes[0] = seed;
    base::Rng rng(bytes);
    Ring ring(size);
    for (NodeId& id : ring) {
        rng.fill(id.bytes);
    }
    std::ranges::sort(ring);
    return ring;
}

Graph graph_of(const Ring& ring) {
    Graph graph;
    for (const NodeId& id : ring) {
        graph[id] = neighbours_of(id, ring);
    }
    return graph;
}

/// Members reached from the first one, and in how many hops at most.
std::pair<std::size_t, std::size_t> spread(const Graph& graph) {
    std::set<NodeId> reached{graph.begin()->first};
    std::set<NodeId> last = reached;
    std::size_t hops = 0;
    while (!last.empty()) {
        std::set<NodeId> next;
        for (const NodeId& id : last) {
            for (const NodeId& neighbour : graph.at(id)) {
                if (graph.contains(neighbour) && reached.insert(neighbour).second) {
                    next.insert(neighbour);
                }
            }
        }
        hops += next.empty() ? 0U : 1U;
        last = std::move(next);
    }
    return {reached.size(), hops};
}

TEST(LazyNeighbours, AreNamedByBothEnds) {
    for (const std::size_t size : {1U, 2U, 3U, 8U, 33U, 200U}) {
        const Graph graph = graph_of(ring_of(size, std::byte{1}));
        for (const auto& [id, neighbours] : graph) {
            EXPECT_FALSE(neighbours.contains(id));
            EXPECT_EQ(neighbours.empty(), size == 1);
            for (const NodeId& other : neighbours) {
                EXPECT_TRUE(graph.at(other).contains(id)) << size;
            }
        }
    }
}

TEST(LazyNeighbours, AreTheSameWhetherOneListsItselfOrNot) {
    Ring ring = ring_of(50, std::byte{2});
    const NodeId self = ring[20];
    const std::set<NodeId> with = neighbours_of(self, ring);
    ring.erase(ring.begin() + 20);
    EXPECT_EQ(neighbours_of(self, ring), with);
}

TEST(LazyNeighbours, AreFewAndReachEverybodyInFewHops) {
    const Graph graph = graph_of(ring_of(200, std::byte{3}));
    std::size_t sum = 0;
    std::size_t most = 0;
    for (const auto& [id, neighbours] : graph) {
        sum += neighbours.size();
        most = std::max(most, neighbours.size());
    }
    EXPECT_LE(sum, 8U * graph.size());
    EXPECT_LE(most, 24U);
    const auto [reached, hops] = spread(graph);
    EXPECT_EQ(reached, graph.size());
    EXPECT_LE(hops, 8U);
}

TEST(LazyNeighbours, ReachEverybodyInAHugeNetwork) {
    const Graph graph = graph_of(ring_of(5000, std::byte{4}));
    const auto [reached, hops] = spread(graph);
    EXPECT_EQ(reached, graph.size());
    EXPECT_LE(hops, 14U);
}

TEST(LazyNeighbours, AreInOnePieceWhenManyAreOff) {
    // Each knows who is away only around itself: here from the ring of those who are not.
    const Ring all = ring_of(200, std::byte{5});
    Ring awake;
    for (std::size_t i = 0; i < all.size(); i += 5) {
        awake.push_back(all[i]);
    }
    const auto [reached, hops] = spread(graph_of(awake));
    EXPECT_EQ(reached, awake.size());
}

TEST(LazyNeighbours, ChangeOnlyAroundWhoComes) {
    Ring ring = ring_of(201, std::byte{6});
    const Graph after = graph_of(ring);
    const NodeId newcomer = ring[77];
    ring.erase(ring.begin() + 77);
    const Graph before = graph_of(ring);
    std::size_t others_changed = 0;
    for (const auto& [id, neighbours] : before) {
        std::set<NodeId> now = after.at(id);
        now.erase(newcomer);
        others_changed += now == neighbours ? 0U : 1U;
    }
    EXPECT_LE(others_changed, 24U);
}

}  // namespace
}  // namespace qe::node
