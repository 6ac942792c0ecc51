// SPDX-License-Identifier: Apache-2.0
//
// Messages to JSON text. Nothing here can fail but for want of memory.
#include <nlohmann/json.hpp>

#include "control/document_fields.h"
#include "control/error_kind.h"
#include "quicether/control/json.h"

namespace qe::control {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json value_of(const T& value);

/// Collects the members of one object.
struct Writer {
    Json& object;

    template <typename T>
    void operator()(const char* name, const T& value) {
        object[name] = value_of(value);
    }
};

template <typename T>
Json value_of_each(const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) {
        array.push_back(value_of(value));
    }
    return array;
}

template <typename T>
Json value_of_present(const std::optional<T>& value) {
    return value ? value_of(*value) : Json();
}

Json value_of_kind(ErrorKind kind) { return std::string(to_text(kind)); }

template <typename T>
Json value_of(const T& value) {
    if constexpr (requires { value_of_each(value); }) {
        return value_of_each(value);
    } else if constexpr (requires { value_of_present(value); }) {
        return value_of_present(value);
    } else if constexpr (std::same_as<T, ErrorKind>) {
        return value_of_kind(value);
    } else if constexpr (std::is_class_v<T> && !std::same_as<T, std::string>) {
        Json object = Json::object();
        Writer writer{object};
        fields(writer, value);
        return object;
    } else {
        return value;
    }
}

template <typename Variant>
std::string encode(const char* what, const Variant& message) {
    Json object = Json::object();
    object["v"] = kVersion;
    std::visit(
        [&](const auto& body) {
            object[what] = std::string(kName<std::decay_t<decltype(body)>>);
            Writer writer{object};
            fields(writer, body);
        },
        message);
    constexpr int kOneLine = -1;
    return object.dump(kOneLine, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string encode_request(const Request& request) { return encode("request", request); }

std::string encode_reply(const Reply& reply) { return encode("reply", reply); }

std::string encode_document(const Document& document) { return encode("reply", document); }

}  // namespace qe::control
