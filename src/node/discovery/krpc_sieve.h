// SPDX-License-Identifier: Apache-2.0
//
// KrpcSieve: tells the DHT's datagrams from QUIC's, which share the UDP port.
//
// A KRPC message is a bencoded dictionary: 'd', the digit of its first key's length, …, 'e'. In a
// QUIC short header the second byte belongs to a connection id of ours, which is never a digit; a
// long header begins with another bit. Only a stateless reset, which is random, may look like KRPC,
// once in half a million.
#pragma once

#include <algorithm>
#include <cstddef>

#include "quicether/net/datagram.h"

namespace qe::node {

[[nodiscard]] constexpr bool is_krpc(base::ByteView datagram) noexcept {
    return datagram.size() > 2 && datagram[0] == std::byte{'d'} && datagram[1] >= std::byte{'1'} &&
           datagram[1] <= std::byte{'9'} && datagram.back() == std::byte{'e'};
}

/// Calls `take_krpc` with each KRPC datagram of a received block, and `take_rest` with the blocks
/// between them.
template <typename TakeKrpc, typename TakeRest>
void sieve_krpc(const net::ReceivedDatagrams& received, TakeKrpc&& take_krpc,
                TakeRest&& take_rest) {
    const base::ByteView all = received.payload;
    const std::size_t segment =
        std::max<std::size_t>(received.segment_size == 0 ? all.size() : received.segment_size, 1);
    std::size_t begin = 0;
    const auto hand_on_until = [&](std::size_t end) {
        if (begin < end) {
            net::ReceivedDatagrams run = received;
            run.payload = all.subspan(begin, end - begin);
            take_rest(run);
        }
    };
    for (std::size_t at = 0; at < all.size(); at += segment) {
        const base::ByteView datagram = all.subspan(at, std::min(segment, all.size() - at));
        if (is_krpc(datagram)) {
            hand_on_until(at);
            take_krpc(datagram);
            begin = at + datagram.size();
        }
    }
    hand_on_until(all.size());
}

}  // namespace qe::node
