// SPDX-License-Identifier: Apache-2.0
//
// KRPC messages (BEP 5, 32, 42, 43, 44) as typed values.
//
// A parsed message is views into its datagram with every known field checked for type and size;
// unknown fields are ignored. A query whose arguments are wrong is a BadQuery, which can be
// answered with an error; what is no KRPC message at all fails to parse.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/dht/bencode_reader.h"
#include "quicether/dht/contact.h"
#include "quicether/dht/item.h"

namespace qe::dht {

inline constexpr std::size_t kTransactionIdBytesMax = 32;
/// Others use 4 to 20.
inline constexpr std::size_t kTokenBytesMax = 40;
/// Peers read from one answer.
inline constexpr std::size_t kPeersPerReplyMax = 64;

enum class Method : std::uint8_t { Ping, FindNode, GetPeers, AnnouncePeer, Get, Put };
inline constexpr std::size_t kMethodCount = 6;

/// The name on the wire.
[[nodiscard]] std::string_view to_text(Method method) noexcept;

/// Codes of BEP 5 and BEP 44.
enum class KrpcError : std::int16_t {
    Generic = 201,
    Server = 202,
    Protocol = 203,
    UnknownMethod = 204,
    ValueTooBig = 205,
    BadSignature = 206,
    SaltTooBig = 207,
    CasMismatch = 301,
    SeqTooSmall = 302,
};

[[nodiscard]] std::string_view to_text(KrpcError code) noexcept;

/// Families of contacts that the asker wants (BEP 32).
struct Want {
    bool v4 = false;
    bool v6 = false;
    [[nodiscard]] bool any() const noexcept { return v4 || v6; }
    friend bool operator==(const Want&, const Want&) = default;
};

/// Only the fields of its method are set.
struct Query {
    Method method = Method::Ping;
    NodeId id;
    NodeId target;  ///< Target of find_node and get, info_hash of get_peers and announce_peer.
    Want want;
    base::ByteView token;  ///< announce_peer, put; in get and get_peers it is echoed as a proof.
    std::uint16_t port = 0;
    bool implied_port = false;
    std::optional<std::int64_t> seq;  ///< get: only an item with a higher number.
    std::optional<std::int64_t> cas;
    ItemView item;           ///< put; sizes are not limited here but by the store.
    bool read_only = false;  ///< BEP 43: its sender answers no queries.
};

struct Response {
    NodeId id;
    base::ByteView nodes;   ///< A whole number of compact IPv4 contacts.
    base::ByteView nodes6;  ///< A whole number of compact IPv6 contacts.
    base::ByteView token;
    std::optional<BencodeValue> values;  ///< A list; see parse_peers().
    std::optional<std::int64_t> seq;
    std::optional<ItemView> item;  ///< With owner if key, number and signature came with it.
    bool trimmed = false;          ///< Ours: ask again with the token for the rest.
};

struct ErrorReply {
    std::int64_t code = 0;
    base::ByteView text;
};

/// A query that can only be answered with an error.
struct BadQuery {
    KrpcError code = KrpcError::Protocol;
    std::string_view text;
};

struct Message {
    base::ByteView transaction;
    std::optional<net::SocketAddress> external;  ///< Where the sender saw us (BEP 42).
    std::variant<Query, Response, ErrorReply, BadQuery> body;
};

/// Errors: those of parse_bencode(), and kMalformed for what is no KRPC message.
[[nodiscard]] base::Result<Message> parse_message(base::ByteView datagram);

/// Cheap look at the start: a dictionary whose first key has a length (RFC 9443 leaves the byte to
/// QUIC, whose connection ids of ours never continue like this).
[[nodiscard]] inline bool looks_like_krpc(base::ByteView datagram) noexcept {
    return datagram.size() > 2 && datagram[0] == std::byte{'d'} && datagram[1] >= std::byte{'1'} &&
           datagram[1] <= std::byte{'9'};
}

}  // namespace qe::dht
