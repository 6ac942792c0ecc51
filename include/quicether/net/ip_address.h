// SPDX-License-Identifier: Apache-2.0
//
// IpAddress, Prefix and SocketAddress: the address vocabulary of every module.
//
// Plain values without a default route to the operating system: text in, text out, bytes in network
// order. IPv4 addresses are 4 bytes, never IPv4-mapped IPv6 (RFC 4291, 2.5.5.2): the socket layer
// calls `unmapped()` on what the kernel gives it, and text such as "::ffff:1.2.3.4" is refused, so
// that one host never has two spellings which rules and tables would treat as two.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::net {

enum class Family : std::uint8_t { V4 = 4, V6 = 6 };

/// An IPv4 or IPv6 address. The default value is 0.0.0.0.
class IpAddress {
  public:
    constexpr IpAddress() = default;

    [[nodiscard]] static constexpr IpAddress v4(std::uint32_t host_order) noexcept {
        IpAddress a;
        for (std::size_t i = 0; i < 4; ++i) {
            a.bytes_[i] = static_cast<std::byte>(host_order >> (24 - 8 * i));
        }
        return a;
    }
    [[nodiscard]] static constexpr IpAddress v6(const std::array<std::byte, 16>& bytes) noexcept {
        IpAddress a;
        a.bytes_ = bytes;
        a.family_ = Family::V6;
        return a;
    }
    /// From 4 or 16 bytes in network order; any other size is a bug of the caller (asserted).
    [[nodiscard]] static IpAddress from_bytes(base::ByteView bytes) noexcept;
    /// All-zero address of a family: "any".
    [[nodiscard]] static IpAddress any(Family family) noexcept;

    [[nodiscard]] constexpr Family family() const noexcept { return family_; }
    [[nodiscard]] constexpr bool is_v4() const noexcept { return family_ == Family::V4; }
    [[nodiscard]] constexpr bool is_v6() const noexcept { return family_ == Family::V6; }
    /// 32 or 128.
    [[nodiscard]] constexpr unsigned bit_count() const noexcept { return is_v4() ? 32U : 128U; }
    /// The 4 or 16 bytes in network order.
    [[nodiscard]] constexpr base::ByteView bytes() const noexcept {
        return base::ByteView(bytes_).first(is_v4() ? 4 : 16);
    }
    /// Bit 0 is the most significant one. `index < bit_count()`.
    [[nodiscard]] constexpr bool bit(unsigned index) const noexcept {
        return ((bytes_[index / 8] >> (7 - index % 8)) & std::byte{1}) != std::byte{0};
    }

    [[nodiscard]] bool is_any() const noexcept;
    [[nodiscard]] bool is_loopback() const noexcept;
    [[nodiscard]] bool is_link_local() const noexcept;
    [[nodiscard]] bool is_multicast() const noexcept;
    [[nodiscard]] bool is_v4_mapped() const noexcept;  ///< ::ffff:0:0/96

    /// The IPv4 address inside an IPv4-mapped IPv6 one; any other address unchanged.
    [[nodiscard]] IpAddress unmapped() const noexcept;

    /// Dotted quad, or RFC 5952 text.
    [[nodiscard]] std::string to_string() const;

    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

  private:
    Family family_ = Family::V4;
    std::array<std::byte, 16> bytes_{};
};

/// Text without zone or port, e.g. "10.0.0.1" or "fd00::1". Four decimal numbers without leading
/// zeros, or RFC 4291 text. Errors: kBadAddress (also for IPv4-mapped IPv6).
[[nodiscard]] base::Result<IpAddress> parse_ip_address(std::string_view text);

/// A CIDR prefix. Host bits are kept as given (`tun_addr = "100.64.0.1/16"`); `network()` clears
/// them. Equality compares them, so compare networks with `p.network() == q.network()`.
class Prefix {
  public:
    constexpr Prefix() = default;
    /// `length <= address.bit_count()`, asserted.
    Prefix(IpAddress address, unsigned length) noexcept;
    /// The /32 or /128 of one address.
    [[nodiscard]] static Prefix host(IpAddress address) noexcept {
        return {address, address.bit_count()};
    }

    [[nodiscard]] constexpr const IpAddress& address() const noexcept { return address_; }
    [[nodiscard]] constexpr unsigned length() const noexcept { return length_; }
    [[nodiscard]] constexpr Family family() const noexcept { return address_.family(); }
    [[nodiscard]] bool is_host() const noexcept { return length_ == address_.bit_count(); }
    [[nodiscard]] Prefix network() const noexcept;
    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
    [[nodiscard]] bool contains(const Prefix& other) const noexcept;
    [[nodiscard]] bool overlaps(const Prefix& other) const noexcept;

    /// "10.0.0.0/8".
    [[nodiscard]] std::string to_string() const;

    friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

  private:
    IpAddress address_;
    std::uint8_t length_ = 0;
};

/// "10.0.0.0/8", "fd00::/64"; a bare address means its /32 or /128. Errors: kBadPrefix.
[[nodiscard]] base::Result<Prefix> parse_prefix(std::string_view text);

/// An address and a UDP port; `scope` is the interface index of a link-local IPv6 address, else 0.
struct SocketAddress {
    IpAddress ip;
    std::uint16_t port = 0;
    std::uint32_t scope = 0;

    [[nodiscard]] std::string to_string() const;  ///< "1.2.3.4:9000", "[fe80::1%3]:9000"
    friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

/// "1.2.3.4:9000", "[fd00::1]:9000" or "[fe80::1%3]:9000" (numeric zone, link-local addresses
/// only). A missing port is `default_port`; with `default_port == 0` it is an error. A written port
/// of 0 is taken as it stands (a local "any port"). IPv6 without brackets is refused, because
/// "fd00::1:9000" would have two meanings. Errors: kBadAddress.
[[nodiscard]] base::Result<SocketAddress> parse_socket_address(std::string_view text,
                                                               std::uint16_t default_port);

}  // namespace qe::net

/// Good spread, not keyed: tables that strangers can fill need a bound of their own.
template <>
struct std::hash<qe::net::IpAddress> {
    std::size_t operator()(const qe::net::IpAddress& address) const noexcept;
};
template <>
struct std::hash<qe::net::SocketAddress> {
    std::size_t operator()(const qe::net::SocketAddress& address) const noexcept;
};
