// SPDX-License-Identifier: Apache-2.0
#include "network/fields.h"

#include <algorithm>

namespace qe::network {

base::Bytes FieldReader::bytes(std::size_t size_max) {
    const base::ByteView view = cbor_.byte_string();
    require(view.size() <= size_max);
    return ok() ? base::Bytes(view.begin(), view.end()) : base::Bytes{};
}

std::string FieldReader::text(std::size_t size_max) {
    const std::string_view view = cbor_.text();
    require(view.size() <= size_max);
    return ok() ? std::string(view) : std::string();
}

net::IpAddress FieldReader::address() noexcept {
    const base::ByteView view = cbor_.byte_string();
    require(view.size() == 4 || view.size() == 16);
    if (!ok()) {
        return {};
    }
    const net::IpAddress ip = net::IpAddress::from_bytes(view);
    require(!ip.is_v4_mapped());
    return ip;
}

net::Prefix FieldReader::prefix() noexcept {
    array(2);
    const net::IpAddress ip = address();
    const auto length = number<std::uint8_t>(static_cast<std::uint8_t>(ip.bit_count()));
    if (!ok()) {
        return {};
    }
    const net::Prefix prefix(ip, length);
    require(prefix == prefix.network());
    return prefix;
}

net::SocketAddress FieldReader::socket_address() noexcept {
    array(2);
    const net::IpAddress ip = address();
    return {ip, number<std::uint16_t>(), 0};
}

void FieldWriter::time(base::UnixTime value) {
    cbor_.unsigned_integer(static_cast<std::uint64_t>(std::max<std::int64_t>(value.seconds, 0)));
}

void FieldWriter::prefix(const net::Prefix& value) {
    cbor_.array(2);
    address(value.network().address());
    cbor_.unsigned_integer(value.length());
}

void FieldWriter::socket_address(const net::SocketAddress& value) {
    cbor_.array(2);
    address(value.ip);
    cbor_.unsigned_integer(value.port);
}

}  // namespace qe::network
