// SPDX-License-Identifier: Apache-2.0
#include "quic/address_tokens.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include "quic/sockaddr.h"

namespace qe::quic {
namespace {

using base::ErrorCode;

constexpr ngtcp2_duration to_ngtcp2(base::seconds lifetime) noexcept {
    return static_cast<ngtcp2_duration>(lifetime.count()) * NGTCP2_SECONDS;
}

ngtcp2_tstamp to_ngtcp2(base::UnixTime wall) noexcept {
    return wall.seconds < 0 ? 0 : static_cast<ngtcp2_tstamp>(wall.seconds) * NGTCP2_SECONDS;
}

}  // namespace

AddressTokens::AddressTokens(const crypto::Identity& identity) {
    identity.derive("quicether quic stateless reset 1", reset_secret_);
    identity.derive("quicether quic address token 1", token_secret_);
}

AddressTokens::~AddressTokens() {
    base::wipe(reset_secret_);
    base::wipe(token_secret_);
}

base::Result<ngtcp2_stateless_reset_token> AddressTokens::reset_token(const ngtcp2_cid& id) const {
    ngtcp2_stateless_reset_token token{};
    if (ngtcp2_crypto_generate_stateless_reset_token(token.data,
                                                     base::as_u8(base::ByteView(reset_secret_)),
                                                     reset_secret_.size(), &id) != 0) {
        return base::fail(ErrorCode::kCryptoFailure, "cannot derive a stateless-reset token");
    }
    return token;
}

base::Result<base::Bytes> AddressTokens::make_retry_token(base::Instant now,
                                                          const net::SocketAddress& client,
                                                          const ngtcp2_pkt_hd& first_packet,
                                                          const ngtcp2_cid& retry_id) const {
    const SocketName name = to_sockaddr(client);
    base::Bytes token(NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2);
    const ngtcp2_ssize size = ngtcp2_crypto_generate_retry_token2(
        base::as_u8(base::MutableBytes(token)), base::as_u8(base::ByteView(token_secret_)),
        token_secret_.size(), first_packet.version, &name.address.sa, name.size, &retry_id,
        &first_packet.dcid, now.nanoseconds());
    if (size < 0) {
        return base::fail(ErrorCode::kCryptoFailure, "cannot make a Retry token");
    }
    token.resize(static_cast<std::size_t>(size));
    return token;
}

base::Result<ngtcp2_cid> AddressTokens::check_retry_token(base::Instant now,
                                                          const net::SocketAddress& client,
                                                          const ngtcp2_pkt_hd& packet) const {
    const SocketName name = to_sockaddr(client);
    ngtcp2_cid first_destination{};
    const int status = ngtcp2_crypto_verify_retry_token2(
        &first_destination, packet.token, packet.tokenlen,
        base::as_u8(base::ByteView(token_secret_)), token_secret_.size(), packet.version,
        &name.address.sa, name.size, &packet.dcid, to_ngtcp2(kRetryLifetime), now.nanoseconds());
    if (status != 0) {
        return base::fail(ErrorCode::kMalformed, "Retry token refused", status);
    }
    return first_destination;
}

base::Result<base::Bytes> AddressTokens::make_regular_token(
    base::UnixTime wall_now, const net::SocketAddress& client) const {
    const SocketName name = to_sockaddr(client);
    base::Bytes token(NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN);
    const ngtcp2_ssize size = ngtcp2_crypto_generate_regular_token(
        base::as_u8(base::MutableBytes(token)), base::as_u8(base::ByteView(token_secret_)),
        token_secret_.size(), &name.address.sa, name.size, to_ngtcp2(wall_now));
    if (size < 0) {
        return base::fail(ErrorCode::kCryptoFailure, "cannot make an address token");
    }
    token.resize(static_cast<std::size_t>(size));
    return token;
}

bool AddressTokens::check_regular_token(base::UnixTime wall_now, const net::SocketAddress& client,
                                        base::ByteView token) const {
    const SocketName name = to_sockaddr(client);
    return ngtcp2_crypto_verify_regular_token(
               base::as_u8(token), token.size(), base::as_u8(base::ByteView(token_secret_)),
               token_secret_.size(), &name.address.sa, name.size, to_ngtcp2(kRegularLifetime),
               to_ngtcp2(wall_now)) == 0;
}

TokenKind AddressTokens::kind_of(base::ByteView token) noexcept {
    if (token.empty()) {
        return TokenKind::None;
    }
    switch (std::to_integer<unsigned>(token[0])) {
        case NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2:
            return TokenKind::Retry;
        case NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR:
            return TokenKind::Regular;
        default:
            return TokenKind::None;
    }
}

}  // namespace qe::quic
