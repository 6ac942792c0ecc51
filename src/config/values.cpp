// SPDX-License-Identifier: Apache-2.0
//
// Names, peer references and the words out of fixed lists. Addresses: address_values.cpp.
#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "config/text.h"

namespace qe::config {
namespace {

constexpr std::size_t kNameMax = 63;  // a DNS label (RFC 1035, 2.3.4)
/// Hex texts from this length on are meant as an id or key, not as a name.
constexpr std::size_t kHexMeantAsIdMin = 16;
constexpr std::size_t kNodeIdDigits = 2 * crypto::NodeId::kSize;
constexpr std::size_t kPublicKeyDigits = 2 * crypto::PublicKey::kSize;

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
constexpr bool is_name_char(char c) noexcept {
    return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}
constexpr bool is_hex_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

template <typename T, std::size_t kSize>
using Words = std::array<std::pair<std::string_view, T>, kSize>;

constexpr Words<NodeRole, 4> kRoles = {{{"full", NodeRole::Full},
                                        {"light", NodeRole::Light},
                                        {"gateway", NodeRole::Gateway},
                                        {"bootstrap", NodeRole::Bootstrap}}};
constexpr Words<OversizePolicy, 2> kOversizePolicies = {
    {{"fragment", OversizePolicy::Fragment}, {"packet_too_big", OversizePolicy::PacketTooBig}}};
constexpr Words<ConnectPolicy, 3> kConnectPolicies = {{{"auto", ConnectPolicy::Auto},
                                                       {"on-demand", ConnectPolicy::OnDemand},
                                                       {"full-mesh", ConnectPolicy::FullMesh}}};
constexpr Words<CongestionControl, 2> kCongestionControls = {
    {{"bbr", CongestionControl::Bbr}, {"cubic", CongestionControl::Cubic}}};
constexpr std::array<std::string_view, 6> kLevels = {"trace", "debug", "info",
                                                     "warn",  "error", "off"};
constexpr std::array<std::string_view, 5> kSchedulers = {"adaptive", "round_robin", "weighted",
                                                         "latency", "redundant"};
constexpr std::array<std::string_view, 2> kModes = {"aggregate", "failover"};
constexpr std::array<std::string_view, 3> kLogFormats = {"auto", "human", "json"};
constexpr std::array<std::string_view, 2> kIoBackends = {"epoll", "io_uring"};

std::string not_one_of(std::string_view text, std::span<const std::string_view> words) {
    return fmt::format("{} is not one of its values; use {}", quoted(text), alternatives(words));
}

Leaf<std::string> parse_word(std::string_view text, std::span<const std::string_view> words) {
    if (std::ranges::find(words, text) == words.end()) {
        return tl::unexpected(not_one_of(text, words));
    }
    return std::string(text);
}

template <typename T, std::size_t kSize>
Leaf<T> parse_enum(std::string_view text, const Words<T, kSize>& words) {
    std::array<std::string_view, kSize> names;
    for (std::size_t i = 0; i < kSize; ++i) {
        if (words[i].first == text) {
            return words[i].second;
        }
        names[i] = words[i].first;
    }
    return tl::unexpected(not_one_of(text, names));
}

template <typename T, std::size_t kSize>
std::string_view name_of(T value, const Words<T, kSize>& words) noexcept {
    const auto* found = std::ranges::find(words, value, &std::pair<std::string_view, T>::second);
    return found == words.end() ? std::string_view{} : found->first;
}

/// A count followed by a unit, in the least of `units`; the largest number there is when it would
/// overflow.
template <std::size_t kSize>
std::optional<std::int64_t> parse_with_unit(std::string_view text,
                                            const Words<std::int64_t, kSize>& units) {
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    std::int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, count);
    const std::string_view rest(read.ptr, static_cast<std::size_t>(end - read.ptr));
    const auto* const unit =
        std::ranges::find(units, rest, &std::pair<std::string_view, std::int64_t>::first);
    if (read.ec != std::errc() || unit == units.end() || count < 0) {
        return std::nullopt;
    }
    return count > kMax / unit->second ? kMax : count * unit->second;
}

}  // namespace

Leaf<std::string> parse_swarm(std::string_view text) {
    constexpr std::size_t kSwarmMax = 64;
    const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (text.empty() || text.size() > kSwarmMax || !std::ranges::all_of(text, is_printable)) {
        return tl::unexpected(fmt::format(
            "{} is not a swarm; use 1 to 64 letters, digits, signs or blanks", quoted(text)));
    }
    return std::string(text);
}

Leaf<std::string> parse_name(std::string_view text) {
    if (looks_like_peer_ref(text)) {
        return tl::unexpected(
            fmt::format("{} could be taken for a node id; choose another name", quoted(text)));
    }
    if (text.empty() || text.size() > kNameMax || !is_alphanumeric(text.front()) ||
        !std::ranges::all_of(text, is_name_char)) {
        return tl::unexpected(fmt::format(
            "{} is not a usable name; use 1 to 63 letters, digits, '-', '_' or '.', beginning with "
            "a letter or digit",
            quoted(text)));
    }
    return std::string(text);
}

Leaf<std::string> parse_interface_name(std::string_view text) {
    if (text.size() > kInterfaceNameMax) {
        return tl::unexpected(fmt::format("{} has {} bytes; an interface name has at most {}",
                                          quoted(text), text.size(), kInterfaceNameMax));
    }
    const auto is_allowed = [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':'; };
    if (text.empty() || text == "." || text == ".." || !std::ranges::all_of(text, is_allowed)) {
        return tl::unexpected(
            fmt::format("{} cannot name an interface; use up to {} letters, "
                        "digits, '-', '_' or '.'",
                        quoted(text), kInterfaceNameMax));
    }
    return std::string(text);
}

bool looks_like_peer_ref(std::string_view text) noexcept {
    return text.starts_with("node_") || text.starts_with("key_") ||
           (text.size() >= kHexMeantAsIdMin && std::ranges::all_of(text, is_hex_digit));
}

Leaf<PeerRef> parse_peer_ref(std::string_view text) {
    if (const auto id = crypto::parse_node_id(text)) {
        return PeerRef(*id);
    }
    if (const auto key = crypto::parse_public_key(text)) {
        return PeerRef(*key);
    }
    const std::string_view digits =
        text.substr(text.find('_') == std::string_view::npos || !looks_like_peer_ref(text)
                        ? 0
                        : text.find('_') + 1);
    if (!digits.empty() && std::ranges::all_of(digits, is_hex_digit)) {
        return tl::unexpected(
            fmt::format("{} has {} hexadecimal digits; a node id has {} and a public key {}",
                        quoted(text), digits.size(), kNodeIdDigits, kPublicKeyDigits));
    }
    return tl::unexpected(
        fmt::format("{} is neither a node id nor a public key; write 40 or 64 hexadecimal digits",
                    quoted(text)));
}

Leaf<base::LogLevel> parse_level(std::string_view text) {
    const auto level = base::parse_log_level(text);
    if (!level) {
        return tl::unexpected(not_one_of(text, kLevels));
    }
    return *level;
}

Leaf<NodeRole> parse_role(std::string_view text) { return parse_enum(text, kRoles); }
Leaf<OversizePolicy> parse_oversize(std::string_view text) {
    return parse_enum(text, kOversizePolicies);
}
Leaf<ConnectPolicy> parse_connect_policy(std::string_view text) {
    return parse_enum(text, kConnectPolicies);
}

Leaf<base::seconds> parse_idle_timeout(std::string_view text) {
    constexpr std::int64_t kMin = 10;
    constexpr std::int64_t kMax = 30 * 24 * 3600;
    static constexpr Words<std::int64_t, 4> kUnits = {
        {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 24 * 3600}}};
    const auto time = parse_with_unit(text, kUnits);
    if (!time) {
        return tl::unexpected(fmt::format(
            "{} is not a time; write \"10m\", with s, m, h or d as the unit", quoted(text)));
    }
    if (*time > kMax || (*time != 0 && *time < kMin)) {
        return tl::unexpected(
            fmt::format("{} is out of range; use 10s to 30d, or 0s for never", quoted(text)));
    }
    return base::seconds(*time);
}

Leaf<base::milliseconds> parse_latency_threshold(std::string_view text) {
    constexpr std::int64_t kMax = 10'000;
    static constexpr Words<std::int64_t, 2> kUnits = {{{"ms", 1}, {"s", 1000}}};
    const auto time = parse_with_unit(text, kUnits);
    if (!time) {
        return tl::unexpected(fmt::format(
            "{} is not a time; write \"25ms\", with ms or s as the unit", quoted(text)));
    }
    if (*time > kMax) {
        return tl::unexpected(
            fmt::format("{} is out of range; use 1ms to 10s, or 0s for none", quoted(text)));
    }
    return base::milliseconds(*time);
}

Leaf<CongestionControl> parse_congestion_control(std::string_view text) {
    return parse_enum(text, kCongestionControls);
}
Leaf<std::string> parse_scheduler(std::string_view text) { return parse_word(text, kSchedulers); }
Leaf<TrafficClass> parse_traffic_class(std::string_view text) {
    // RFC 3246, RFC 5865, RFC 8622; below RFC 2597 (AF) and RFC 2474 (CS).
    static constexpr Words<std::uint8_t, 3> kSingle = {{{"ef", 46}, {"va", 44}, {"le", 1}}};
    const auto* const single =
        std::ranges::find(kSingle, text, &std::pair<std::string_view, std::uint8_t>::first);
    if (single != kSingle.end()) {
        return TrafficClass{single->second};
    }
    const auto digit = [text](std::size_t at) { return text[at] - '0'; };
    if (text.size() == 3 && text.starts_with("cs") && digit(2) >= 0 && digit(2) <= 7) {
        return TrafficClass{static_cast<std::uint8_t>(8 * digit(2))};
    }
    if (text.size() == 4 && text.starts_with("af") && digit(2) >= 1 && digit(2) <= 4 &&
        digit(3) >= 1 && digit(3) <= 3) {
        return TrafficClass{static_cast<std::uint8_t>(8 * digit(2) + 2 * digit(3))};
    }
    constexpr std::uint8_t kMax = 63;
    std::uint8_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number > kMax) {
        return tl::unexpected(fmt::format(
            "{} is no class of traffic; use \"ef\", \"va\", \"le\", \"cs0\" to \"cs7\", "
            "\"af11\" to \"af43\" or a DSCP, \"0\" to \"63\"",
            quoted(text)));
    }
    return TrafficClass{number};
}
Leaf<std::string> parse_multipath_mode(std::string_view text) { return parse_word(text, kModes); }
Leaf<std::string> parse_log_format(std::string_view text) { return parse_word(text, kLogFormats); }
Leaf<std::string> parse_io_backend(std::string_view text) { return parse_word(text, kIoBackends); }

std::string_view to_text(NodeRole role) noexcept { return name_of(role, kRoles); }
std::string_view to_text(OversizePolicy policy) noexcept {
    return name_of(policy, kOversizePolicies);
}
std::string_view to_text(ConnectPolicy policy) noexcept {
    return name_of(policy, kConnectPolicies);
}
std::string_view to_text(CongestionControl control) noexcept {
    return name_of(control, kCongestionControls);
}

crypto::NodeId node_id_of(const PeerRef& ref) {
    const auto* id = std::get_if<crypto::NodeId>(&ref);
    return id != nullptr ? *id : crypto::node_id_of(std::get<crypto::PublicKey>(ref));
}

std::string to_string(const PeerRef& ref) {
    return std::visit([](const auto& value) { return value.to_string(); }, ref);
}

}  // namespace qe::config
