// SPDX-License-Identifier: Apache-2.0
#include "dht/address_votes.h"

#include <algorithm>

#include "dht/subnet.h"

namespace qe::dht {
namespace {

constexpr std::size_t kVotesMax = 16;

std::uint64_t voter_number(const net::IpAddress& ip) noexcept {
    return is_local(ip) ? std::hash<net::IpAddress>()(ip) : subnet_of(ip);
}

}  // namespace

std::optional<net::SocketAddress> AddressVotes::handle_vote(const net::SocketAddress& voter,
                                                            const net::SocketAddress& seen) {
    if (agreed_ == seen && votes_.empty()) {
        return std::nullopt;
    }
    const std::uint64_t number = voter_number(voter.ip);
    std::erase_if(votes_, [&](const Vote& vote) { return vote.voter == number; });
    if (votes_.size() >= kVotesMax) {
        votes_.erase(votes_.begin());
    }
    votes_.push_back({number, seen});
    const auto agreeing = std::ranges::count(votes_, seen, &Vote::seen);
    if (static_cast<std::size_t>(agreeing) < needed_) {
        return std::nullopt;
    }
    votes_.clear();
    if (agreed_ == seen) {
        return std::nullopt;
    }
    agreed_ = seen;
    return seen;
}

}  // namespace qe::dht
