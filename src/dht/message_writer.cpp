// SPDX-License-Identifier: Apache-2.0
#include "dht/message_writer.h"

#include <algorithm>
#include <array>

#include "dht/compact.h"
#include "dht/network_mac.h"
#include "quicether/dht/bencode_writer.h"

namespace qe::dht {
namespace {

using base::ByteView;

/// Name and version of this implementation (BEP 5, "v").
constexpr std::string_view kVersion{"QE\x00\x01", 4};
constexpr std::array<std::byte, 16> kZeroMac{};

/// Bytes of `t`, `v`, `y`, the MAC and the final `e`, which follow the body.
std::size_t tail_size(const Envelope& envelope) noexcept {
    constexpr std::size_t kFixed = 3 + 3 + 3 + 2 + 4 + 3 + 3 + 1;
    return kFixed + envelope.transaction.size() +
           (envelope.with_mac ? NetworkMac::kOverheadBytes : 0);
}

std::size_t finish(BencodeWriter& out, const Envelope& envelope, std::string_view type) noexcept {
    out.entry("t", envelope.transaction);
    out.entry("v", base::as_bytes(kVersion));
    out.entry("y", base::as_bytes(type));
    if (envelope.with_mac) {
        out.entry("z", ByteView(kZeroMac));
    }
    out.end();
    return out.ok() ? out.size() : 0;
}

void write_external(BencodeWriter& out, const Envelope& envelope) noexcept {
    if (envelope.external != nullptr) {
        out.entry("ip", encode_compact(*envelope.external).view());
    }
}

void write_want(BencodeWriter& out, const Want& want) noexcept {
    if (!want.any()) {
        return;
    }
    out.string("want");
    out.begin_list();
    if (want.v4) {
        out.string("n4");
    }
    if (want.v6) {
        out.string("n6");
    }
    out.end();
}

void write_put(BencodeWriter& out, const Query& query) noexcept {
    const auto& owner = query.item.owner;
    if (query.cas) {
        out.entry("cas", *query.cas);
    }
    out.entry("id", query.id.bytes);
    if (owner) {
        out.entry("k", owner->key.bytes);
        if (!query.item.salt.empty()) {
            out.entry("salt", query.item.salt);
        }
        out.entry("seq", owner->seq);
        out.entry("sig", ByteView(owner->signature));
    }
    out.entry("token", query.token);
    out.string("v");
    out.raw(query.item.value);
}

void write_announce(BencodeWriter& out, const Query& query) noexcept {
    out.entry("id", query.id.bytes);
    if (query.implied_port) {
        out.entry("implied_port", 1);
    }
    out.entry("info_hash", query.target.bytes);
    out.entry("port", query.port);
    out.entry("token", query.token);
}

void write_search(BencodeWriter& out, const Query& query) noexcept {
    out.entry("id", query.id.bytes);
    if (query.method == Method::GetPeers) {
        out.entry("info_hash", query.target.bytes);
    }
    if (query.method == Method::Get && query.seq) {
        out.entry("seq", *query.seq);
    }
    if (query.method == Method::Get || query.method == Method::FindNode) {
        out.entry("target", query.target.bytes);
    }
    if (!query.token.empty()) {
        out.entry("token", query.token);
    }
    write_want(out, query.want);
}

/// As many contacts as fit in front of `reserved` bytes.
void write_nodes(BencodeWriter& out, std::string_view key, std::span<const Contact> nodes,
                 std::size_t reserved) noexcept {
    if (nodes.empty() || !out.ok()) {
        return;
    }
    const std::size_t size = compact_contact_size(nodes.front().endpoint.ip.family());
    const std::size_t framing = key.size() + 2 + 4;
    const std::size_t room = out.room() > reserved + framing ? out.room() - reserved - framing : 0;
    const std::size_t count = std::min(nodes.size(), room / size);
    if (count == 0) {
        return;
    }
    out.string(key);
    out.string_head(count * size);
    for (const Contact& contact : nodes.first(count)) {
        std::array<std::byte, compact_contact_size(net::Family::V6)> buffer{};
        base::ByteWriter bytes(buffer);
        encode_compact(bytes, contact);
        out.raw(bytes.written());
    }
}

/// As many peers as fit in front of `reserved` bytes.
void write_peers(BencodeWriter& out, std::span<const net::SocketAddress> peers,
                 std::size_t reserved) noexcept {
    constexpr std::size_t kFraming = 10;
    constexpr std::size_t kPeerMax = 3 + compact_endpoint_size(net::Family::V6);
    if (peers.empty() || out.room() < reserved + kFraming + kPeerMax) {
        return;
    }
    out.string("values");
    out.begin_list();
    for (const net::SocketAddress& peer : peers) {
        if (out.room() < reserved + 1 + kPeerMax) {
            break;
        }
        out.string(encode_compact(peer).view());
    }
    out.end();
}

/// Bytes of what stands behind the contacts in a response, peers left out.
std::size_t behind_nodes(const ReplyFields& reply) noexcept {
    constexpr std::size_t kSeqMax = 5 + 22;
    constexpr std::size_t kSignature = 5 + 3 + 64;
    constexpr std::size_t kTrim = 6 + 3;
    std::size_t size = 1;
    size += reply.token.empty() ? 0 : 7 + 3 + reply.token.size();
    size += reply.trimmed ? kTrim : 0;
    size += reply.seq || reply.item != nullptr ? kSeqMax : 0;
    if (reply.item != nullptr) {
        size += 3 + reply.item->value.size() + (reply.item->owner ? kSignature : 0);
    }
    return size;
}

/// What peers may take from contacts: all they need, at most half.
std::size_t peers_share(const BencodeWriter& out, const ReplyFields& reply) noexcept {
    constexpr std::size_t kFraming = 10;
    if (reply.peers.empty()) {
        return 0;
    }
    const std::size_t each = 3 + compact_endpoint_size(reply.peers.front().ip.family());
    return std::min(kFraming + reply.peers.size() * each, out.room() / 2);
}

void write_item_tail(BencodeWriter& out, const ReplyFields& reply) noexcept {
    const ItemView* const item = reply.item;
    const bool owned = item != nullptr && item->owner;
    if (owned || reply.seq) {
        out.entry("seq", owned ? item->owner->seq : *reply.seq);
    }
    if (owned) {
        out.entry("sig", ByteView(item->owner->signature));
    }
    if (!reply.token.empty()) {
        out.entry("token", reply.token);
    }
    if (reply.trimmed) {
        out.entry("trim", 1);
    }
    if (item != nullptr) {
        out.string("v");
        out.raw(item->value);
    }
}

}  // namespace

std::size_t encode_query(base::MutableBytes buffer, const Envelope& envelope,
                         const Query& query) noexcept {
    BencodeWriter out(buffer);
    out.begin_dictionary();
    out.string("a");
    out.begin_dictionary();
    switch (query.method) {
        case Method::Put:
            write_put(out, query);
            break;
        case Method::AnnouncePeer:
            write_announce(out, query);
            break;
        default:
            write_search(out, query);
    }
    out.end();
    out.entry("q", base::as_bytes(to_text(query.method)));
    if (query.read_only) {
        out.entry("ro", 1);
    }
    return finish(out, envelope, "q");
}

std::size_t encode_response(base::MutableBytes buffer, const Envelope& envelope,
                            const ReplyFields& reply) noexcept {
    BencodeWriter out(buffer);
    out.begin_dictionary();
    write_external(out, envelope);
    out.string("r");
    out.begin_dictionary();
    out.entry("id", reply.id.bytes);
    if (reply.item != nullptr && reply.item->owner) {
        out.entry("k", reply.item->owner->key.bytes);
    }
    const std::size_t tail = tail_size(envelope);
    const std::size_t behind = tail + behind_nodes(reply) + peers_share(out, reply);
    write_nodes(out, "nodes", reply.nodes, behind);
    write_nodes(out, "nodes6", reply.nodes6, behind);
    write_item_tail(out, reply);
    write_peers(out, reply.peers, tail + 1);
    out.end();
    return finish(out, envelope, "r");
}

std::size_t encode_error(base::MutableBytes buffer, const Envelope& envelope, KrpcError code,
                         std::string_view text) noexcept {
    BencodeWriter out(buffer);
    out.begin_dictionary();
    out.string("e");
    out.begin_list();
    out.integer(static_cast<std::int64_t>(code));
    out.string(text);
    out.end();
    write_external(out, envelope);
    return finish(out, envelope, "e");
}

}  // namespace qe::dht
