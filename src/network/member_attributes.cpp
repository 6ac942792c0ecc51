// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/member_attributes.h"

#include <algorithm>

#include "network/fields.h"
#include "quicether/crypto/certificate.h"

namespace qe::network {
namespace {

using base::ErrorCode;

enum Key : std::uint64_t {
    kNameKey = 1,
    kRoleKey = 2,
    kAdminKey = 3,
    kTagsKey = 4,
    kSubnetsKey = 5,
};
constexpr std::uint64_t kRequired = 0b11'1110;

bool is_sound(const MemberAttributes& attributes) {
    const auto is_network = [](const net::Prefix& p) { return p == p.network(); };
    return is_name(attributes.name) && attributes.tags.size() <= kTagsMax &&
           attributes.subnets.size() <= kEntitledSubnetsMax &&
           std::all_of(attributes.tags.begin(), attributes.tags.end(), is_name) &&
           std::all_of(attributes.subnets.begin(), attributes.subnets.end(), is_network);
}

bool read_field(FieldReader& in, std::uint64_t key, MemberAttributes& attributes) {
    switch (key) {
        case kNameKey:
            attributes.name = in.text(kNameBytesMax);
            return true;
        case kRoleKey:
            attributes.role = in.enumerator(MemberRole::Bootstrap);
            return true;
        case kAdminKey:
            attributes.admin = in.boolean();
            return true;
        case kTagsKey:
            attributes.tags =
                in.items<std::string>(kTagsMax, [&in] { return in.text(kNameBytesMax); });
            return true;
        case kSubnetsKey:
            attributes.subnets = in.list(kEntitledSubnetsMax, &FieldReader::prefix);
            return true;
        default:
            return false;
    }
}

}  // namespace

std::string_view to_text(MemberRole role) noexcept {
    switch (role) {
        case MemberRole::Full:
            return "full";
        case MemberRole::Light:
            return "light";
        case MemberRole::Gateway:
            return "gateway";
        case MemberRole::Bootstrap:
            return "bootstrap";
    }
    return "unknown";
}

bool MemberAttributes::is_entitled_to(const net::Prefix& prefix) const noexcept {
    return std::any_of(subnets.begin(), subnets.end(),
                       [&prefix](const net::Prefix& p) { return p.contains(prefix); });
}

base::Result<base::Bytes> encode_attributes(const MemberAttributes& attributes) {
    if (!is_sound(attributes)) {
        return base::fail(ErrorCode::kInvalidArgument, "the member's attributes are not sound");
    }
    base::Bytes bytes;
    FieldWriter out(bytes);
    out.map(5);
    out.key(kNameKey), out.text(attributes.name);
    out.key(kRoleKey), out.number(static_cast<std::uint64_t>(attributes.role));
    out.key(kAdminKey), out.boolean(attributes.admin);
    out.key(kTagsKey), out.list(attributes.tags, [&](const std::string& t) { out.text(t); });
    out.key(kSubnetsKey),
        out.list(attributes.subnets, [&](const net::Prefix& p) { out.prefix(p); });
    if (bytes.size() > crypto::kCertificateAttributesBytesMax) {
        return base::fail(ErrorCode::kTooLarge,
                          "the member's tags and subnets do not fit into a certificate");
    }
    return bytes;
}

base::Result<MemberAttributes> parse_attributes(base::ByteView bytes) {
    MemberAttributes attributes;
    FieldReader in(bytes);
    in.map(kRequired, [&](std::uint64_t key) { return read_field(in, key, attributes); });
    if (!in.finished() || !is_sound(attributes)) {
        return base::fail(ErrorCode::kMalformed, "the member's attributes are malformed");
    }
    return attributes;
}

}  // namespace qe::network
