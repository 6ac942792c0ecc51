// SPDX-License-Identifier: Apache-2.0
//
// Writing KRPC messages into a buffer, keys in order, with room for the network MAC at the end.
//
// What is optional is left out when it is empty. Lists of contacts and peers are cut to what fits
// the buffer, nearest first; everything else fits or the message is not written at all (size 0).
#pragma once

#include <cstddef>
#include <span>

#include "dht/message.h"
#include "quicether/base/bytes.h"

namespace qe::dht {

/// What every message has.
struct Envelope {
    base::ByteView transaction;
    const net::SocketAddress* external = nullptr;  ///< Of replies: where they go (BEP 42).
    bool with_mac = false;                         ///< Zeros where NetworkMac::seal() writes.
};

/// The body of a response.
struct ReplyFields {
    NodeId id;
    std::span<const Contact> nodes;   ///< IPv4, nearest first.
    std::span<const Contact> nodes6;  ///< IPv6, nearest first.
    base::ByteView token;
    std::span<const net::SocketAddress> peers;
    std::optional<std::int64_t> seq;  ///< Taken from the item's owner when there is an item.
    const ItemView* item = nullptr;
    bool trimmed = false;
};

/// Bytes written at the front of `buffer`; 0: does not fit.
[[nodiscard]] std::size_t encode_query(base::MutableBytes buffer, const Envelope& envelope,
                                       const Query& query) noexcept;
[[nodiscard]] std::size_t encode_response(base::MutableBytes buffer, const Envelope& envelope,
                                          const ReplyFields& reply) noexcept;
[[nodiscard]] std::size_t encode_error(base::MutableBytes buffer, const Envelope& envelope,
                                       KrpcError code, std::string_view text) noexcept;

}  // namespace qe::dht
