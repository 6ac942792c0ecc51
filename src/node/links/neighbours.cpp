// SPDX-License-Identifier: Apache-2.0
#include "node/links/neighbours.h"

#include <algorithm>

namespace qe::node {
namespace {

using crypto::NodeId;
using Ring = std::vector<NodeId>;

constexpr unsigned kByteBits = 8;

/// `id` moved by the ring's part 1/2^part, forwards or backwards, modulo 2^160.
NodeId moved(NodeId id, unsigned part, bool forwards) {
    std::size_t at = (part - 1) / kByteBits;
    const unsigned step = 1U << (kByteBits - 1 - (part - 1) % kByteBits);
    for (unsigned carry = step; carry != 0 && at < id.bytes.size(); --at) {
        const unsigned byte = std::to_integer<unsigned>(id.bytes[at]);
        const unsigned sum = forwards ? byte + carry : byte - carry;
        id.bytes[at] = static_cast<std::byte>(sum);
        carry = sum > UINT8_MAX ? 1 : 0;  // a borrow wraps around
    }
    return id;
}

/// The first at or after `point`.
Ring::const_iterator first_from(const Ring& ring, const NodeId& point) {
    const auto at = std::lower_bound(ring.begin(), ring.end(), point);
    return at == ring.end() ? ring.begin() : at;
}

/// All after `from`, up to `to`.
void add_between(const Ring& ring, const NodeId& from, const NodeId& to, std::set<NodeId>& out) {
    const auto first = std::upper_bound(ring.begin(), ring.end(), from);
    const auto last = std::upper_bound(ring.begin(), ring.end(), to);
    if (from < to) {
        out.insert(first, last);
    } else {
        out.insert(first, ring.end());
        out.insert(ring.begin(), last);
    }
}

}  // namespace

std::set<NodeId> neighbours_of(const NodeId& self, const Ring& members) {
    Ring ring = members;
    if (const auto at = std::lower_bound(ring.begin(), ring.end(), self);
        at == ring.end() || *at != self) {
        ring.insert(at, self);
    }
    const auto own = std::lower_bound(ring.begin(), ring.end(), self);
    const NodeId& next = std::next(own) == ring.end() ? ring.front() : *std::next(own);
    const NodeId& previous = own == ring.begin() ? ring.back() : *std::prev(own);
    std::set<NodeId> all{next, previous};
    for (unsigned part = 1; ring.size() >> part >= kReachMin; part += 2) {
        all.insert(*first_from(ring, moved(self, part, true)));
        // Whose points lie after the one before us, and not after us.
        add_between(ring, moved(previous, part, false), moved(self, part, false), all);
    }
    all.erase(self);
    return all;
}

}  // namespace qe::node
