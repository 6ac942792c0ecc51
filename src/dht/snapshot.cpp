// SPDX-License-Identifier: Apache-2.0
#include "dht/snapshot.h"

#include <algorithm>
#include <string_view>

#include "dht/compact.h"
#include "quicether/crypto/digest.h"
#include "quicether/dht/dht.h"

namespace qe::dht {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view kMagic = "QEDHT";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = kMagic.size() + 1 + 2;
constexpr std::size_t kChecksumBytes = std::tuple_size_v<crypto::Sha1Digest>;
constexpr std::size_t kContactBytesMax = 1 + compact_contact_size(net::Family::V6);
constexpr std::size_t kContactsMax =
    (kSnapshotBytesMax - kHeaderBytes - kChecksumBytes) / kContactBytesMax;

std::vector<TableEntry> entries_of(const Tables& tables) {
    std::vector<TableEntry> entries;
    tables.for_each_table([&](net::Family, const NodeTable& table) {
        table.for_each([&](const TableEntry& entry) { entries.push_back(entry); });
    });
    std::ranges::stable_sort(entries, std::ranges::greater(), &TableEntry::last_reply);
    entries.resize(std::min(entries.size(), kContactsMax));
    return entries;
}

std::optional<Contact> parse_contact(base::ByteReader& in) {
    const std::uint8_t number = in.u8();
    if (number != 4 && number != 6) {
        return std::nullopt;
    }
    const net::Family family = number == 4 ? net::Family::V4 : net::Family::V6;
    Contact contact;
    const base::ByteView id = in.take(NodeId::kSize);
    const auto endpoint = parse_compact_endpoint(in.take(compact_endpoint_size(family)));
    if (!in.ok() || !endpoint || !is_reachable(*endpoint)) {
        return std::nullopt;
    }
    std::ranges::copy(id, contact.id.bytes.begin());
    contact.endpoint = *endpoint;
    return contact;
}

}  // namespace

base::Bytes encode_snapshot(const Tables& tables) {
    const std::vector<TableEntry> entries = entries_of(tables);
    base::Bytes bytes(kHeaderBytes + entries.size() * kContactBytesMax + kChecksumBytes);
    base::ByteWriter out(bytes);
    out.bytes(base::as_bytes(kMagic));
    out.u8(kVersion);
    out.u16(static_cast<std::uint16_t>(entries.size()));
    for (const TableEntry& entry : entries) {
        out.u8(entry.contact.endpoint.ip.is_v4() ? 4 : 6);
        encode_compact(out, entry.contact);
    }
    out.bytes(crypto::sha1(out.written()));
    bytes.resize(out.size());
    return bytes;
}

base::Result<std::vector<Contact>> parse_snapshot(base::ByteView bytes) {
    if (bytes.size() < kHeaderBytes + kChecksumBytes || bytes.size() > kSnapshotBytesMax ||
        base::as_text(bytes.first(kMagic.size())) != kMagic) {
        return fail(ErrorCode::kMalformed, "no DHT snapshot");
    }
    const base::ByteView content = bytes.first(bytes.size() - kChecksumBytes);
    if (!std::ranges::equal(crypto::sha1(content), bytes.last(kChecksumBytes))) {
        return fail(ErrorCode::kMalformed, "DHT snapshot with a wrong checksum");
    }
    base::ByteReader in(content.subspan(kMagic.size()));
    if (in.u8() != kVersion) {
        return fail(ErrorCode::kUnsupported, "DHT snapshot of another version");
    }
    const std::size_t count = in.u16();
    std::vector<Contact> contacts;
    for (std::size_t i = 0; i < count; ++i) {
        const auto contact = parse_contact(in);
        if (!contact) {
            return fail(ErrorCode::kMalformed, "DHT snapshot with a bad contact");
        }
        contacts.push_back(*contact);
    }
    if (in.remaining() > 0) {
        return fail(ErrorCode::kMalformed, "DHT snapshot with bytes behind");
    }
    return contacts;
}

}  // namespace qe::dht
