// SPDX-License-Identifier: Apache-2.0
//
// PeerCache: underlay addresses of peers over a restart, so that a peer without a configured
// endpoint can be dialled again at once.
//
// Contents: a CBOR array of [NodeId, [[address, port] …]]; bounded when read. Losing it costs time,
// never correctness: identity is proven anew on every dial.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace qe::node {

inline constexpr std::string_view kPeerCacheName = "peers";
inline constexpr std::size_t kPeerCachePeersMax = 10'000;

struct CachedPeer {
    crypto::NodeId id;
    std::vector<net::SocketAddress> addresses;  ///< Newest first.
    friend bool operator==(const CachedPeer&, const CachedPeer&) = default;
};

[[nodiscard]] base::Bytes encode_peer_cache(const std::vector<CachedPeer>& peers);
/// Errors: kMalformed.
[[nodiscard]] base::Result<std::vector<CachedPeer>> parse_peer_cache(base::ByteView contents);

}  // namespace qe::node
