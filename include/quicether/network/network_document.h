// SPDX-License-Identifier: Apache-2.0
//
// NetworkDocument: what is the same for all members, signed by the network's authority.
//
// Any admin may publish a new one under a higher version; every node keeps the highest it has seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"
#include "quicether/network/network_id.h"
#include "quicether/network/signed.h"

namespace qe::network {

enum class MeshMode : std::uint8_t {
    OnDemand,  ///< Sessions come up when packets want them.
    Full,      ///< Every member keeps a session with every other.
};

inline constexpr base::seconds kCertificateLifeDefault{30 * 24 * 3600};
inline constexpr base::seconds kCertificateLifeMin{3600};
inline constexpr base::seconds kCertificateLifeMax{400 * 24 * 3600};

struct NetworkDocument {
    std::uint64_t version = 1;
    std::string name;             ///< A name as normalise_name() makes them.
    crypto::PublicKey authority;  ///< The network is who holds its secret half.
    net::Prefix ipv4{net::IpAddress::v4(0x64400000), 16};  ///< 100.64.0.0/16; /8 … /30
    base::UnixTime created;
    MeshMode mesh = MeshMode::OnDemand;
    base::seconds certificate_life = kCertificateLifeDefault;

    [[nodiscard]] NetworkId id() const { return network_id_of(authority); }
    friend bool operator==(const NetworkDocument&, const NetworkDocument&) = default;
};

/// `authority` signs; its key must be the document's. Errors: kInvalidArgument (a field out of its
/// bounds).
[[nodiscard]] base::Result<Signed<NetworkDocument>> sign_document(const crypto::Identity& authority,
                                                                  const NetworkDocument& document);

/// Errors: kTooLarge, kMalformed, kWrongIdentity (another network's), kBadSignature.
[[nodiscard]] base::Result<Signed<NetworkDocument>> parse_document(base::ByteView bytes,
                                                                   const NetworkId& network);

inline constexpr std::size_t kDocumentBytesMax = 1024;

}  // namespace qe::network
