// SPDX-License-Identifier: Apache-2.0
#include "dht/network_mac.h"

#include <algorithm>
#include <string_view>

#include "quicether/base/assert.h"

namespace qe::dht {
namespace {

constexpr std::string_view kHead = "1:z16:";
constexpr std::size_t kMacBytes = std::tuple_size_v<crypto::Mac>;
static_assert(kHead.size() + kMacBytes == NetworkMac::kOverheadBytes);

/// Bytes from the MAC to the end.
constexpr std::size_t kTailBytes = kMacBytes + 1;

bool has_mac(base::ByteView message) noexcept {
    if (message.size() < kHead.size() + kTailBytes) {
        return false;
    }
    const base::ByteView head = message.last(kHead.size() + kTailBytes).first(kHead.size());
    return base::as_text(head) == kHead;
}

crypto::Mac mac_for(const crypto::MacKey& key, base::ByteView message) noexcept {
    return crypto::mac_of(key, {message.first(message.size() - kTailBytes)});
}

}  // namespace

void NetworkMac::seal(base::MutableBytes message) const noexcept {
    if (key_) {
        QE_ASSERT(has_mac(message));
        const crypto::Mac mac = mac_for(*key_, message);
        std::ranges::copy(mac, message.last(kTailBytes).begin());
    }
}

bool NetworkMac::has_place(base::ByteView message) const noexcept {
    return !key_ || has_mac(message);
}

bool NetworkMac::is_authentic(base::ByteView message) const noexcept {
    return !key_ ||
           (has_mac(message) && crypto::equal_secrets(mac_for(*key_, message),
                                                      message.last(kTailBytes).first(kMacBytes)));
}

}  // namespace qe::dht
