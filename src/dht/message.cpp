// SPDX-License-Identifier: Apache-2.0
//
// Reading KRPC: every field is typed and bounded before use.
#include "dht/message.h"

#include <algorithm>
#include <array>

#include "dht/compact.h"

namespace qe::dht {
namespace {

using base::ByteView;
using base::ErrorCode;
using base::fail;

constexpr std::array<std::string_view, kMethodCount> kMethodNames = {
    "ping", "find_node", "get_peers", "announce_peer", "get", "put"};

std::optional<Method> method_of(ByteView name) noexcept {
    const auto found = std::ranges::find(kMethodNames, base::as_text(name));
    return found == kMethodNames.end()
               ? std::nullopt
               : std::optional(static_cast<Method>(found - kMethodNames.begin()));
}

/// Reads the fields of one dictionary; remembers the first one that is missing or wrong.
class Fields {
  public:
    explicit Fields(const BencodeValue& dictionary) noexcept : dictionary_(dictionary) {}

    [[nodiscard]] std::string_view complaint() const noexcept { return complaint_; }

    template <std::size_t kSize>
    std::array<std::byte, kSize> fixed(std::string_view key, std::string_view complaint) noexcept {
        std::array<std::byte, kSize> bytes{};
        const auto view = string(key);
        if (view && view->size() == kSize) {
            std::ranges::copy(*view, bytes.begin());
        } else {
            complain(complaint);
        }
        return bytes;
    }
    NodeId id(std::string_view key, std::string_view complaint) noexcept {
        return NodeId{fixed<NodeId::kSize>(key, complaint)};
    }

    /// Nothing without complaint when absent.
    std::optional<std::int64_t> optional_integer(std::string_view key,
                                                 std::string_view complaint) noexcept {
        const auto value = dictionary_.find(key);
        if (value && !value->integer()) {
            complain(complaint);
        }
        return value ? value->integer() : std::nullopt;
    }
    /// Empty without complaint when absent.
    ByteView optional_string(std::string_view key, std::size_t size_max,
                             std::string_view complaint) noexcept {
        const auto value = dictionary_.find(key);
        if (!value) {
            return {};
        }
        const auto view = value->string();
        if (!view || view->size() > size_max) {
            complain(complaint);
            return {};
        }
        return *view;
    }
    ByteView token() noexcept {
        const ByteView token = optional_string("token", kTokenBytesMax, "invalid token");
        if (token.empty()) {
            complain("missing token");
        }
        return token;
    }

    [[nodiscard]] std::optional<BencodeValue> find(std::string_view key) const noexcept {
        return dictionary_.find(key);
    }
    void complain(std::string_view complaint) noexcept {
        if (complaint_.empty()) {
            complaint_ = complaint;
        }
    }

  private:
    [[nodiscard]] std::optional<ByteView> string(std::string_view key) const noexcept {
        const auto value = dictionary_.find(key);
        return value ? value->string() : std::nullopt;
    }

    const BencodeValue& dictionary_;
    std::string_view complaint_;
};

/// Unknown and wrongly typed flags are ignored (BEP 32).
Want parse_want(const Fields& arguments) noexcept {
    Want want;
    const auto list = arguments.find("want");
    if (!list || list->kind() != BencodeValue::Kind::List) {
        return want;
    }
    BencodeCursor cursor = list->children();
    while (const auto flag = cursor.next()) {
        const std::string_view text = base::as_text(flag->string().value_or(ByteView()));
        want.v4 = want.v4 || text == "n4";
        want.v6 = want.v6 || text == "n6";
    }
    return want;
}

void read_announce(Fields& arguments, Query& query) noexcept {
    query.target = arguments.id("info_hash", "invalid info_hash");
    query.token = arguments.token();
    query.implied_port = arguments.optional_integer("implied_port", "invalid implied_port") > 0;
    const auto port = arguments.optional_integer("port", "invalid port");
    if (!query.implied_port && (!port || *port < 1 || *port > UINT16_MAX)) {
        arguments.complain("invalid port");
        return;
    }
    query.port = query.implied_port ? std::uint16_t{0} : static_cast<std::uint16_t>(*port);
}

/// Key, number and signature belong together.
std::optional<Ownership> read_owner(Fields& fields) noexcept {
    Ownership owner;
    owner.key.bytes = fields.fixed<crypto::PublicKey::kSize>("k", "invalid k");
    owner.signature = fields.fixed<std::tuple_size_v<crypto::Signature>>("sig", "invalid sig");
    const auto seq = fields.optional_integer("seq", "invalid seq");
    if (!seq || *seq < 0) {
        fields.complain("invalid seq");
        return std::nullopt;
    }
    owner.seq = *seq;
    return owner;
}

/// An item with any of the fields of a mutable one must have all of them: nothing unsigned is ever
/// stored under a key.
bool claims_owner(const Fields& fields) noexcept {
    return fields.find("k") || fields.find("sig") || fields.find("seq");
}

void read_put(Fields& arguments, Query& query) noexcept {
    query.token = arguments.token();
    query.cas = arguments.optional_integer("cas", "invalid cas");
    const auto value = arguments.find("v");
    if (!value) {
        arguments.complain("missing v");
        return;
    }
    query.item.value = value->encoded();
    query.item.salt = arguments.optional_string("salt", SIZE_MAX, "invalid salt");
    if (claims_owner(arguments)) {
        query.item.owner = read_owner(arguments);
    } else if (query.cas || !query.item.salt.empty()) {
        arguments.complain("missing k");
    }
}

void read_arguments(Fields& arguments, Query& query) noexcept {
    query.id = arguments.id("id", "invalid id");
    query.want = parse_want(arguments);
    switch (query.method) {
        case Method::Ping:
            return;
        case Method::FindNode:
            query.target = arguments.id("target", "invalid target");
            return;
        case Method::GetPeers:
            query.target = arguments.id("info_hash", "invalid info_hash");
            query.token = arguments.optional_string("token", kTokenBytesMax, "invalid token");
            return;
        case Method::AnnouncePeer:
            return read_announce(arguments, query);
        case Method::Get:
            query.target = arguments.id("target", "invalid target");
            query.token = arguments.optional_string("token", kTokenBytesMax, "invalid token");
            query.seq = arguments.optional_integer("seq", "invalid seq");
            return;
        case Method::Put:
            return read_put(arguments, query);
    }
}

std::variant<Query, Response, ErrorReply, BadQuery> parse_query(const BencodeValue& top) noexcept {
    const auto name = top.find("q");
    const auto method = name && name->string() ? method_of(*name->string()) : std::nullopt;
    if (!method) {
        return BadQuery{KrpcError::UnknownMethod, "unknown method"};
    }
    const auto arguments = top.find("a");
    if (!arguments || arguments->kind() != BencodeValue::Kind::Dictionary) {
        return BadQuery{KrpcError::Protocol, "missing arguments"};
    }
    Query query;
    query.method = *method;
    Fields fields(*arguments);
    read_arguments(fields, query);
    if (!fields.complaint().empty()) {
        return BadQuery{KrpcError::Protocol, fields.complaint()};
    }
    const auto read_only = top.find("ro");
    query.read_only = read_only && read_only->integer() == 1;
    return query;
}

/// A contact list of the wrong size says nothing.
ByteView read_nodes(Fields& reply, std::string_view key, net::Family family) noexcept {
    const ByteView nodes = reply.optional_string(key, SIZE_MAX, "invalid nodes");
    return nodes.size() % compact_contact_size(family) == 0 ? nodes : ByteView();
}

base::Result<Response> parse_response(const BencodeValue& body) noexcept {
    Fields reply(body);
    Response response;
    response.id = reply.id("id", "invalid id");
    response.nodes = read_nodes(reply, "nodes", net::Family::V4);
    response.nodes6 = read_nodes(reply, "nodes6", net::Family::V6);
    response.token = reply.optional_string("token", kTokenBytesMax, "invalid token");
    response.seq = reply.optional_integer("seq", "invalid seq");
    response.trimmed = reply.find("trim").has_value();
    const auto values = reply.find("values");
    if (values && values->kind() == BencodeValue::Kind::List) {
        response.values = values;
    }
    if (!reply.complaint().empty()) {
        return fail(ErrorCode::kMalformed, reply.complaint());
    }
    if (const auto value = reply.find("v");
        value && value->encoded().size() <= kItemValueBytesMax) {
        // An owner that is not complete makes an item that fits no mutable target.
        Fields owner(body);
        response.item = ItemView{value->encoded(), {}, read_owner(owner)};
        if (!owner.complaint().empty()) {
            response.item->owner.reset();
        }
    }
    return response;
}

base::Result<ErrorReply> parse_error(const BencodeValue& body) noexcept {
    BencodeCursor cursor = body.children();
    const auto code = cursor.next();
    const auto text = cursor.next();
    if (body.kind() != BencodeValue::Kind::List || !code || !code->integer() || !text ||
        !text->string()) {
        return fail(ErrorCode::kMalformed, "krpc: bad error");
    }
    return ErrorReply{*code->integer(), *text->string()};
}

base::Status read_body(const BencodeValue& top, Message& message) noexcept {
    const auto type = top.find("y");
    const std::string_view kind =
        type ? base::as_text(type->string().value_or(ByteView())) : std::string_view();
    if (kind == "q") {
        message.body = parse_query(top);
        return {};
    }
    const auto body = kind == "r" || kind == "e" ? top.find(kind) : std::nullopt;
    if (!body) {
        return fail(ErrorCode::kMalformed, "krpc: no such type of message");
    }
    if (kind == "r") {
        QE_TRY(message.body, parse_response(*body));
    } else {
        QE_TRY(message.body, parse_error(*body));
    }
    return {};
}

}  // namespace

std::string_view to_text(Method method) noexcept {
    return kMethodNames[static_cast<std::size_t>(method)];
}

std::string_view to_text(KrpcError code) noexcept {
    switch (code) {
        case KrpcError::Generic:
            return "generic error";
        case KrpcError::Server:
            return "server error";
        case KrpcError::Protocol:
            return "protocol error";
        case KrpcError::UnknownMethod:
            return "unknown method";
        case KrpcError::ValueTooBig:
            return "message (v field) too big";
        case KrpcError::BadSignature:
            return "invalid signature";
        case KrpcError::SaltTooBig:
            return "salt (salt field) too big";
        case KrpcError::CasMismatch:
            return "the CAS number mismatched, re-read value and try again";
        case KrpcError::SeqTooSmall:
            return "sequence number less than current";
    }
    return "error";
}

base::Result<Message> parse_message(ByteView datagram) {
    QE_TRY(const BencodeValue top, parse_bencode(datagram));
    Message message;
    const auto transaction = top.find("t");
    const auto id = transaction ? transaction->string() : std::nullopt;
    if (!id || id->empty() || id->size() > kTransactionIdBytesMax) {
        return fail(ErrorCode::kMalformed, "krpc: bad transaction id");
    }
    message.transaction = *id;
    if (const auto external = top.find("ip"); external && external->string()) {
        message.external = parse_compact_endpoint(*external->string());
    }
    QE_TRY_STATUS(read_body(top, message));
    return message;
}

}  // namespace qe::dht
