// SPDX-License-Identifier: Apache-2.0
//
// OwnMembership: what a node holds as a member of a network, and keeps over restarts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "quicether/network/authority.h"
#include "quicether/network/directory.h"
#include "quicether/network/invite_book.h"
#include "quicether/network/network_secret.h"

namespace qe::node {

inline constexpr std::string_view kNetworkStateName = "network";

struct OwnMembership {
    network::Directory directory;
    network::NetworkSecret secret;
    base::Bytes certificate;                      ///< DER, over our node key.
    std::optional<network::Authority> authority;  ///< We are an admin.
    network::InviteBook invites;                  ///< Issued by us.
    /// What revoked members were called, as far as this node has known them.
    std::map<crypto::NodeId, std::string> former_names{};
};

/// CBOR [1, network id, secret, certificate, directory, authority's seed or empty, invites, former
/// names as NodeId and text in turn]. Holds secrets: wipe it.
[[nodiscard]] base::Bytes encode_membership(const OwnMembership& membership);
/// Errors: kMalformed, kUnsupported, and those of Directory::decode().
[[nodiscard]] base::Result<OwnMembership> parse_membership(base::ByteView bytes,
                                                           base::UnixTime now);

}  // namespace qe::node
