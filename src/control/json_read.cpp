// SPDX-License-Identifier: Apache-2.0
//
// JSON text to messages. The text is hostile: its size and nesting are bounded before the library
// sees it, the library runs without exceptions, and every value's type and range is checked.
#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "control/error_kind.h"
#include "control/fields.h"
#include "control/nesting.h"
#include "quicether/control/json.h"

namespace qe::control {
namespace {

using base::ErrorCode;
using base::fail;
using Json = nlohmann::json;

// Each `read` leaves `out` alone and says false when the value has the wrong type or range.

bool read(const Json& value, std::string& out) {
    const auto* const text = value.get_ptr<const Json::string_t*>();
    if (text == nullptr) {
        return false;
    }
    out = *text;
    return true;
}

bool read(const Json& value, bool& out) {
    const auto* const flag = value.get_ptr<const Json::boolean_t*>();
    if (flag == nullptr) {
        return false;
    }
    out = *flag;
    return true;
}

template <std::unsigned_integral T>
bool read(const Json& value, T& out) {
    const auto* const number = value.get_ptr<const Json::number_unsigned_t*>();
    if (number == nullptr || *number > std::numeric_limits<T>::max()) {
        return false;
    }
    out = static_cast<T>(*number);
    return true;
}

/// Texts beyond the range of a double do not get here: the library refuses them.
bool read(const Json& value, double& out) {
    if (!value.is_number() || value.get<double>() < 0) {
        return false;
    }
    out = value.get<double>();
    return true;
}

bool read(const Json& value, ErrorKind& out) {
    const auto* const text = value.get_ptr<const Json::string_t*>();
    if (text == nullptr) {
        return false;
    }
    // A kind added by a newer daemon still is an error with a message.
    out = parse_error_kind(*text).value_or(ErrorKind::Failed);
    return true;
}

template <typename T>
requires std::is_aggregate_v<T>
bool read(const Json& value, T& out);

template <typename T>
bool read(const Json& value, std::optional<T>& out) {
    if (value.is_null()) {
        out.reset();
        return true;
    }
    return read(value, out.emplace());
}

template <typename T>
bool read(const Json& value, std::vector<T>& out) {
    if (!value.is_array()) {
        return false;
    }
    out.clear();
    for (const Json& element : value) {
        if (!read(element, out.emplace_back())) {
            return false;
        }
    }
    return true;
}

/// Fills the members it finds; one of a wrong type makes it fail, one that is missing does not.
struct Reader {
    const Json& object;
    bool ok = true;

    template <typename T>
    void operator()(const char* name, T& out) {
        if (const auto found = object.find(name); found != object.end()) {
            ok = ok && read(*found, out);
        }
    }
};

template <typename T>
requires std::is_aggregate_v<T>
bool read(const Json& value, T& out) {
    if (!value.is_object()) {
        return false;
    }
    Reader reader{value};
    fields(reader, out);
    return reader.ok;
}

/// The object of a line whose version is ours.
base::Result<Json> parse_object(std::string_view line, std::size_t bytes_max) {
    if (line.size() > bytes_max) {
        return fail(ErrorCode::kTooLarge, "the message is too long");
    }
    if (nesting_of(line) > kNestingMax) {
        return fail(ErrorCode::kTooLarge, "the message nests more than 16 levels deep");
    }
    constexpr bool kWithExceptions = false;
    Json object = Json::parse(line, nullptr, kWithExceptions);
    if (!object.is_object()) {
        return fail(ErrorCode::kBadRequest, "the message is not one JSON object");
    }
    std::uint32_t version = 0;
    if (const auto v = object.find("v"); v == object.end() || !read(*v, version)) {
        return fail(ErrorCode::kBadRequest, "the message has no version, \"v\":1");
    }
    if (version != kVersion) {
        return fail(ErrorCode::kBadRequest, "the message has a version other than 1");
    }
    return object;
}

/// The alternative of Variant that is called `name`, with its defaults.
template <typename Variant, std::size_t kIndex = 0>
std::optional<Variant> make_named(std::string_view name) {
    if constexpr (kIndex == std::variant_size_v<Variant>) {
        return std::nullopt;
    } else if (kName<std::variant_alternative_t<kIndex, Variant>> == name) {
        return Variant(std::in_place_index<kIndex>);
    } else {
        return make_named<Variant, kIndex + 1>(name);
    }
}

/// The message that `object[what]` names, its fields taken from `object`.
template <typename Variant>
base::Result<Variant> read_message(const Json& object, const char* what) {
    const auto found = object.find(what);
    std::string name;
    if (found == object.end() || !read(*found, name)) {
        return fail(ErrorCode::kBadRequest, "the message does not say what it is");
    }
    std::optional<Variant> message = make_named<Variant>(name);
    if (!message) {
        return fail(ErrorCode::kBadRequest, "the message is of a kind unknown to this version");
    }
    if (!std::visit([&](auto& body) { return read(object, body); }, *message)) {
        return fail(ErrorCode::kBadRequest, "a field of the message has the wrong type or range");
    }
    return std::move(*message);
}

/// Bounds that types do not express.
base::Status check(const Request& request) {
    if (const auto* const ping = std::get_if<PingRequest>(&request)) {
        if (ping->peer.empty() || ping->peer.size() > kPeerNameBytesMax) {
            return fail(ErrorCode::kBadRequest, "a ping needs a peer of 1 to 256 bytes");
        }
        if (ping->timeout_ms == 0 || ping->timeout_ms > kPingTimeoutMsMax) {
            return fail(ErrorCode::kBadRequest, "a ping's timeout_ms must be 1 to 60000");
        }
    }
    if (const auto* const multipath = std::get_if<MultipathRequest>(&request)) {
        if (multipath->peer.size() > kPeerNameBytesMax) {
            return fail(ErrorCode::kBadRequest, "a peer is named by at most 256 bytes");
        }
    }
    if (const auto* const explain = std::get_if<ExplainRequest>(&request)) {
        if (explain->peer.empty() || explain->peer.size() > kPeerNameBytesMax) {
            return fail(ErrorCode::kBadRequest, "an explanation needs a peer of 1 to 256 bytes");
        }
    }
    if (const auto* const logs = std::get_if<LogsRequest>(&request)) {
        if (logs->lines > kLogLinesMax) {
            return fail(ErrorCode::kBadRequest, "at most 10000 log lines can be asked for");
        }
    }
    return {};
}

/// What a request about networks says goes into certificates and messages of bounded size.
base::Status check_texts(const Request& request) {
    const auto too_long = [](const std::string& text) { return text.size() > kTextBytesMax; };
    bool bad = false;
    if (const auto* const create = std::get_if<NetworkCreateRequest>(&request)) {
        bad = too_long(create->name) || too_long(create->ipv4_prefix);
    } else if (const auto* const invite = std::get_if<InviteRequest>(&request)) {
        bad = too_long(invite->role) || too_long(invite->name) || invite->tags.size() > kListMax ||
              invite->subnets.size() > kListMax || std::ranges::any_of(invite->tags, too_long) ||
              std::ranges::any_of(invite->subnets, too_long);
    } else if (const auto* const join = std::get_if<JoinRequest>(&request)) {
        bad = join->token.size() > kTokenBytesMax || too_long(join->name);
    } else if (const auto* const revoke = std::get_if<RevokeRequest>(&request)) {
        bad = too_long(revoke->member);
    } else if (const auto* const promote = std::get_if<PromoteRequest>(&request)) {
        bad = too_long(promote->member);
    }
    return bad ? base::Status(fail(ErrorCode::kBadRequest,
                                   "a text of the request is longer than 256 bytes, or a list "
                                   "longer than 64"))
               : base::Status();
}

}  // namespace

base::Result<Request> parse_request(std::string_view line) {
    QE_TRY(const Json object, parse_object(line, kRequestBytesMax));
    QE_TRY(Request request, read_message<Request>(object, "request"));
    QE_TRY_STATUS(check(request));
    QE_TRY_STATUS(check_texts(request));
    return request;
}

base::Result<Reply> parse_reply(std::string_view line) {
    QE_TRY(const Json object, parse_object(line, kReplyBytesMax));
    return read_message<Reply>(object, "reply");
}

}  // namespace qe::control
