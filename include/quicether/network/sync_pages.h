// SPDX-License-Identifier: Apache-2.0
//
// What two members tell each other to find and settle the differences of their directories.
//
//   Digest   one sum for each 1/256 of the NodeIds: where do we differ?
//   Summary  what its sender holds there, as rows
//   Wanted   what its sender lacks
//   News     items: answers to the two above, and whatever is new, at once to everybody
//
// Values only; directory_sync.h makes and answers them, network_message.h encodes them.
#pragma once

#include <cstddef>
#include <vector>

#include "quicether/network/directory.h"

namespace qe::network {

inline constexpr std::size_t kSummaryRowsMax = 192;
inline constexpr std::size_t kWantedMax = 384;
inline constexpr std::size_t kNewsItemsMax = 128;

struct Digest {
    Version document;
    Directory::Sums sums{};
    friend bool operator==(const Digest&, const Digest&) = default;
};

/// All that the sender holds about subjects from `from` to `to`, both included.
struct Summary {
    crypto::NodeId from;
    crypto::NodeId to;
    std::vector<Row> rows;  ///< In ascending order.
    friend bool operator==(const Summary&, const Summary&) = default;
};

struct WantedItem {
    ItemKind kind = ItemKind::Certificate;
    crypto::NodeId id;  ///< Zeros for the document.
    friend bool operator==(const WantedItem&, const WantedItem&) = default;
};
struct Wanted {
    std::vector<WantedItem> items;
    friend bool operator==(const Wanted&, const Wanted&) = default;
};

struct News {
    std::vector<Item> items;
    friend bool operator==(const News&, const News&) = default;
};

}  // namespace qe::network
