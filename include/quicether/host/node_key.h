// SPDX-License-Identifier: Apache-2.0
//
// Which identity a state directory holds, for `quicether id`.
//
// Works while a daemon runs on the same directory: an existing key is only read. The secret half
// never leaves this call.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "quicether/crypto/identity.h"

namespace qe::host {

inline constexpr const char* kDefaultStateDirectory = "/var/lib/quicether";

struct NodeKey {
    crypto::PublicKey public_key;
    crypto::NodeId node_id;
    std::string path;      ///< Of the key file.
    bool created = false;  ///< By this call.
};

/// Reads the key, or makes one where there is none and the directory may be written. On failure:
/// one sentence for the operator.
[[nodiscard]] tl::expected<NodeKey, std::string> find_or_create_node_key(
    const std::string& state_directory);

}  // namespace qe::host
