// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/node_record.h"

#include <algorithm>

#include "network/envelope.h"
#include "network/fields.h"
#include "quicether/base/assert.h"
#include "quicether/crypto/certificate.h"

namespace qe::network {
namespace {

using base::ErrorCode;

constexpr std::string_view kLabel = "quicether record 1";
constexpr std::string_view kSealContext = "quicether sealed record 1";

enum Key : std::uint64_t {
    kKeyKey = 1,
    kSequenceKey = 2,
    kIssuedKey = 3,
    kTtlKey = 4,
    kNameKey = 5,
    kRoleKey = 6,
    kUnderlayKey = 7,
    kIpv4Key = 8,
    kSubnetsKey = 9,
    kCapabilitiesKey = 10,
};
constexpr std::uint64_t kRequired = 0b110'1111'1110;

bool is_dialable(const net::SocketAddress& address) {
    return address.port != 0 && address.scope == 0 && !address.ip.is_any() &&
           !address.ip.is_multicast() && !address.ip.is_link_local() && !address.ip.is_v4_mapped();
}

bool is_sound(const NodeRecord& record) {
    return record.sequence > 0 && record.sequence <= kRecordSequenceMax &&
           record.issued.seconds >= 0 && record.ttl >= kRecordTtlMin &&
           record.ttl <= kRecordTtlMax && is_name(record.name) &&
           record.underlay.size() <= kRecordUnderlayMax &&
           std::all_of(record.underlay.begin(), record.underlay.end(), is_dialable) &&
           (!record.ipv4 || (record.ipv4->is_v4() && !record.ipv4->is_any())) &&
           record.subnets.size() <= kRecordSubnetsMax &&
           std::all_of(record.subnets.begin(), record.subnets.end(),
                       [](const net::Prefix& p) { return p == p.network(); });
}

base::Bytes encode(const NodeRecord& record) {
    base::Bytes bytes;
    FieldWriter out(bytes);
    out.map(record.ipv4 ? 10 : 9);
    out.key(kKeyKey), out.bytes(record.key.bytes);
    out.key(kSequenceKey), out.number(record.sequence);
    out.key(kIssuedKey), out.time(record.issued);
    out.key(kTtlKey), out.number(static_cast<std::uint64_t>(record.ttl.count()));
    out.key(kNameKey), out.text(record.name);
    out.key(kRoleKey), out.number(static_cast<std::uint64_t>(record.role));
    out.key(kUnderlayKey);
    out.list(record.underlay, [&](const net::SocketAddress& a) { out.socket_address(a); });
    if (record.ipv4) {
        out.key(kIpv4Key), out.address(*record.ipv4);
    }
    out.key(kSubnetsKey), out.list(record.subnets, [&](const net::Prefix& p) { out.prefix(p); });
    out.key(kCapabilitiesKey), out.number(record.capabilities);
    return bytes;
}

bool read_statement(FieldReader& in, std::uint64_t key, NodeRecord& record) {
    switch (key) {
        case kKeyKey:
            record.key = in.key();
            return true;
        case kSequenceKey:
            record.sequence = in.number<std::uint64_t>(kRecordSequenceMax);
            return true;
        case kIssuedKey:
            record.issued = in.time();
            return true;
        case kTtlKey:
            record.ttl = base::seconds(in.number<std::uint32_t>());
            return true;
        default:
            return false;
    }
}

bool read_field(FieldReader& in, std::uint64_t key, NodeRecord& record) {
    switch (key) {
        case kNameKey:
            record.name = in.text(kNameBytesMax);
            return true;
        case kRoleKey:
            record.role = in.enumerator(MemberRole::Bootstrap);
            return true;
        case kUnderlayKey:
            record.underlay = in.list(kRecordUnderlayMax, &FieldReader::socket_address);
            return true;
        case kIpv4Key:
            record.ipv4 = in.address();
            return true;
        case kSubnetsKey:
            record.subnets = in.list(kRecordSubnetsMax, &FieldReader::prefix);
            return true;
        case kCapabilitiesKey:
            record.capabilities = in.number<std::uint64_t>();
            return true;
        default:
            return read_statement(in, key, record);
    }
}

}  // namespace

bool NodeRecord::is_fresh(base::UnixTime now) const noexcept {
    return now.seconds - issued.seconds <= ttl.count() + crypto::kClockSkewAllowed.count();
}

base::Result<Signed<NodeRecord>> sign_record(const crypto::Identity& node, const NodeRecord& record,
                                             const NetworkId& network) {
    if (!is_sound(record) || record.key != node.public_key()) {
        return base::fail(ErrorCode::kInvalidArgument, "the node's record is not sound");
    }
    base::Bytes encoded = sign_envelope(node, {kLabel, network.bytes}, encode(record));
    QE_ASSERT(encoded.size() <= kRecordBytesMax);
    const Version version = version_of(record.sequence, encoded);
    return Signed<NodeRecord>{record, std::move(encoded), version};
}

base::Result<Signed<NodeRecord>> parse_record(base::ByteView bytes, const NetworkId& network) {
    if (bytes.size() > kRecordBytesMax) {
        return base::fail(ErrorCode::kTooLarge, "the node's record is too long");
    }
    QE_TRY(const Envelope envelope, parse_envelope(bytes));
    NodeRecord record;
    FieldReader in(envelope.payload);
    in.map(kRequired, [&](std::uint64_t key) { return read_field(in, key, record); });
    if (!in.finished() || !is_sound(record)) {
        return base::fail(ErrorCode::kMalformed, "the node's record is malformed");
    }
    QE_TRY_STATUS(verify_envelope(envelope, {kLabel, network.bytes}, record.key));
    const Version version = version_of(record.sequence, bytes);
    return Signed<NodeRecord>{std::move(record), {bytes.begin(), bytes.end()}, version};
}

base::Bytes seal_record(base::ByteView encoded, const crypto::SealKey& key, base::Rng& rng) {
    QE_ASSERT(encoded.size() <= kRecordBytesMax);
    base::Bytes padded(kRecordBytesMax + 2);
    base::ByteWriter out(padded);
    out.u16(static_cast<std::uint16_t>(encoded.size()));
    out.bytes(encoded);
    return crypto::seal(key, padded, base::as_bytes(kSealContext), rng);
}

base::Result<base::Bytes> open_record(base::ByteView sealed, const crypto::SealKey& key) {
    if (sealed.size() != kSealedRecordBytes) {
        return base::fail(ErrorCode::kMalformed, "not a sealed record");
    }
    QE_TRY(const base::Bytes padded, crypto::open(key, sealed, base::as_bytes(kSealContext)));
    base::ByteReader in(padded);
    const base::ByteView encoded = in.take(in.u16());
    const base::ByteView padding = in.rest();
    if (!in.ok() || std::any_of(padding.begin(), padding.end(),
                                [](std::byte b) { return b != std::byte{0}; })) {
        return base::fail(ErrorCode::kMalformed, "the sealed record is malformed");
    }
    return base::Bytes(encoded.begin(), encoded.end());
}

}  // namespace qe::network
