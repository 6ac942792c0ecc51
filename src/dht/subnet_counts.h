// SPDX-License-Identifier: Apache-2.0
//
// SubnetCounts: how many entries of a store came from which subnet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace qe::dht {

class SubnetCounts {
  public:
    [[nodiscard]] std::size_t of(std::uint64_t subnet) const noexcept {
        const auto place = counts_.find(subnet);
        return place == counts_.end() ? 0 : place->second;
    }
    void add(std::uint64_t subnet) { ++counts_[subnet]; }
    void remove(std::uint64_t subnet) noexcept {
        const auto place = counts_.find(subnet);
        if (place != counts_.end() && --place->second == 0) {
            counts_.erase(place);
        }
    }

  private:
    std::map<std::uint64_t, std::size_t> counts_;
};

}  // namespace qe::dht
