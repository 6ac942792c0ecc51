// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/network_document.h"

#include "network/envelope.h"
#include "network/fields.h"
#include "quicether/network/member_name.h"

namespace qe::network {
namespace {

using base::ErrorCode;

constexpr SignatureScope kScope{"quicether document 1", {}};
constexpr unsigned kIpv4LengthMin = 8;
constexpr unsigned kIpv4LengthMax = 30;

enum Key : std::uint64_t {
    kVersionKey = 1,
    kNameKey = 2,
    kAuthorityKey = 3,
    kIpv4Key = 4,
    kCreatedKey = 5,
    kMeshKey = 6,
    kLifeKey = 7,
};
constexpr std::uint64_t kRequired = 0b1111'1110;

bool is_sound(const NetworkDocument& document) {
    return document.version > 0 && is_name(document.name) && document.ipv4.address().is_v4() &&
           document.ipv4 == document.ipv4.network() && document.ipv4.length() >= kIpv4LengthMin &&
           document.ipv4.length() <= kIpv4LengthMax && document.created.seconds >= 0 &&
           document.certificate_life >= kCertificateLifeMin &&
           document.certificate_life <= kCertificateLifeMax;
}

base::Bytes encode(const NetworkDocument& document) {
    base::Bytes bytes;
    FieldWriter out(bytes);
    out.map(7);
    out.key(kVersionKey), out.number(document.version);
    out.key(kNameKey), out.text(document.name);
    out.key(kAuthorityKey), out.bytes(document.authority.bytes);
    out.key(kIpv4Key), out.prefix(document.ipv4);
    out.key(kCreatedKey), out.time(document.created);
    out.key(kMeshKey), out.number(static_cast<std::uint64_t>(document.mesh));
    out.key(kLifeKey), out.number(static_cast<std::uint64_t>(document.certificate_life.count()));
    return bytes;
}

bool read_field(FieldReader& in, std::uint64_t key, NetworkDocument& document) {
    switch (key) {
        case kVersionKey:
            document.version = in.number<std::uint64_t>();
            return true;
        case kNameKey:
            document.name = in.text(kNameBytesMax);
            return true;
        case kAuthorityKey:
            document.authority = in.key();
            return true;
        case kIpv4Key:
            document.ipv4 = in.prefix();
            return true;
        case kCreatedKey:
            document.created = in.time();
            return true;
        case kMeshKey:
            document.mesh = in.enumerator(MeshMode::Full);
            return true;
        case kLifeKey:
            document.certificate_life = base::seconds(in.number<std::uint32_t>());
            return true;
        default:
            return false;
    }
}

}  // namespace

base::Result<Signed<NetworkDocument>> sign_document(const crypto::Identity& authority,
                                                    const NetworkDocument& document) {
    if (!is_sound(document) || document.authority != authority.public_key()) {
        return base::fail(ErrorCode::kInvalidArgument, "the network's document is not sound");
    }
    base::Bytes encoded = sign_envelope(authority, kScope, encode(document));
    const Version version = version_of(document.version, encoded);
    return Signed<NetworkDocument>{document, std::move(encoded), version};
}

base::Result<Signed<NetworkDocument>> parse_document(base::ByteView bytes,
                                                     const NetworkId& network) {
    if (bytes.size() > kDocumentBytesMax) {
        return base::fail(ErrorCode::kTooLarge, "the network's document is over 1024 bytes");
    }
    QE_TRY(const Envelope envelope, parse_envelope(bytes));
    NetworkDocument document;
    FieldReader in(envelope.payload);
    in.map(kRequired, [&](std::uint64_t key) { return read_field(in, key, document); });
    if (!in.finished() || !is_sound(document)) {
        return base::fail(ErrorCode::kMalformed, "the network's document is malformed");
    }
    if (document.id() != network) {
        return base::fail(ErrorCode::kWrongIdentity, "the document is another network's");
    }
    QE_TRY_STATUS(verify_envelope(envelope, kScope, document.authority));
    const Version version = version_of(document.version, bytes);
    return Signed<NetworkDocument>{std::move(document), {bytes.begin(), bytes.end()}, version};
}

}  // namespace qe::network
