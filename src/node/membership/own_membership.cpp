// SPDX-License-Identifier: Apache-2.0
#include "node/membership/own_membership.h"

#include <algorithm>
#include <array>
#include <utility>

#include "quicether/base/cbor.h"

namespace qe::node {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kFields = 8;

template <std::size_t kSize>
bool copy_exactly(base::ByteView from, std::array<std::byte, kSize>& to) {
    if (from.size() != kSize) {
        return false;
    }
    std::copy(from.begin(), from.end(), to.begin());
    return true;
}

std::map<crypto::NodeId, std::string> read_names(base::CborReader& reader) {
    std::map<crypto::NodeId, std::string> names;
    const std::uint64_t fields = reader.array();
    for (std::uint64_t i = 0; i < fields / 2 && reader.ok(); ++i) {
        crypto::NodeId id;
        if (!copy_exactly(reader.byte_string(), id.bytes)) {
            break;
        }
        names[id] = reader.text();
    }
    return names;
}

base::Bytes owned(base::ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

base::Bytes encode_membership(const OwnMembership& membership) {
    base::Bytes out;
    base::CborWriter writer(out);
    writer.array(kFields);
    writer.unsigned_integer(kVersion);
    writer.byte_string(membership.directory.id().bytes);
    writer.byte_string(membership.secret.bytes());
    writer.byte_string(membership.certificate);
    writer.byte_string(membership.directory.encode());
    writer.byte_string(membership.authority ? membership.authority->seed() : base::ByteView());
    base::Bytes invites = membership.invites.encode();
    writer.byte_string(invites);
    base::wipe(invites);
    writer.array(2 * membership.former_names.size());
    for (const auto& [id, name] : membership.former_names) {
        writer.byte_string(id.bytes);
        writer.text(name);
    }
    return out;
}

base::Result<OwnMembership> parse_membership(base::ByteView bytes, base::UnixTime now) {
    base::CborReader reader(bytes);
    const std::uint64_t fields = reader.array();
    if (reader.unsigned_integer() != kVersion && reader.ok()) {
        return fail(ErrorCode::kUnsupported, "it was written by another version");
    }
    network::NetworkId id;
    network::NetworkSecret::Array secret{};
    const bool fits =
        copy_exactly(reader.byte_string(), id.bytes) && copy_exactly(reader.byte_string(), secret);
    const base::ByteView certificate = reader.byte_string();
    const base::ByteView directory = reader.byte_string();
    const base::ByteView seed = reader.byte_string();
    const base::ByteView invites = reader.byte_string();
    auto names = read_names(reader);
    if (fields != kFields || !fits || !reader.finished()) {
        return fail(ErrorCode::kMalformed, "it is damaged");
    }
    QE_TRY(network::Directory members, network::Directory::decode(directory, id, now));
    OwnMembership membership{
        std::move(members), network::NetworkSecret(secret), owned(certificate), std::nullopt, {}};
    base::wipe(secret);
    QE_TRY(membership.invites, network::InviteBook::decode(invites));
    membership.former_names = std::move(names);
    std::array<std::byte, crypto::Identity::kSeedSize> authority{};
    if (copy_exactly(seed, authority)) {
        membership.authority.emplace(crypto::Identity::from_seed(authority));
        base::wipe(authority);
    }
    return membership;
}

}  // namespace qe::node
