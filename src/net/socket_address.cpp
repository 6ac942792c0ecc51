// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <optional>

#include "quicether/net/ip_address.h"

namespace qe::net {

namespace {

using base::ErrorCode;

/// "host:port" taken apart; `port` is empty when there is no colon.
struct Parts {
    std::string_view host;
    std::optional<std::string_view> port;
    bool bracketed = false;
};

base::Result<Parts> split(std::string_view text) {
    if (!text.starts_with('[')) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) {
            return Parts{text, std::nullopt, false};
        }
        return Parts{text.substr(0, colon), text.substr(colon + 1), false};
    }
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) {
        return base::fail(ErrorCode::kBadAddress, "missing ']'");
    }
    const std::string_view host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) {
        return Parts{host, std::nullopt, true};
    }
    if (rest.front() != ':') {
        return base::fail(ErrorCode::kBadAddress, "expected ':' after ']'");
    }
    return Parts{host, rest.substr(1), true};
}

/// Decimal digits only, no leading zeros.
template <typename Number>
std::optional<Number> parse_number(std::string_view digits) {
    Number value = 0;
    const char* const end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value);
    if (result.ec != std::errc{} || result.ptr != end ||
        (digits.size() > 1 && digits.front() == '0')) {
        return std::nullopt;
    }
    return value;
}

base::Result<SocketAddress> parse_host(const Parts& parts) {
    const std::size_t percent = parts.bracketed ? parts.host.find('%') : std::string_view::npos;
    QE_TRY(const IpAddress ip, parse_ip_address(parts.host.substr(0, percent)));
    if (ip.is_v6() != parts.bracketed) {
        return base::fail(ErrorCode::kBadAddress, "brackets belong around IPv6, and only there");
    }
    SocketAddress address{ip, 0, 0};
    if (percent != std::string_view::npos) {
        const auto zone = parse_number<std::uint32_t>(parts.host.substr(percent + 1));
        if (!zone || *zone == 0 || !ip.is_link_local()) {
            return base::fail(ErrorCode::kBadAddress,
                              "a zone is an interface index on a link-local address");
        }
        address.scope = *zone;
    }
    return address;
}

}  // namespace

std::string SocketAddress::to_string() const {
    const std::string port_text = std::to_string(port);
    if (ip.is_v4()) {
        return ip.to_string() + ':' + port_text;
    }
    const std::string zone = scope == 0 ? "" : '%' + std::to_string(scope);
    return '[' + ip.to_string() + zone + "]:" + port_text;
}

base::Result<SocketAddress> parse_socket_address(std::string_view text,
                                                 std::uint16_t default_port) {
    QE_TRY(const Parts parts, split(text));
    QE_TRY(SocketAddress address, parse_host(parts));
    if (!parts.port) {
        if (default_port == 0) {
            return base::fail(ErrorCode::kBadAddress, "missing port");
        }
        address.port = default_port;
        return address;
    }
    const auto port = parse_number<std::uint16_t>(*parts.port);
    if (!port) {
        return base::fail(ErrorCode::kBadAddress, "port is not a number up to 65535");
    }
    address.port = *port;
    return address;
}

}  // namespace qe::net
