// SPDX-License-Identifier: Apache-2.0
#include "node/links/peer_message.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "quicether/base/cbor.h"

namespace qe::node {
namespace {

using base::ErrorCode;

enum MessageType : std::uint64_t {
    kHello = 1,
    kClaims = 2,
    kEchoRequest = 3,
    kEchoReply = 4,
    kAddresses = 5,
};

enum HelloKey : std::uint64_t {
    kVersionKey = 1,
    kInstanceKey = 2,
    kSupersedeKey = 3,
    kNameKey = 4,
    kRoleKey = 5,
    kSoftwareKey = 6,
    kTunMtuKey = 7,
    kAddressesKey = 8,
    kSubnetsKey = 9,
    kUnderlayKey = 10,
    kObservedKey = 11,
    kDialNumberKey = 12,
    kUplinkKey = 13,
    kUnderlayUplinksKey = 14,
    kReserveKey = 15,
    kSingleKey = 16,
    kSessionKey = 17,
};
constexpr std::uint64_t kNonceKey = 1;

std::string cleaned(std::string_view text) {
    std::string out(text.substr(0, kPeerTextMax));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < 0x21 || c > 0x7e; }, '_');
    return out;
}

// --- Encoding ----------------------------------------------------------------------------------

void write_address(base::CborWriter& out, const net::IpAddress& address) {
    out.byte_string(address.bytes());
}

void write_prefix(base::CborWriter& out, const net::Prefix& prefix) {
    out.array(2);
    write_address(out, prefix.network().address());
    out.unsigned_integer(prefix.length());
}

void write_socket_address(base::CborWriter& out, const net::SocketAddress& address) {
    out.array(2);
    write_address(out, address.ip);
    out.unsigned_integer(address.port);
}

template <typename Items, typename Write>
void write_list(base::CborWriter& out, const Items& items, std::size_t items_max, Write write) {
    const std::size_t count = std::min(items.size(), items_max);
    out.array(count);
    for (std::size_t i = 0; i < count; ++i) {
        write(out, items[i]);
    }
}

void write_claims(base::CborWriter& out, const Claims& claims) {
    out.unsigned_integer(kAddressesKey);
    write_list(out, claims.addresses, kClaimsMax, write_address);
    out.unsigned_integer(kSubnetsKey);
    write_list(out, claims.subnets, kClaimsMax, write_prefix);
}

void write_underlay(base::CborWriter& out, const std::vector<net::SocketAddress>& underlay) {
    out.unsigned_integer(kUnderlayKey);
    write_list(out, underlay, kUnderlayMax, write_socket_address);
}

void write_uplinks(base::CborWriter& out, const std::vector<std::uint32_t>& uplinks) {
    out.unsigned_integer(kUnderlayUplinksKey);
    write_list(out, uplinks, kUnderlayMax, [](base::CborWriter& writer, std::uint32_t uplink) {
        writer.unsigned_integer(uplink);
    });
}

void write_text(base::CborWriter& out, HelloKey key, const std::string& text) {
    out.unsigned_integer(key);
    out.text(cleaned(text));
}

void write_body(base::CborWriter& out, const Hello& hello) {
    out.array(2);
    out.unsigned_integer(kHello);
    out.map(12U + (hello.observed ? 1U : 0U) + (hello.uplink != 0 ? 1U : 0U) +
            (hello.underlay_uplinks.empty() ? 0U : 1U) + (hello.reserve != 0 ? 1U : 0U) +
            (hello.single ? 1U : 0U));
    out.unsigned_integer(kVersionKey);
    out.unsigned_integer(hello.version);
    out.unsigned_integer(kInstanceKey);
    out.unsigned_integer(hello.instance);
    out.unsigned_integer(kSessionKey);
    out.unsigned_integer(hello.session);
    out.unsigned_integer(kSupersedeKey);
    out.boolean(hello.supersede);
    out.unsigned_integer(kDialNumberKey);
    out.unsigned_integer(hello.dial_number);
    write_text(out, kNameKey, hello.name);
    write_text(out, kRoleKey, hello.role);
    write_text(out, kSoftwareKey, hello.software);
    out.unsigned_integer(kTunMtuKey);
    out.unsigned_integer(hello.tun_mtu);
    write_claims(out, hello.claims);
    write_underlay(out, hello.underlay);
    if (hello.observed) {
        out.unsigned_integer(kObservedKey);
        write_socket_address(out, *hello.observed);
    }
    if (hello.uplink != 0) {
        out.unsigned_integer(kUplinkKey);
        out.unsigned_integer(hello.uplink);
    }
    if (!hello.underlay_uplinks.empty()) {
        write_uplinks(out, hello.underlay_uplinks);
    }
    if (hello.reserve != 0) {
        out.unsigned_integer(kReserveKey);
        out.unsigned_integer(hello.reserve);
    }
    if (hello.single) {
        out.unsigned_integer(kSingleKey);
        out.boolean(true);
    }
}

void write_body(base::CborWriter& out, const ClaimsUpdate& update) {
    out.array(2);
    out.unsigned_integer(kClaims);
    out.map(2);
    write_claims(out, update.claims);
}

void write_body(base::CborWriter& out, const AddressUpdate& update) {
    out.array(2);
    out.unsigned_integer(kAddresses);
    out.map(2);
    write_underlay(out, update.underlay);
    write_uplinks(out, update.underlay_uplinks);
}

void write_echo(base::CborWriter& out, MessageType type, std::uint64_t nonce) {
    out.array(2);
    out.unsigned_integer(type);
    out.map(1);
    out.unsigned_integer(kNonceKey);
    out.unsigned_integer(nonce);
}
void write_body(base::CborWriter& out, const EchoRequest& m) {
    write_echo(out, kEchoRequest, m.nonce);
}
void write_body(base::CborWriter& out, const EchoReply& m) { write_echo(out, kEchoReply, m.nonce); }
void write_body(base::CborWriter& out, const UnknownMessage& message) {
    out.array(2);
    out.unsigned_integer(message.type);
    out.map(0);
}

// --- Parsing -----------------------------------------------------------------------------------

/// Reads a message's fields; `valid` turns false on content that CBOR alone does not refuse.
struct FieldReader {
    base::CborReader cbor;
    bool valid = true;

    template <typename T>
    T number() {
        const std::uint64_t value = cbor.unsigned_integer();
        valid = valid && value <= std::numeric_limits<T>::max();
        return static_cast<T>(value);
    }

    net::IpAddress address() {
        const base::ByteView bytes = cbor.byte_string();
        if (bytes.size() != 4 && bytes.size() != 16) {
            valid = false;
            return {};
        }
        return net::IpAddress::from_bytes(bytes);
    }

    net::Prefix prefix() {
        valid = valid && cbor.array() == 2;
        const net::IpAddress ip = address();
        const auto length = number<unsigned>();
        if (!valid || length > ip.bit_count()) {
            valid = false;
            return {};
        }
        return net::Prefix(ip, length).network();
    }

    net::SocketAddress socket_address() {
        valid = valid && cbor.array() == 2;
        const net::IpAddress ip = address();
        return {ip, number<std::uint16_t>(), 0};
    }

    template <typename Item>
    std::vector<Item> list(std::size_t items_max, Item (FieldReader::*read)()) {
        const std::uint64_t count = cbor.array();
        valid = valid && count <= items_max;
        std::vector<Item> items;
        for (std::uint64_t i = 0; valid && cbor.ok() && i < count; ++i) {
            items.push_back((this->*read)());
        }
        return items;
    }
};

/// Reads the value of a claims key; false when the key is another one.
bool read_claims_field(FieldReader& in, std::uint64_t key, Claims& claims) {
    if (key == kAddressesKey) {
        claims.addresses = in.list(kClaimsMax, &FieldReader::address);
        return true;
    }
    if (key == kSubnetsKey) {
        claims.subnets = in.list(kClaimsMax, &FieldReader::prefix);
        return true;
    }
    return false;
}

/// The same for the keys of underlay addresses, in a Hello or an AddressUpdate.
template <typename Message>
bool read_underlay_field(FieldReader& in, std::uint64_t key, Message& message) {
    if (key == kUnderlayKey) {
        message.underlay = in.list(kUnderlayMax, &FieldReader::socket_address);
        return true;
    }
    if (key == kUnderlayUplinksKey) {
        message.underlay_uplinks = in.list(kUnderlayMax, &FieldReader::number<std::uint32_t>);
        return true;
    }
    return false;
}

void read_hello_field(FieldReader& in, std::uint64_t key, Hello& hello) {
    switch (key) {
        case kVersionKey:
            hello.version = in.cbor.unsigned_integer();
            return;
        case kInstanceKey:
            hello.instance = in.cbor.unsigned_integer();
            return;
        case kSessionKey:
            hello.session = in.cbor.unsigned_integer();
            return;
        case kDialNumberKey:
            hello.dial_number = in.cbor.unsigned_integer();
            return;
        case kSupersedeKey:
            hello.supersede = in.cbor.boolean();
            return;
        case kNameKey:
            hello.name = cleaned(in.cbor.text());
            return;
        case kRoleKey:
            hello.role = cleaned(in.cbor.text());
            return;
        case kSoftwareKey:
            hello.software = cleaned(in.cbor.text());
            return;
        case kTunMtuKey:
            hello.tun_mtu = in.number<std::uint16_t>();
            return;
        case kObservedKey:
            hello.observed = in.socket_address();
            return;
        case kUplinkKey:
            hello.uplink = in.number<std::uint32_t>();
            return;
        case kSingleKey:
            hello.single = in.cbor.boolean();
            return;
        case kReserveKey:
            hello.reserve = in.number<std::uint8_t>();
            return;
        default:
            if (!read_claims_field(in, key, hello.claims) && !read_underlay_field(in, key, hello)) {
                in.cbor.skip();
            }
    }
}

template <typename Message, typename ReadField>
Message read_map(FieldReader& in, Message message, ReadField read_field) {
    const std::uint64_t pairs = in.cbor.map();
    for (std::uint64_t i = 0; in.valid && in.cbor.ok() && i < pairs; ++i) {
        read_field(in, in.cbor.unsigned_integer(), message);
    }
    return message;
}

template <typename Echo>
void read_echo_field(FieldReader& in, std::uint64_t key, Echo& echo) {
    if (key == kNonceKey) {
        echo.nonce = in.cbor.unsigned_integer();
    } else {
        in.cbor.skip();
    }
}

PeerMessage read_message(FieldReader& in, std::uint64_t type) {
    switch (type) {
        case kHello: {
            Hello hello;
            hello.version = 0;
            return read_map(in, std::move(hello), read_hello_field);
        }
        case kClaims:
            return read_map(in, ClaimsUpdate{},
                            [](FieldReader& reader, std::uint64_t key, ClaimsUpdate& update) {
                                if (!read_claims_field(reader, key, update.claims)) {
                                    reader.cbor.skip();
                                }
                            });
        case kAddresses:
            return read_map(in, AddressUpdate{},
                            [](FieldReader& reader, std::uint64_t key, AddressUpdate& update) {
                                if (!read_underlay_field(reader, key, update)) {
                                    reader.cbor.skip();
                                }
                            });
        case kEchoRequest:
            return read_map(in, EchoRequest{}, read_echo_field<EchoRequest>);
        case kEchoReply:
            return read_map(in, EchoReply{}, read_echo_field<EchoReply>);
        default:
            in.cbor.skip();
            return UnknownMessage{type};
    }
}

}  // namespace

base::Bytes encode_peer_message(const PeerMessage& message) {
    base::Bytes bytes;
    base::CborWriter out(bytes);
    std::visit([&out](const auto& m) { write_body(out, m); }, message);
    return bytes;
}

base::Result<PeerMessage> parse_peer_message(base::ByteView bytes) {
    if (bytes.size() > kPeerMessageBytesMax) {
        return base::fail(ErrorCode::kTooLarge, "peer message too large");
    }
    FieldReader in{base::CborReader(bytes)};
    in.valid = in.cbor.array() == 2;
    const std::uint64_t type = in.cbor.unsigned_integer();
    if (!in.cbor.ok() || !in.valid) {
        return base::fail(ErrorCode::kMalformed, "not a peer message");
    }
    PeerMessage message = read_message(in, type);
    if (!in.valid || !in.cbor.finished()) {
        return base::fail(ErrorCode::kMalformed, "peer message with malformed fields");
    }
    if (const auto* hello = std::get_if<Hello>(&message);
        hello != nullptr && hello->version != kPeerProtocolVersion) {
        return base::fail(ErrorCode::kProtocolViolation, "peer speaks another protocol version");
    }
    return message;
}

}  // namespace qe::node
