// SPDX-License-Identifier: Apache-2.0
//
// Builds certificates that no decent tool would: every field of one is a raw DER element that a
// test may replace before the certificate is signed with a real key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/crypto/identity.h"

namespace qe::crypto::test {

inline base::Bytes bytes_of(std::string_view text) {
    const base::ByteView view = base::as_bytes(text);
    return {view.begin(), view.end()};
}

inline base::Bytes from_hex_text(std::string_view hex) {
    base::Bytes bytes(hex.size() / 2);
    return base::from_hex(hex, bytes) ? bytes : base::Bytes{};
}

inline base::Bytes joined(std::initializer_list<base::Bytes> parts) {
    base::Bytes whole;
    for (const base::Bytes& part : parts) {
        whole.insert(whole.end(), part.begin(), part.end());
    }
    return whole;
}

/// One element with a definite length in DER's shortest form.
inline base::Bytes element(std::uint8_t tag, const base::Bytes& content) {
    base::Bytes whole{std::byte{tag}};
    const std::size_t size = content.size();
    if (size >= 256) {
        whole.insert(whole.end(), {std::byte{0x82}, std::byte(size >> 8), std::byte(size & 0xff)});
    } else if (size >= 128) {
        whole.insert(whole.end(), {std::byte{0x81}, std::byte(size)});
    } else {
        whole.push_back(std::byte(size));
    }
    whole.insert(whole.end(), content.begin(), content.end());
    return whole;
}

inline base::Bytes sequence(std::initializer_list<base::Bytes> parts) {
    return element(0x30, joined(parts));
}

inline base::Bytes bit_string(const base::Bytes& content) {
    return element(0x03, joined({{std::byte{0}}, content}));
}

/// A name of one common-name part, of string type `tag` (0x0c UTF8String, 0x13 PrintableString).
inline base::Bytes common_name(std::string_view text, std::uint8_t tag = 0x0c) {
    const base::Bytes type = from_hex_text("0603550403");
    return sequence({element(0x31, sequence({type, element(tag, bytes_of(text))}))});
}

inline base::Bytes utc_time(std::string_view text) { return element(0x17, bytes_of(text)); }
inline base::Bytes generalized_time(std::string_view text) { return element(0x18, bytes_of(text)); }

/// Extensions block with one extension: `oid` and `value` in hex.
inline base::Bytes extensions(std::string_view oid, bool critical, std::string_view value) {
    const base::Bytes flag = critical ? from_hex_text("0101ff") : base::Bytes{};
    const base::Bytes one =
        sequence({from_hex_text(oid), flag, element(0x04, from_hex_text(value))});
    return element(0xa3, sequence({one}));
}

/// The parts of a certificate. The default is a good one, valid from 2026-01-01 to 2027-01-01.
struct CertificateParts {
    base::Bytes version = from_hex_text("a003020102");
    base::Bytes serial = from_hex_text("020142");
    base::Bytes inner_algorithm = from_hex_text("300506032b6570");
    base::Bytes issuer;
    base::Bytes not_before = utc_time("260101000000Z");
    base::Bytes not_after = utc_time("270101000000Z");
    base::Bytes subject;
    base::Bytes key_algorithm = from_hex_text("300506032b6570");
    base::Bytes key;
    base::Bytes extensions;
    base::Bytes outer_algorithm = from_hex_text("300506032b6570");

    explicit CertificateParts(const Identity& identity)
        : issuer(common_name(identity.node_id().to_string())),
          subject(common_name(identity.node_id().to_string())),
          key(identity.public_key().bytes.begin(), identity.public_key().bytes.end()) {}

    [[nodiscard]] base::Bytes to_be_signed() const {
        return sequence({version, serial, inner_algorithm, issuer,
                         sequence({not_before, not_after}), subject,
                         sequence({key_algorithm, bit_string(key)}), extensions});
    }
    [[nodiscard]] base::Bytes signed_by(const Identity& signer) const {
        const base::Bytes tbs = to_be_signed();
        const Signature signature = signer.sign(tbs);
        return sequence(
            {tbs, outer_algorithm, bit_string(base::Bytes(signature.begin(), signature.end()))});
    }
};

}  // namespace qe::crypto::test
