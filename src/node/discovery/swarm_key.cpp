// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/swarm_key.h"

#include <algorithm>

namespace qe::node {
namespace {

/// Two MACs make the 32 bytes of a key.
crypto::MacKey derive(const crypto::MacKey& from, std::string_view purpose,
                      std::string_view text) noexcept {
    crypto::MacKey key;
    auto out = key.bytes.begin();
    for (const std::string_view half : {"1", "2"}) {
        const crypto::Mac mac = crypto::mac_of(
            from, {base::as_bytes(purpose), base::as_bytes(half), base::as_bytes(text)});
        out = std::copy(mac.begin(), mac.end(), out);
    }
    return key;
}

}  // namespace

crypto::MacKey swarm_key_of(std::string_view text) noexcept {
    return derive(crypto::MacKey{}, "quicether swarm ", text);
}

crypto::MacKey lan_key_of(const crypto::MacKey& swarm) noexcept {
    return derive(swarm, "lan ", "");
}

SwarmTag swarm_tag_of(const crypto::MacKey& swarm) noexcept {
    SwarmTag tag;
    const crypto::Mac mac = crypto::mac_of(swarm, {base::as_bytes("tag")});
    std::copy_n(mac.begin(), tag.size(), tag.begin());
    return tag;
}

}  // namespace qe::node
