// SPDX-License-Identifier: Apache-2.0
#include "config/readers.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "config/text.h"

namespace qe::config {
namespace {

constexpr std::int64_t kCpuMax = 1023;  // CPU_SETSIZE - 1
constexpr double kNumberMax = 1e6;

/// The names that log records carry.
constexpr std::array<std::string_view, 16> kModules = {
    "app", "base", "config", "control", "crypto", "dht",  "host",  "multipath",
    "nat", "net",  "node",   "overlay", "policy", "quic", "route", "sim"};

constexpr std::string_view kUnsupported =
    "is not supported by this version, and ignoring it would weaken security; remove it";

void refuse_type(const In& in, std::string_view wanted, std::string_view hint = {}) {
    in.refuse(fmt::format("must be {}, but is {}{}", wanted, describe(in.value), hint));
}

/// Whether a text would be a number or truth value without its quotes.
std::string_view quotes_hint(const Value& value) {
    const bool is_bare_word =
        value.kind == Value::Kind::String && !value.text.empty() &&
        (value.text == "true" || value.text == "false" ||
         std::ranges::all_of(value.text, [](char c) { return c >= '0' && c <= '9'; }));
    return is_bare_word ? "; remove the quotes" : "";
}

std::optional<double> positive_in(const In& in) {
    const bool is_whole = in.value.kind == Value::Kind::Integer;
    if (!is_whole && in.value.kind != Value::Kind::Number) {
        refuse_type(in, "a number", "; write one like 2.0");
        return std::nullopt;
    }
    const double number = is_whole ? static_cast<double>(in.value.integer) : in.value.number;
    if (!(number > 0) || number > kNumberMax) {
        in.refuse(fmt::format("{} is out of range; use a number above 0, up to 1000000", number));
        return std::nullopt;
    }
    return number;
}

const std::vector<Member>* table_in(const In& in, std::string_view example) {
    if (in.value.kind == Value::Kind::Table) {
        return &in.value.members;
    }
    refuse_type(in, "a table", fmt::format("; write {}", example));
    return nullptr;
}

/// Interfaces or patterns → numbers above 0.
void read_by_interface(const In& in, std::string_view example, std::map<std::string, double>& out) {
    const auto* members = table_in(in, example);
    if (members == nullptr) {
        return;
    }
    out.clear();
    for (const Member& member : *members) {
        const std::string key = fmt::format("{}.{}", in.key, member.key);
        const In about{member.value, key, in.report, in.peers};
        if (const auto name = parse_interface_name(member.key); !name) {
            in.report.add(member.line, key, name.error());
        } else if (const auto number = positive_in(about)) {
            out.emplace(*name, *number);
        }
    }
}

std::string unknown_module(std::string_view name) {
    const std::string_view near = nearest(name, kModules);
    return near.empty() ? fmt::format("is not a module; use {}", alternatives(kModules))
                        : fmt::format("is not a module; did you mean `{}`?", near);
}

Leaf<PeerRef> resolve(std::string_view text, std::span<const PeerConfig> peers) {
    if (looks_like_peer_ref(text)) {
        return parse_peer_ref(text);
    }
    std::vector<std::string_view> names;
    for (const PeerConfig& peer : peers) {
        if (!peer.name.empty() && peer.name == text) {
            return peer.id;
        }
        names.push_back(peer.name);
    }
    const std::string_view near = nearest(text, names);
    return tl::unexpected(
        near.empty()
            ? fmt::format("{} is neither an id, a key nor the name of a [[peer]]; write 40 or 64 "
                          "hexadecimal digits, or name the peer",
                          quoted(text))
            : fmt::format("no [[peer]] is named {}; did you mean {}?", quoted(text), quoted(near)));
}

}  // namespace

std::optional<std::string_view> text_in(const In& in) {
    if (in.value.kind == Value::Kind::String) {
        return in.value.text;
    }
    refuse_type(in, "a text",
                in.value.kind == Value::Kind::Array ? "; remove the brackets"
                                                    : "; put it in double quotes");
    return std::nullopt;
}

const std::vector<Value>* list_in(const In& in) {
    if (in.value.kind != Value::Kind::Array) {
        refuse_type(in, "a list", "; put it in square brackets");
        return nullptr;
    }
    if (in.value.items.size() > kListItemsMax) {
        in.refuse(fmt::format("has {} items; at most {} are allowed", in.value.items.size(),
                              kListItemsMax));
        return nullptr;
    }
    return &in.value.items;
}

std::optional<std::int64_t> whole_in(const In& in, std::int64_t min, std::int64_t max,
                                     std::string_view why) {
    if (in.value.kind != Value::Kind::Integer) {
        const std::string_view hint = quotes_hint(in.value);
        refuse_type(in, "a whole number",
                    hint.empty() ? fmt::format("; use {} to {}", min, max) : std::string(hint));
        return std::nullopt;
    }
    if (in.value.integer < min || in.value.integer > max) {
        in.refuse(
            fmt::format("{} is out of range{}; use {} to {}", in.value.integer, why, min, max));
        return std::nullopt;
    }
    return in.value.integer;
}

void read_truth(const In& in, bool& out) {
    if (in.value.kind != Value::Kind::Boolean) {
        const std::string_view hint = quotes_hint(in.value);
        refuse_type(in, "true or false", hint.empty() ? "; write one of them" : hint);
        return;
    }
    out = in.value.boolean;
}

void read_port(const In& in, std::uint16_t& out) {
    constexpr std::int64_t kPortMax = std::numeric_limits<std::uint16_t>::max();
    if (const auto port = whole_in(in, 1, kPortMax, "")) {
        out = static_cast<std::uint16_t>(*port);
    }
}

void read_mtu(const In& in, std::uint16_t& out) {
    const bool is_below_ipv6 = in.value.integer < kMtuMin;
    if (const auto mtu =
            whole_in(in, kMtuMin, kMtuMax, is_below_ipv6 ? " (IPv6 needs at least 1280)" : "")) {
        out = static_cast<std::uint16_t>(*mtu);
    }
}

void read_cpu_list(const In& in, std::vector<unsigned>& out) {
    const std::vector<Value>* items = list_in(in);
    if (items == nullptr) {
        return;
    }
    out.clear();
    for (const Value& item : *items) {
        const auto cpu = whole_in(in.about(item), 0, kCpuMax, "");
        if (!cpu) {
            continue;
        }
        if (std::ranges::find(out, static_cast<unsigned>(*cpu)) != out.end()) {
            in.about(item).refuse(describe(item) + " is listed twice; remove one");
        }
        out.push_back(static_cast<unsigned>(*cpu));
    }
}

void read_weights(const In& in, std::map<std::string, double>& out) {
    read_by_interface(in, "interface = weight lines under [multipath.weights]", out);
}

void read_limits(const In& in, std::map<std::string, double>& out) {
    read_by_interface(in, "interface = Mbit/s lines under [multipath.limits]", out);
}

void read_module_levels(const In& in, std::map<std::string, base::LogLevel>& out) {
    const auto* members = table_in(in, "module = \"level\" lines under [monitoring.log_levels]");
    if (members == nullptr) {
        return;
    }
    out.clear();
    for (const Member& member : *members) {
        const std::string key = fmt::format("{}.{}", in.key, member.key);
        if (std::ranges::find(kModules, std::string_view(member.key)) == kModules.end()) {
            in.report.add(member.line, key, unknown_module(member.key));
            continue;
        }
        read_text<parse_level>(In{member.value, key, in.report, in.peers}, out[member.key]);
    }
}

void read_allowed(const In& in, std::vector<PeerRef>& out) {
    const std::vector<Value>* items = list_in(in);
    if (items == nullptr) {
        return;
    }
    out.clear();
    for (const Value& item : *items) {
        const In about = in.about(item);
        const auto text = text_in(about);
        auto ref = text ? resolve(*text, in.peers) : Leaf<PeerRef>{};
        if (!ref) {
            about.refuse(std::move(ref.error()));
        } else if (text && std::ranges::find(out, *ref) != out.end()) {
            about.refuse(describe(item) + " is listed twice; remove one");
        } else if (text) {
            out.push_back(*ref);
        }
    }
}

void read_unsupported_text(const In& in, std::string& out) {
    if (const auto text = text_in(in); text && !text->empty()) {
        in.refuse(std::string(kUnsupported));
    } else {
        out.clear();
    }
}

void read_unsupported_truth(const In& in, bool& out) {
    read_truth(in, out);
    if (in.value.kind == Value::Kind::Boolean && in.value.boolean) {
        in.refuse(std::string(kUnsupported));
    }
}

}  // namespace qe::config
