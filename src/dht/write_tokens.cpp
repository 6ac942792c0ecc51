// SPDX-License-Identifier: Apache-2.0
#include "dht/write_tokens.h"

#include <algorithm>

namespace qe::dht {
namespace {

WriteTokens::Token token_under(const crypto::MacKey& secret, const net::IpAddress& asker) noexcept {
    const crypto::Mac mac = crypto::mac_of(secret, {asker.bytes()});
    WriteTokens::Token token{};
    std::copy_n(mac.begin(), token.size(), token.begin());
    return token;
}

}  // namespace

WriteTokens::WriteTokens(base::Rng& rng, base::Instant now) noexcept
    : rng_(rng), until_(now + kSecretLifetime) {
    rng_.fill(current_.bytes);
    rng_.fill(previous_.bytes);
}

void WriteTokens::rotate(base::Instant now) {
    if (now < until_) {
        return;
    }
    // After a long silence the present secret is too old to be the one before.
    if (now < until_ + kSecretLifetime) {
        previous_ = current_;
    } else {
        rng_.fill(previous_.bytes);
    }
    rng_.fill(current_.bytes);
    until_ = now + kSecretLifetime;
}

WriteTokens::Token WriteTokens::issue(base::Instant now, const net::IpAddress& asker) {
    rotate(now);
    return token_under(current_, asker);
}

bool WriteTokens::accepts(base::Instant now, const net::IpAddress& asker, base::ByteView token) {
    rotate(now);
    return crypto::equal_secrets(token_under(current_, asker), token) ||
           crypto::equal_secrets(token_under(previous_, asker), token);
}

}  // namespace qe::dht
