// SPDX-License-Identifier: Apache-2.0
#include "quic/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstring>

#include <fmt/core.h>

namespace qe::quic {
namespace {

constexpr int kUnknown = 0;
constexpr int kUse = 1;
constexpr int kUseAndRenew = 2;
constexpr int kFailed = -1;

std::int64_t period_of(base::UnixTime wall) noexcept {
    return wall.seconds / std::int64_t{TicketKeys::kPeriod.count()};
}

}  // namespace

TicketKeys::TicketKeys(const crypto::Identity& identity, base::UnixTime wall_now)
    : period_(period_of(wall_now)),
      keys_{derive(identity, period_), derive(identity, period_ - 1)} {}

TicketKeys::~TicketKeys() {
    for (Key& key : keys_) {
        base::wipe(key.cipher);
        base::wipe(key.mac);
    }
}

void TicketKeys::set_wall_clock(const crypto::Identity& identity, base::UnixTime wall_now) {
    const std::int64_t period = period_of(wall_now);
    if (period != period_) {
        period_ = period;
        keys_ = {derive(identity, period), derive(identity, period - 1)};
    }
}

TicketKeys::Key TicketKeys::derive(const crypto::Identity& identity, std::int64_t period) {
    std::array<std::byte, kNameSize + 2 * kKeySize> material{};
    identity.derive(fmt::format("quicether quic ticket 1 {}", period), material);
    Key key;
    const base::ByteView all(material);
    std::memcpy(key.name.data(), all.data(), kNameSize);
    std::memcpy(key.cipher.data(), all.data() + kNameSize, kKeySize);
    std::memcpy(key.mac.data(), all.data() + kNameSize + kKeySize, kKeySize);
    base::wipe(material);
    return key;
}

const TicketKeys::Key* TicketKeys::find(const unsigned char* name) const noexcept {
    for (const Key& key : keys_) {
        if (std::memcmp(key.name.data(), name, kNameSize) == 0) {
            return &key;
        }
    }
    return nullptr;
}

int TicketKeys::prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, bool seal) const noexcept {
    const EVP_CIPHER* const algorithm = EVP_aes_256_cbc();
    const Key* key = keys_.data();
    if (seal) {
        std::memcpy(name, key->name.data(), kNameSize);
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(algorithm)) != 1) {
            return kFailed;
        }
    } else {
        key = find(name);
        if (key == nullptr) {
            return kUnknown;
        }
    }
    char digest[] = "SHA256";
    const std::array<OSSL_PARAM, 3> parameters = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                          const_cast<std::byte*>(key->mac.data()), kKeySize),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    const unsigned char* const secret = base::as_u8(base::ByteView(key->cipher));
    if (EVP_MAC_CTX_set_params(mac, parameters.data()) != 1 ||
        EVP_CipherInit_ex(cipher, algorithm, nullptr, secret, iv, seal ? 1 : 0) != 1) {
        return kFailed;
    }
    return key == keys_.data() ? kUse : kUseAndRenew;
}

}  // namespace qe::quic
