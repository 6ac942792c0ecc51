// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/lan_message.h"

#include <algorithm>

namespace qe::node {
namespace {

constexpr std::string_view kMagic = "QELAN";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMacBytes = sizeof(crypto::Mac);

}  // namespace

base::Bytes encode_lan_message(const LanMessage& message, const crypto::MacKey& key) {
    base::Bytes bytes(kLanMessageBytes);
    base::ByteWriter out(bytes);
    out.bytes(base::as_bytes(kMagic));
    out.u8(kVersion);
    out.bytes(message.id.bytes);
    out.u16(message.port);
    out.u64(message.nonce);
    out.bytes(crypto::mac_of(key, {base::ByteView(bytes).first(kLanMessageBytes - kMacBytes)}));
    return bytes;
}

base::Result<LanMessage> parse_lan_message(base::ByteView bytes, const crypto::MacKey& key) {
    using base::ErrorCode;
    base::ByteReader in(bytes);
    if (bytes.size() != kLanMessageBytes || base::as_text(in.take(kMagic.size())) != kMagic) {
        return base::fail(ErrorCode::kMalformed, "not a message of LAN discovery");
    }
    if (in.u8() != kVersion) {
        return base::fail(ErrorCode::kUnsupported, "LAN discovery of another version");
    }
    LanMessage message;
    const base::ByteView id = in.take(message.id.bytes.size());
    std::copy(id.begin(), id.end(), message.id.bytes.begin());
    message.port = in.u16();
    message.nonce = in.u64();
    const crypto::Mac mac = crypto::mac_of(key, {bytes.first(kLanMessageBytes - kMacBytes)});
    if (!crypto::equal_secrets(mac, in.rest())) {
        return base::fail(ErrorCode::kNotTrusted, "LAN discovery of another swarm");
    }
    if (message.port == 0) {
        return base::fail(ErrorCode::kMalformed, "LAN discovery with port 0");
    }
    return message;
}

}  // namespace qe::node
