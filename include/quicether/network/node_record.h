// SPDX-License-Identifier: Apache-2.0
//
// NodeRecord: what a member says of itself, signed by its node key for one network.
//
// Where it can be reached, which overlay IPv4 address it claims, which subnets it advertises. It
// entitles to nothing: name, role and subnets count only as far as the member's certificate grants
// them. In the private swarm it is the value of the node's unsalted mutable item (BEP 44), whose
// target is the NodeId; outside it is sealed. See docs/protocol/membership.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/crypto/seal.h"
#include "quicether/network/member_attributes.h"
#include "quicether/network/network_id.h"
#include "quicether/network/signed.h"

namespace qe::network {

inline constexpr std::size_t kRecordUnderlayMax = 16;
inline constexpr std::size_t kRecordSubnetsMax = 16;
inline constexpr base::seconds kRecordTtlMin{60};
inline constexpr base::seconds kRecordTtlMax{7 * 24 * 3600};
/// BEP 44 numbers items with signed 64-bit integers; 0 is for none.
inline constexpr std::uint64_t kRecordSequenceMax = INT64_MAX;

struct NodeRecord {
    crypto::PublicKey key;
    std::uint64_t sequence = 1;  ///< 1 … kRecordSequenceMax; larger is newer.
    base::UnixTime issued;
    base::seconds ttl{3600};  ///< How long `underlay` may be relied on.
    std::string name;
    MemberRole role = MemberRole::Full;
    std::vector<net::SocketAddress> underlay;  ///< Port not 0; no link-local or multicast ones.
    std::optional<net::IpAddress> ipv4;        ///< The overlay address it claims.
    std::vector<net::Prefix> subnets;
    std::uint64_t capabilities = 0;  ///< Bits; unknown ones are kept.

    [[nodiscard]] crypto::NodeId id() const { return crypto::node_id_of(key); }
    /// Its TTL is not over, give or take the clocks' difference.
    [[nodiscard]] bool is_fresh(base::UnixTime now) const noexcept;
    friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

/// A sealed record, so that with its bencoded length it is a BEP 44 value of 1000 bytes.
inline constexpr std::size_t kSealedRecordBytes = 996;
/// What fits, behind its 2-byte length.
inline constexpr std::size_t kRecordBytesMax = kSealedRecordBytes - crypto::kSealOverhead - 2;

/// `node` signs; its key must be the record's. A record within the bounds above always fits.
/// Errors: kInvalidArgument (a field out of its bounds).
[[nodiscard]] base::Result<Signed<NodeRecord>> sign_record(const crypto::Identity& node,
                                                           const NodeRecord& record,
                                                           const NetworkId& network);

/// Errors: kTooLarge, kMalformed, kBadSignature (also: made for another network).
[[nodiscard]] base::Result<Signed<NodeRecord>> parse_record(base::ByteView bytes,
                                                            const NetworkId& network);

/// Always kSealedRecordBytes. `encoded` is a signed record (its size is asserted).
[[nodiscard]] base::Bytes seal_record(base::ByteView encoded, const crypto::SealKey& key,
                                      base::Rng& rng);
/// The signed record, not yet verified. Errors: kMalformed, kBadSignature (another key).
[[nodiscard]] base::Result<base::Bytes> open_record(base::ByteView sealed,
                                                    const crypto::SealKey& key);

}  // namespace qe::network
