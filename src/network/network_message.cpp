// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/network_message.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "network/fields.h"
#include "quicether/base/assert.h"

namespace qe::network {
namespace {

using base::ErrorCode;

constexpr std::uint64_t kFirstType = 16;
constexpr std::size_t kTypes = std::variant_size_v<NetworkMessage>;

constexpr std::uint64_t kA = 1;  // Each message numbers its fields from 1.
constexpr std::uint64_t kB = 2;
constexpr std::uint64_t kC = 3;
constexpr std::uint64_t kD = 4;
constexpr std::uint64_t kE = 5;

/// The set of keys 1 … `count`.
constexpr std::uint64_t first_keys(unsigned count) noexcept {
    return ((std::uint64_t{1} << count) - 1) << 1;
}

// --- Encoding ----------------------------------------------------------------------------------

void write_items(FieldWriter& out, const std::vector<Item>& items) {
    QE_ASSERT(items.size() <= kNewsItemsMax);
    out.list(items, [&out](const Item& item) {
        out.array(2);
        out.number(static_cast<std::uint64_t>(item.kind));
        out.bytes(item.bytes);
    });
}

void write_version(FieldWriter& out, const Version& version) {
    out.number(version.order);
    out.number(version.tag);
}

void write_body(FieldWriter& out, const JoinRequest& m) {
    out.map(3);
    out.key(kA), out.bytes(m.invite.bytes);
    out.key(kB), out.bytes(m.proof);
    out.key(kC), out.text(m.wished_name.substr(0, kNameBytesMax));
}
void write_body(FieldWriter& out, const JoinReply& m) {
    out.map(5);
    out.key(kA), out.bytes(m.certificate);
    out.key(kB), out.bytes(m.document);
    out.key(kC), out.bytes(m.secret.bytes());
    out.key(kD), write_items(out, m.items);
    out.key(kE), out.number(m.members);
}
void write_body(FieldWriter& out, const JoinRefusal& m) {
    out.map(2);
    out.key(kA), out.number(static_cast<std::uint64_t>(m.kind));
    out.key(kB), out.text(m.sentence.substr(0, kSentenceBytesMax));
}
void write_body(FieldWriter& out, const RenewRequest& /*m*/) { out.map(0); }
void write_body(FieldWriter& out, const RenewReply& m) {
    out.map(1);
    out.key(kA), out.bytes(m.certificate);
}
void write_body(FieldWriter& out, const AdminGrant& m) {
    out.map(2);
    out.key(kA), out.bytes(m.certificate);
    out.key(kB), out.bytes(m.authority_seed.bytes());
}
void write_body(FieldWriter& out, const Digest& m) {
    out.map(2);
    out.key(kA), out.array(2), write_version(out, m.document);
    out.key(kB), out.list(m.sums, [&out](std::uint64_t sum) { out.number(sum); });
}
void write_body(FieldWriter& out, const Summary& m) {
    QE_ASSERT(m.rows.size() <= kSummaryRowsMax);
    out.map(3);
    out.key(kA), out.bytes(m.from.bytes);
    out.key(kB), out.bytes(m.to.bytes);
    out.key(kC), out.list(m.rows, [&out](const Row& row) {
        out.array(7);
        out.bytes(row.id.bytes);
        write_version(out, row.certificate);
        write_version(out, row.record);
        write_version(out, row.revocation);
    });
}
void write_body(FieldWriter& out, const Wanted& m) {
    QE_ASSERT(m.items.size() <= kWantedMax);
    out.map(1);
    out.key(kA), out.list(m.items, [&out](const WantedItem& item) {
        out.array(2);
        out.number(static_cast<std::uint64_t>(item.kind));
        out.bytes(item.id.bytes);
    });
}
void write_body(FieldWriter& out, const News& m) {
    out.map(1);
    out.key(kA), write_items(out, m.items);
}

// --- Parsing -----------------------------------------------------------------------------------

ItemKind read_kind(FieldReader& in) {
    const auto kind = in.enumerator(ItemKind::Revocation);
    in.require(kind >= ItemKind::Document);
    return kind;
}

std::vector<Item> read_items(FieldReader& in) {
    return in.items<Item>(kNewsItemsMax, [&in] {
        in.array(2);
        const ItemKind kind = read_kind(in);
        return Item{kind, in.bytes(crypto::kCertificateBytesMax)};
    });
}

Version read_version(FieldReader& in) {
    const auto order = in.number<std::uint64_t>();
    return {order, in.number<std::uint32_t>()};
}

Row read_row(FieldReader& in) {
    in.array(7);
    Row row;
    row.id = in.node_id();
    row.certificate = read_version(in);
    row.record = read_version(in);
    row.revocation = read_version(in);
    return row;
}

std::string cleaned(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '_');
    return text;
}

/// Reads the map of a message whose field `key` is read by `field(key)`; all fields must be there.
template <typename Message, typename Field>
NetworkMessage read_fields(FieldReader& in, unsigned fields, Message message, Field field) {
    in.map(first_keys(fields), [&](std::uint64_t key) {
        if (key == 0 || key > fields) {
            return false;
        }
        field(message, key);
        return true;
    });
    return message;
}

NetworkMessage read(FieldReader& in, std::type_identity<JoinRequest> /*type*/) {
    return read_fields(in, 3, JoinRequest{}, [&in](JoinRequest& m, std::uint64_t key) {
        switch (key) {
            case kA:
                m.invite.bytes = in.fixed<InviteId::kSize>();
                return;
            case kB:
                m.proof = in.fixed<std::tuple_size_v<crypto::Mac>>();
                return;
            default:
                m.wished_name = cleaned(in.text(kNameBytesMax));
        }
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<JoinReply> /*type*/) {
    return read_fields(in, 5, JoinReply{}, [&in](JoinReply& m, std::uint64_t key) {
        switch (key) {
            case kA:
                m.certificate = in.bytes(crypto::kCertificateBytesMax);
                return;
            case kB:
                m.document = in.bytes(kDocumentBytesMax);
                return;
            case kC:
                m.secret = NetworkSecret(in.fixed<NetworkSecret::kSize>());
                return;
            case kD:
                m.items = read_items(in);
                return;
            default:
                m.members = std::min<std::uint64_t>(in.number(UINT32_MAX), kMembersMax);
        }
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<JoinRefusal> /*type*/) {
    return read_fields(in, 2, JoinRefusal{}, [&in](JoinRefusal& m, std::uint64_t key) {
        if (key == kA) {
            m.kind = in.enumerator(JoinRefusalKind::Failed);
        } else {
            m.sentence = cleaned(in.text(kSentenceBytesMax));
        }
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<RenewRequest> /*type*/) {
    return read_fields(in, 0, RenewRequest{}, [](RenewRequest&, std::uint64_t) {});
}
NetworkMessage read(FieldReader& in, std::type_identity<RenewReply> /*type*/) {
    return read_fields(in, 1, RenewReply{}, [&in](RenewReply& m, std::uint64_t) {
        m.certificate = in.bytes(crypto::kCertificateBytesMax);
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<AdminGrant> /*type*/) {
    return read_fields(in, 2, AdminGrant{}, [&in](AdminGrant& m, std::uint64_t key) {
        if (key == kA) {
            m.certificate = in.bytes(crypto::kCertificateBytesMax);
        } else {
            using Seed = decltype(m.authority_seed);
            m.authority_seed = Seed(in.fixed<Seed::kSize>());
        }
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<Digest> /*type*/) {
    return read_fields(in, 2, Digest{}, [&in](Digest& m, std::uint64_t key) {
        if (key == kA) {
            in.array(2);
            m.document = read_version(in);
            return;
        }
        in.array(m.sums.size());
        for (std::uint64_t& sum : m.sums) {
            sum = in.number<std::uint64_t>();
        }
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<Summary> /*type*/) {
    return read_fields(in, 3, Summary{}, [&in](Summary& m, std::uint64_t key) {
        switch (key) {
            case kA:
                m.from = in.node_id();
                return;
            case kB:
                m.to = in.node_id();
                return;
            default:
                m.rows = in.items<Row>(kSummaryRowsMax, [&in] { return read_row(in); });
        }
        const auto out_of_order = [](const Row& a, const Row& b) { return a.id >= b.id; };
        in.require(std::adjacent_find(m.rows.begin(), m.rows.end(), out_of_order) == m.rows.end());
        in.require(m.rows.empty() || (m.from <= m.rows.front().id && m.rows.back().id <= m.to));
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<Wanted> /*type*/) {
    return read_fields(in, 1, Wanted{}, [&in](Wanted& m, std::uint64_t) {
        m.items = in.items<WantedItem>(kWantedMax, [&in] {
            in.array(2);
            const ItemKind kind = read_kind(in);
            return WantedItem{kind, in.node_id()};
        });
    });
}
NetworkMessage read(FieldReader& in, std::type_identity<News> /*type*/) {
    return read_fields(in, 1, News{}, [&in](News& m, std::uint64_t) { m.items = read_items(in); });
}

template <std::size_t... kIndex>
NetworkMessage read_alternative(FieldReader& in, std::size_t index,
                                std::index_sequence<kIndex...> /*all*/) {
    NetworkMessage message;
    (void)((index == kIndex &&
            (message =
                 read(in, std::type_identity<std::variant_alternative_t<kIndex, NetworkMessage>>{}),
             true)) ||
           ...);
    return message;
}

}  // namespace

JoinRefusal make_refusal(JoinRefusalKind kind) {
    switch (kind) {
        case JoinRefusalKind::NotAdmin:
            return {kind, "this node is no admin of the network"};
        case JoinRefusalKind::UnknownInvite:
            return {kind, "the invite is not known here: it was withdrawn, or is long expired"};
        case JoinRefusalKind::ExpiredInvite:
            return {kind, "the invite has expired: ask for a new one"};
        case JoinRefusalKind::SpentInvite:
            return {kind, "the invite has been used: ask for a new one"};
        case JoinRefusalKind::BadProof:
            return {kind, "the invite's secret is wrong"};
        case JoinRefusalKind::Revoked:
            return {kind, "this node was revoked: it can join again with a new key only"};
        case JoinRefusalKind::NotMember:
            return {kind, "this node is no member of the network: join with an invite"};
        case JoinRefusalKind::Full:
            return {kind, "the network has as many members as it can have"};
        case JoinRefusalKind::Failed:
            break;
    }
    return {JoinRefusalKind::Failed, "the admin could not make a certificate"};
}

bool is_network_message_type(std::uint64_t type) noexcept {
    return type >= kFirstType && type < kFirstType + kTypes;
}

base::Bytes encode_network_message(const NetworkMessage& message) {
    base::Bytes bytes;
    bytes.reserve(kNetworkMessageBytesMax);  // so that no copy of a secret is left behind
    FieldWriter out(bytes);
    out.array(2);
    out.number(kFirstType + message.index());
    std::visit([&out](const auto& m) { write_body(out, m); }, message);
    QE_ASSERT(bytes.size() <= kNetworkMessageBytesMax);
    return bytes;
}

base::Result<NetworkMessage> parse_network_message(base::ByteView bytes) {
    if (bytes.size() > kNetworkMessageBytesMax) {
        return base::fail(ErrorCode::kTooLarge, "the network message is over 16 KiB");
    }
    FieldReader in(bytes);
    in.array(2);
    const auto type = in.number<std::uint64_t>();
    if (!in.ok()) {
        return base::fail(ErrorCode::kMalformed, "not a network message");
    }
    if (!is_network_message_type(type)) {
        return base::fail(ErrorCode::kUnsupported, "not a network message of this version");
    }
    NetworkMessage message = read_alternative(in, static_cast<std::size_t>(type - kFirstType),
                                              std::make_index_sequence<kTypes>{});
    if (!in.finished()) {
        return base::fail(ErrorCode::kMalformed, "the network message has malformed fields");
    }
    return message;
}

}  // namespace qe::network
