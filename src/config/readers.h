// SPDX-License-Identifier: Apache-2.0
//
// Readers: one tree value → one field of the Config, complaints to the Report.
//
// A reader that complains leaves the field as it was; the caller never uses a Config whose Report
// is not empty. Composed from the leaves of values.h by the schema.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"
#include "config/values.h"
#include "quicether/config/tree.h"

namespace qe::config {

/// Longer lists are refused; it also bounds the search for duplicates.
inline constexpr std::size_t kListItemsMax = 4096;

/// What a reader is given.
struct In {
    const Value& value;
    std::string_view key;  ///< As shown: dotted key or flag.
    Report& report;
    std::span<const PeerConfig> peers;  ///< Read before everything else; for names.

    void refuse(std::string message) const { report.add(value.line, key, std::move(message)); }
    /// The same field, about one of its items.
    [[nodiscard]] In about(const Value& item) const { return {item, key, report, peers}; }
};

[[nodiscard]] std::optional<std::string_view> text_in(const In& in);
[[nodiscard]] const std::vector<Value>* list_in(const In& in);
[[nodiscard]] std::optional<std::int64_t> whole_in(const In& in, std::int64_t min, std::int64_t max,
                                                   std::string_view why);

void read_truth(const In& in, bool& out);
void read_port(const In& in, std::uint16_t& out);
void read_mtu(const In& in, std::uint16_t& out);
void read_cpu_list(const In& in, std::vector<unsigned>& out);
void read_weights(const In& in, std::map<std::string, double>& out);
void read_limits(const In& in, std::map<std::string, double>& out);
void read_module_levels(const In& in, std::map<std::string, base::LogLevel>& out);
/// Ids, keys, and names out of `in.peers`.
void read_allowed(const In& in, std::vector<PeerRef>& out);
/// A security setting that this version lacks: only its "off" value passes.
void read_unsupported_text(const In& in, std::string& out);
void read_unsupported_truth(const In& in, bool& out);

/// A text that `kParse` turns into a T. False, after a complaint, when it does not.
template <auto kParse, typename T>
bool read_text(const In& in, T& out) {
    const auto text = text_in(in);
    if (!text) {
        return false;
    }
    auto parsed = kParse(*text);
    if (!parsed) {
        in.refuse(std::move(parsed.error()));
        return false;
    }
    out = *std::move(parsed);
    return true;
}

/// As read_text(); the empty text means "not set".
template <auto kParse>
void read_text_or_none(const In& in, std::string& out) {
    if (in.value.kind == Value::Kind::String && in.value.text.empty()) {
        out.clear();
        return;
    }
    read_text<kParse>(in, out);
}

/// A list of texts without repetitions.
template <auto kParse, typename T>
void read_list(const In& in, std::vector<T>& out) {
    const std::vector<Value>* items = list_in(in);
    if (items == nullptr) {
        return;
    }
    std::vector<T> read;
    for (const Value& item : *items) {
        const In about = in.about(item);
        T one{};
        if (!read_text<kParse>(about, one)) {
            continue;
        }
        if (std::ranges::find(read, one) != read.end()) {
            about.refuse(describe(item) + " is listed twice; remove one");
        }
        read.push_back(std::move(one));
    }
    out = std::move(read);
}

}  // namespace qe::config
