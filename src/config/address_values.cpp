// SPDX-License-Identifier: Apache-2.0
//
// Leaves that are addresses, prefixes, or a host with a port.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/text.h"
#include "config/values.h"

namespace qe::config {
namespace {

constexpr std::size_t kHostNameMax = 253;  // RFC 1035, 2.3.4, as text
constexpr std::size_t kLabelMax = 63;

bool is_label(std::string_view label) noexcept {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
           label.back() != '-' && std::ranges::all_of(label, is_allowed);
}

/// RFC 1123 labels between dots; the last one is no number, or it was meant as an IPv4 address.
bool is_host_name(std::string_view host) noexcept {
    if (host.empty() || host.size() > kHostNameMax) {
        return false;
    }
    std::string_view label;
    for (std::size_t from = 0; from <= host.size(); from += label.size() + 1) {
        label = host.substr(from, host.find('.', from) - from);
        if (!is_label(label)) {
            return false;
        }
    }
    return !std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && stop == end && port != 0 ? std::optional(port) : std::nullopt;
}

/// The parts of "host:port" or "[v6]:port"; no port when none is written.
struct Parts {
    std::string_view host;
    std::optional<std::string_view> port;
    bool is_bracketed = false;
};

Parts split_host_port(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close != std::string_view::npos && close + 1 == text.size()) {
            return {text.substr(1, close - 1), std::nullopt, true};
        }
        if (close != std::string_view::npos && text[close + 1] == ':') {
            return {text.substr(1, close - 1), text.substr(close + 2), true};
        }
        return {};
    }
    const std::size_t colon = text.find(':');
    return colon == std::string_view::npos
               ? Parts{text, std::nullopt, false}
               : Parts{text.substr(0, colon), text.substr(colon + 1), false};
}

bool is_usable_host(const Parts& parts) {
    const auto address = net::parse_ip_address(parts.host);
    if (!address) {
        return !parts.is_bracketed && is_host_name(parts.host);
    }
    return address->is_v6() == parts.is_bracketed && !address->is_any() && !address->is_multicast();
}

std::string family_name(net::Family family) { return family == net::Family::V4 ? "IPv4" : "IPv6"; }

/// Whether a node may carry the address on its interface.
bool is_interface_address(const net::IpAddress& address) {
    const bool is_reserved = address.is_v4() && (std::to_integer<int>(address.bytes()[0]) == 0 ||
                                                 std::to_integer<int>(address.bytes()[0]) >= 240);
    return !is_reserved && !address.is_any() && !address.is_loopback() && !address.is_multicast() &&
           !address.is_link_local();
}

/// An IPv4 subnet's own name and its broadcast address belong to no node.
bool is_subnet_edge(const net::Prefix& prefix) {
    constexpr unsigned kLongestWithEdges = 30;  // RFC 3021: a /31 has none
    if (prefix.family() != net::Family::V4 || prefix.length() > kLongestWithEdges) {
        return false;
    }
    base::ByteReader reader(prefix.address().bytes());
    const std::uint32_t host_mask = UINT32_MAX >> prefix.length();
    const std::uint32_t host = reader.u32() & host_mask;
    return host == 0 || host == host_mask;
}

}  // namespace

std::string HostPort::to_string() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

Leaf<HostPort> parse_host_port(std::string_view text) {
    if (const auto bare = net::parse_ip_address(text); bare && bare->is_v6()) {
        return tl::unexpected(fmt::format("{} has no brackets; write [{}]:{}", quoted(text),
                                          bare->to_string(), kDefaultPort));
    }
    const Parts parts = split_host_port(text);
    if (!is_usable_host(parts)) {
        return tl::unexpected(
            fmt::format("{} is not a host and port; write name:9000, "
                        "192.0.2.1:9000 or [2001:db8::1]:9000",
                        quoted(text)));
    }
    const std::optional<std::uint16_t> port =
        parts.port ? parse_port(*parts.port) : std::optional(kDefaultPort);
    if (!port) {
        return tl::unexpected(fmt::format("{} has an invalid port; use 1 to 65535", quoted(text)));
    }
    const auto address = net::parse_ip_address(parts.host);
    return HostPort{address ? address->to_string() : std::string(parts.host), *port};
}

Leaf<net::Prefix> parse_subnet(std::string_view text) {
    const auto prefix = net::parse_prefix(text);
    if (!prefix) {
        return tl::unexpected(fmt::format(
            "{} is not a subnet; write one like 192.168.1.0/24 or fd00:1::/64", quoted(text)));
    }
    if (*prefix != prefix->network()) {
        return tl::unexpected(fmt::format("{} has bits set behind its length; write {}",
                                          quoted(text), prefix->network().to_string()));
    }
    if (prefix->length() > 0 &&
        (prefix->address().is_multicast() || prefix->address().is_loopback() ||
         prefix->address().is_link_local())) {
        return tl::unexpected(
            fmt::format("{} is multicast, loopback or link-local and cannot be routed; remove it",
                        quoted(text)));
    }
    return *prefix;
}

Leaf<net::Prefix> parse_tun_address(std::string_view text, net::Family family) {
    const std::string example = family == net::Family::V4 ? "100.64.0.1/16" : "fd00:1::1/64";
    const auto prefix = net::parse_prefix(text);
    if (!prefix || prefix->family() != family) {
        return tl::unexpected(
            fmt::format("{} is not an {} address with a prefix length; write one "
                        "like {}",
                        quoted(text), family_name(family), example));
    }
    if (text.find('/') == std::string_view::npos) {
        return tl::unexpected(
            fmt::format("{} has no prefix length; write one like {}", quoted(text), example));
    }
    constexpr unsigned kShortestTunPrefix = 8;
    if (prefix->length() < kShortestTunPrefix) {
        return tl::unexpected(
            fmt::format("{} would take over most of the address space; use a length of at least 8",
                        quoted(text)));
    }
    if (!is_interface_address(prefix->address()) || is_subnet_edge(*prefix)) {
        return tl::unexpected(fmt::format(
            "{} is not an address that a node can have; use a unicast address inside the subnet",
            quoted(text)));
    }
    return *prefix;
}

Leaf<net::IpAddress> parse_public_address(std::string_view text) {
    const auto address = net::parse_ip_address(text);
    if (!address) {
        return tl::unexpected(fmt::format(
            "{} is not an IP address; write one like 203.0.113.5, without a port", quoted(text)));
    }
    if (!is_interface_address(*address)) {
        return tl::unexpected(fmt::format(
            "{} cannot be reached from elsewhere; use this node's public address", quoted(text)));
    }
    return *address;
}

Leaf<std::string> parse_listen_address(std::string_view text) {
    const auto address = net::parse_socket_address(text, 0);
    if (!address || address->ip.is_multicast()) {
        return tl::unexpected(fmt::format(
            "{} is not an address and port; write one like 127.0.0.1:9090", quoted(text)));
    }
    return address->to_string();
}

}  // namespace qe::config
