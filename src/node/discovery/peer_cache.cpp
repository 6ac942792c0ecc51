// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/peer_cache.h"

#include <algorithm>

#include "node/peer.h"
#include "quicether/base/cbor.h"

namespace qe::node {
namespace {

void write_peer(base::CborWriter& out, const CachedPeer& peer) {
    const std::size_t count = std::min(peer.addresses.size(), kLearntMax);
    out.array(2);
    out.byte_string(peer.id.bytes);
    out.array(count);
    for (std::size_t i = 0; i < count; ++i) {
        out.array(2);
        out.byte_string(peer.addresses[i].ip.bytes());
        out.unsigned_integer(peer.addresses[i].port);
    }
}

/// False on content that cannot be an address.
bool read_address(base::CborReader& in, std::vector<net::SocketAddress>& out) {
    const bool pair = in.array() == 2;
    const base::ByteView ip = in.byte_string();
    const std::uint64_t port = in.unsigned_integer();
    if (!in.ok() || !pair || (ip.size() != 4 && ip.size() != 16) || port == 0 || port > 65535) {
        return false;
    }
    out.push_back({net::IpAddress::from_bytes(ip), static_cast<std::uint16_t>(port), 0});
    return true;
}

bool read_peer(base::CborReader& in, std::vector<CachedPeer>& out) {
    CachedPeer peer;
    const bool pair = in.array() == 2;
    const base::ByteView id = in.byte_string();
    const std::uint64_t count = in.array();
    if (!in.ok() || !pair || id.size() != peer.id.bytes.size() || count > kLearntMax) {
        return false;
    }
    std::copy(id.begin(), id.end(), peer.id.bytes.begin());
    for (std::uint64_t i = 0; i < count; ++i) {
        if (!read_address(in, peer.addresses)) {
            return false;
        }
    }
    out.push_back(std::move(peer));
    return true;
}

}  // namespace

base::Bytes encode_peer_cache(const std::vector<CachedPeer>& peers) {
    base::Bytes bytes;
    base::CborWriter out(bytes);
    const std::size_t count = std::min(peers.size(), kPeerCachePeersMax);
    out.array(count);
    for (std::size_t i = 0; i < count; ++i) {
        write_peer(out, peers[i]);
    }
    return bytes;
}

base::Result<std::vector<CachedPeer>> parse_peer_cache(base::ByteView contents) {
    base::CborReader in(contents);
    const std::uint64_t count = in.array();
    std::vector<CachedPeer> peers;
    bool valid = in.ok() && count <= kPeerCachePeersMax;
    for (std::uint64_t i = 0; valid && i < count; ++i) {
        valid = read_peer(in, peers);
    }
    if (!valid || !in.finished()) {
        return base::fail(base::ErrorCode::kMalformed, "peer cache is damaged");
    }
    return peers;
}

}  // namespace qe::node
