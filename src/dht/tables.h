// SPDX-License-Identifier: Apache-2.0
//
// Tables: the contacts of both address families; the DHTs of IPv4 and IPv6 are two (BEP 32).
#pragma once

#include <optional>

#include "dht/node_table.h"

namespace qe::dht {

class Tables {
  public:
    explicit Tables(const DhtConfig& config)
        : v4_(config.v4 ? std::optional(NodeTable(config.id, config)) : std::nullopt),
          v6_(config.v6 ? std::optional(NodeTable(config.id, config)) : std::nullopt) {}

    /// Null for a family that is not taken part in.
    [[nodiscard]] NodeTable* of(net::Family family) noexcept {
        std::optional<NodeTable>& table = family == net::Family::V4 ? v4_ : v6_;
        return table ? &*table : nullptr;
    }
    [[nodiscard]] const NodeTable* of(net::Family family) const noexcept {
        return const_cast<Tables*>(this)->of(family);
    }
    [[nodiscard]] std::size_t size() const noexcept {
        return (v4_ ? v4_->size() : 0) + (v6_ ? v6_->size() : 0);
    }
    template <typename Visit>
    void for_each_table(Visit&& visit) {
        for (const net::Family family : {net::Family::V4, net::Family::V6}) {
            if (NodeTable* const table = of(family)) {
                visit(family, *table);
            }
        }
    }
    template <typename Visit>
    void for_each_table(Visit&& visit) const {
        for (const net::Family family : {net::Family::V4, net::Family::V6}) {
            if (const NodeTable* const table = of(family)) {
                visit(family, *table);
            }
        }
    }

  private:
    std::optional<NodeTable> v4_;
    std::optional<NodeTable> v6_;
};

}  // namespace qe::dht
