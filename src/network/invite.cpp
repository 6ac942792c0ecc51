// SPDX-License-Identifier: Apache-2.0
//
// The invite's text. Layout of the bytes: docs/protocol/membership.md.
#include "quicether/network/invite.h"

#include <algorithm>

#include "network/base32.h"
#include "quicether/base/assert.h"
#include "quicether/crypto/derive_key.h"
#include "quicether/crypto/digest.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view kPrefix = "qe1-";
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kFixedBytes =
    1 + NetworkId::kSize + crypto::NodeId::kSize + InviteSecret::kSize + SwarmSeed::kSize + 4;
constexpr std::size_t kTextMax = 512;
constexpr unsigned kCountMask = 0x03;
constexpr unsigned kFirstFamilyBit = 2;  ///< Set: the first endpoint is IPv6; then the others'.

constexpr std::string_view kTypo = "the invite has a typing error: copy it again, whole";

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::uint32_t checksum(base::ByteView body) {
    base::Bytes covered(base::as_bytes(kPrefix).begin(), base::as_bytes(kPrefix).end());
    covered.insert(covered.end(), body.begin(), body.end());
    const std::uint32_t sum = base::ByteReader(crypto::sha256(covered)).u32();
    base::wipe(covered);
    return sum;
}

bool is_v6(std::uint8_t header, unsigned endpoint) noexcept {
    return (header >> (kFirstFamilyBit + endpoint) & 1U) != 0;
}

std::size_t body_size(std::uint8_t header) noexcept {
    std::size_t size = kFixedBytes;
    for (unsigned i = 0; i < (header & kCountMask); ++i) {
        size += is_v6(header, i) ? 18U : 6U;
    }
    return size;
}

std::uint8_t header_of(const Invite& invite) noexcept {
    unsigned header = static_cast<unsigned>(invite.endpoints.size());
    for (unsigned i = 0; i < invite.endpoints.size(); ++i) {
        header |= invite.endpoints[i].ip.is_v6() ? 1U << (kFirstFamilyBit + i) : 0U;
    }
    return static_cast<std::uint8_t>(header);
}

bool is_writable(const Invite& invite) {
    return invite.endpoints.size() <= kInviteEndpointsMax && invite.expires.seconds >= 0 &&
           invite.expires <= kInviteExpiryMax &&
           std::all_of(invite.endpoints.begin(), invite.endpoints.end(), is_invite_endpoint);
}

/// What follows "qe1-", or what is wrong with the text as a whole.
base::Result<std::string_view> digits_of(std::string_view text) {
    text = trimmed(text);
    const auto same = [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); };
    if (text.size() < 2 || !std::equal(kPrefix.begin(), kPrefix.begin() + 2, text.begin(), same) ||
        text.substr(0, 8).find('-') == std::string_view::npos) {
        return fail(ErrorCode::kMalformed, "this is no invite: an invite begins with qe1-");
    }
    if (text.size() < kPrefix.size() ||
        !std::equal(kPrefix.begin(), kPrefix.end(), text.begin(), same)) {
        return fail(ErrorCode::kUnsupported,
                    "the invite is for another version of QuicEther: ask for one made with yours");
    }
    if (text.size() > kTextMax) {
        return fail(ErrorCode::kTooLarge, "the invite is too long: paste one invite only");
    }
    text.remove_prefix(kPrefix.size());
    if (!std::all_of(text.begin(), text.end(), is_base32_digit)) {
        return fail(ErrorCode::kMalformed,
                    "the invite has a character in it that invites do not have: copy it again");
    }
    return text;
}

/// The bytes without checksum. The checksum decides first, so that a wrong length is explained only
/// when it is the mistake.
base::Result<base::Bytes> body_of(std::string_view digits) {
    std::optional<base::Bytes> bytes = from_base32(digits);
    const std::size_t size = digits.size() * 5 / 8;
    const std::optional<base::Bytes> first = from_base32(digits.substr(0, 8));
    if (!first || first->empty() || size < kFixedBytes + kChecksumBytes) {
        return fail(ErrorCode::kTruncated, "the invite is cut off: copy it to its end");
    }
    const std::size_t whole =
        body_size(std::to_integer<std::uint8_t>(first->front())) + kChecksumBytes;
    if (bytes && bytes->size() == whole) {
        const base::ByteView all(*bytes);
        const base::ByteView body = all.first(whole - kChecksumBytes);
        if (base::ByteReader(all.last(kChecksumBytes)).u32() != checksum(body)) {
            return fail(ErrorCode::kMalformed, kTypo);
        }
        bytes->resize(body.size());
        return *std::move(bytes);
    }
    if (size < whole) {
        return fail(ErrorCode::kTruncated, "the invite is cut off: copy it to its end");
    }
    if (size > whole) {
        return fail(ErrorCode::kTooLarge, "there is more than an invite: copy it without the rest");
    }
    return fail(ErrorCode::kMalformed, kTypo);
}

net::SocketAddress read_endpoint(base::ByteReader& in, bool v6) {
    const base::ByteView ip = in.take(v6 ? 16 : 4);
    return {net::IpAddress::from_bytes(ip), in.u16(), 0};
}

template <std::size_t kSize>
std::array<std::byte, kSize> read_array(base::ByteReader& in) {
    std::array<std::byte, kSize> out{};
    const base::ByteView view = in.take(kSize);
    std::copy(view.begin(), view.end(), out.begin());
    return out;
}

}  // namespace

bool is_invite_endpoint(const net::SocketAddress& endpoint) noexcept {
    return endpoint.port != 0 && endpoint.scope == 0 && !endpoint.ip.is_v4_mapped();
}

InviteId invite_id_of(const InviteSecret& secret) {
    InviteId id;
    crypto::derive_key(secret.bytes(), "invite id", {}, id.bytes);
    return id;
}

crypto::MacKey invite_proof_key(const InviteSecret& secret) {
    crypto::MacKey key;
    crypto::derive_key(secret.bytes(), "invite proof", {}, key.bytes);
    return key;
}

crypto::Mac invite_proof(const crypto::MacKey& proof_key, const crypto::PublicKey& admin,
                         const crypto::PublicKey& joiner) {
    return crypto::mac_of(proof_key, {base::as_bytes("quicether join"), admin.bytes, joiner.bytes});
}

std::string encode_invite(const Invite& invite) {
    QE_ASSERT(is_writable(invite));
    const std::uint8_t header = header_of(invite);
    base::Bytes bytes(body_size(header) + kChecksumBytes);
    base::ByteWriter out(bytes);
    out.u8(header);
    out.bytes(invite.network.bytes);
    out.bytes(invite.admin.bytes);
    out.bytes(invite.secret.bytes());
    out.bytes(invite.swarm.bytes());
    out.u32(static_cast<std::uint32_t>(invite.expires.seconds));
    for (const net::SocketAddress& endpoint : invite.endpoints) {
        out.bytes(endpoint.ip.bytes());
        out.u16(endpoint.port);
    }
    out.u32(checksum(out.written()));
    std::string text = std::string(kPrefix) + to_base32(bytes);
    base::wipe(bytes);
    return text;
}

base::Result<Invite> parse_invite(std::string_view text, base::UnixTime now) {
    QE_TRY(const std::string_view digits, digits_of(text));
    QE_TRY(base::Bytes body, body_of(digits));
    base::ByteReader in(body);
    const std::uint8_t header = in.u8();
    Invite invite;
    invite.network.bytes = read_array<NetworkId::kSize>(in);
    invite.admin.bytes = read_array<crypto::NodeId::kSize>(in);
    invite.secret = InviteSecret(read_array<InviteSecret::kSize>(in));
    invite.swarm = SwarmSeed(read_array<SwarmSeed::kSize>(in));
    invite.expires = {in.u32()};
    for (unsigned i = 0; i < (header & kCountMask); ++i) {
        invite.endpoints.push_back(read_endpoint(in, is_v6(header, i)));
    }
    base::wipe(body);
    const bool known_bits = header == header_of(invite);
    if (!known_bits || !is_writable(invite)) {
        return fail(ErrorCode::kMalformed, "the invite was not made by QuicEther");
    }
    if (invite.expires < now) {
        return fail(ErrorCode::kClosed, "the invite has expired: ask for a new one");
    }
    return invite;
}

}  // namespace qe::network
