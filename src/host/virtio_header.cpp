// SPDX-License-Identifier: Apache-2.0
#include "host/virtio_header.h"

#include <algorithm>

#include <netinet/in.h>

#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::host {
namespace {

constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kTcpHeaderMin = 20;
/// Where TCP keeps its header's length, in the upper four bits, and its flags.
constexpr std::size_t kTcpDataOffset = 12;
constexpr std::size_t kTcpFlags = 13;
constexpr std::byte kTcpCwr{0x80};

bool is_version(base::ByteView packet, unsigned version) noexcept {
    return !packet.empty() && std::to_integer<unsigned>(packet[0]) >> 4 == version;
}

/// TCP and UDP right behind the IP header, unfragmented; else 0.
std::uint8_t offloadable_protocol(base::ByteView packet, std::size_t transport) noexcept {
    const auto facts = net::parse_packet(packet);
    if (!facts || facts->is_fragment || facts->header_size != transport) {
        return 0;
    }
    return facts->protocol == IPPROTO_TCP || facts->protocol == IPPROTO_UDP ? facts->protocol : 0;
}

/// Bytes of the TCP or UDP header at `transport`; 0 when it is not whole.
std::size_t transport_header_size(base::ByteView packet, std::size_t transport,
                                  std::uint8_t protocol) noexcept {
    std::size_t size = kUdpHeader;
    if (protocol == IPPROTO_TCP) {
        if (packet.size() < transport + kTcpHeaderMin) {
            return 0;
        }
        size = std::to_integer<std::size_t>(packet[transport + kTcpDataOffset] >> 4) * 4;
        size = size < kTcpHeaderMin ? packet.size() : size;
    }
    return packet.size() < transport + size ? 0 : size;
}

void store(base::MutableBytes at, std::uint16_t value) noexcept {
    at[0] = static_cast<std::byte>(value >> 8);
    at[1] = static_cast<std::byte>(value);
}

/// Section 5.1.6.2: the sum from `start` to the end, over the pseudo-header's in the field itself.
void complete_generic(base::MutableBytes packet, std::size_t start, std::size_t field) noexcept {
    const std::uint16_t checksum = net::internet_checksum(packet.subspan(start));
    // For UDP zero would say "none"; for everybody else the two are equal.
    store(packet.subspan(field, 2), checksum == 0 ? std::uint16_t{0xffff} : checksum);
}

std::optional<net::Offload> parse_single(const VirtioHeader& header,
                                         base::MutableBytes packet) noexcept {
    if ((header.flags & VirtioHeader::kNeedsChecksum) == 0) {
        return net::Offload{};
    }
    const std::size_t start = header.checksum_start;
    const std::size_t field = start + header.checksum_offset;
    if (field + 2 > packet.size()) {
        return std::nullopt;
    }
    const std::uint8_t protocol = offloadable_protocol(packet, start);
    if (protocol == 0 || header.checksum_offset != net::checksum_field(protocol) ||
        transport_header_size(packet, start, protocol) == 0) {
        complete_generic(packet, start, field);
        return net::Offload{};
    }
    net::Offload offload;
    offload.checksum_partial = true;
    offload.transport_offset = header.checksum_start;
    return offload;
}

struct GsoKind {
    net::Segmentation segmentation;
    std::uint8_t protocol;
    unsigned version;  ///< Of IP; 0: either.
};

std::optional<GsoKind> gso_kind(std::uint8_t type) noexcept {
    switch (type & ~VirtioHeader::kGsoEcn) {
        case VirtioHeader::kGsoTcpV4:
            return GsoKind{net::Segmentation::Tcp, IPPROTO_TCP, 4};
        case VirtioHeader::kGsoTcpV6:
            return GsoKind{net::Segmentation::Tcp, IPPROTO_TCP, 6};
        case VirtioHeader::kGsoUdpL4:
            return GsoKind{net::Segmentation::Udp, IPPROTO_UDP, 0};
        default:
            return std::nullopt;
    }
}

std::optional<net::Offload> parse_super(const VirtioHeader& header,
                                        base::MutableBytes packet) noexcept {
    const auto kind = gso_kind(header.gso_type);
    const auto facts = net::parse_packet(packet);
    if (!kind || !facts || facts->is_fragment || facts->protocol != kind->protocol ||
        (kind->version != 0 && !is_version(packet, kind->version)) || header.segment_bytes == 0) {
        return std::nullopt;
    }
    const std::size_t transport = facts->header_size;
    const std::size_t headers = transport_header_size(packet, transport, kind->protocol);
    const bool partial = (header.flags & VirtioHeader::kNeedsChecksum) != 0;
    if (headers == 0 ||
        (partial && (header.checksum_start != transport ||
                     header.checksum_offset != net::checksum_field(kind->protocol)))) {
        return std::nullopt;
    }
    if (!partial) {
        net::begin_checksum(packet, transport, kind->protocol);
    }
    net::Offload offload;
    offload.checksum_partial = true;
    offload.transport_offset = static_cast<std::uint16_t>(transport);
    if (packet.size() - transport - headers > header.segment_bytes) {
        offload.segmentation = kind->segmentation;
        offload.segment_bytes = header.segment_bytes;
    }
    return offload;
}

/// The byte `index` of the frame's headers; zero when the first part does not reach so far.
std::byte header_byte(const net::TunFrame& frame, std::size_t index) noexcept {
    if (frame.parts.empty() || frame.parts[0].size() <= index) {
        return {};
    }
    return frame.parts[0][index];
}

void encode_tcp(const net::TunFrame& frame, VirtioHeader& header) noexcept {
    const std::size_t transport = frame.offload.transport_offset;
    const bool v4 = is_version(frame.parts.empty() ? base::ByteView{} : frame.parts[0], 4);
    header.gso_type = v4 ? VirtioHeader::kGsoTcpV4 : VirtioHeader::kGsoTcpV6;
    if ((header_byte(frame, transport + kTcpFlags) & kTcpCwr) != std::byte{}) {
        header.gso_type |= VirtioHeader::kGsoEcn;
    }
    const auto size =
        std::to_integer<std::size_t>(header_byte(frame, transport + kTcpDataOffset) >> 4) * 4;
    header.header_bytes = static_cast<std::uint16_t>(transport + std::max(size, kTcpHeaderMin));
}

/// The protocol of a single packet with a partial checksum.
std::uint8_t frame_protocol(const net::TunFrame& frame) noexcept {
    constexpr std::size_t kIpv4Protocol = 9;
    constexpr std::size_t kIpv6NextHeader = 6;
    const bool v4 = is_version(frame.parts.empty() ? base::ByteView{} : frame.parts[0], 4);
    return std::to_integer<std::uint8_t>(header_byte(frame, v4 ? kIpv4Protocol : kIpv6NextHeader));
}

}  // namespace

std::optional<net::Offload> parse_virtio_header(const VirtioHeader& header,
                                                base::MutableBytes packet) noexcept {
    return header.gso_type == VirtioHeader::kGsoNone ? parse_single(header, packet)
                                                     : parse_super(header, packet);
}

VirtioHeader encode_virtio_header(const net::TunFrame& frame) noexcept {
    VirtioHeader header{};
    const net::Offload& offload = frame.offload;
    if (!offload.checksum_partial) {
        return header;
    }
    const std::uint8_t protocol = frame_protocol(frame);
    header.flags = VirtioHeader::kNeedsChecksum;
    header.checksum_start = offload.transport_offset;
    header.checksum_offset = static_cast<std::uint16_t>(net::checksum_field(protocol));
    if (offload.segmentation == net::Segmentation::None) {
        return header;
    }
    header.segment_bytes = offload.segment_bytes;
    if (offload.segmentation == net::Segmentation::Tcp) {
        encode_tcp(frame, header);
    } else {
        header.gso_type = VirtioHeader::kGsoUdpL4;
        header.header_bytes = static_cast<std::uint16_t>(offload.transport_offset + kUdpHeader);
    }
    return header;
}

}  // namespace qe::host
