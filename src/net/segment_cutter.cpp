// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/segment_cutter.h"

#include <algorithm>
#include <cstring>

#include "net/header_fields.h"
#include "net/tcp_fields.h"
#include "net/wire_words.h"
#include "quicether/base/assert.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::net {

namespace {

using base::ByteView;
using base::ErrorCode;

/// RFC 8200, 4.1: the headers that may stand before TCP. A fragment's checksum is never partial.
bool is_extension(std::uint8_t next_header) noexcept {
    return next_header == protocol::kHopByHop || next_header == protocol::kRouting ||
           next_header == protocol::kDestinationOptions;
}

/// The protocol of the header at `transport_offset`, which the chain of headers must lead to.
base::Result<std::uint8_t> ipv6_protocol(ByteView packet, std::size_t transport_offset) noexcept {
    std::uint8_t next = get_u8(packet, ipv6::kNextHeader);
    std::size_t at = kIpv6Header;
    while (at < transport_offset && is_extension(next)) {
        next = get_u8(packet, at);
        at += (std::size_t{get_u8(packet, at + 1)} + 1) * 8;
    }
    if (at != transport_offset) {
        return base::fail(ErrorCode::kMalformed, "no IPv6 header leads to the transport offset");
    }
    return next;
}

base::Result<std::uint8_t> ipv4_protocol(ByteView packet, std::size_t transport_offset) noexcept {
    constexpr auto kFragmented = ipv4::kMoreFragments | ipv4::kOffsetMask;
    if (ipv4_header_size(packet) != transport_offset ||
        (get_u16(packet, ipv4::kFragment) & kFragmented) != 0) {
        return base::fail(ErrorCode::kMalformed, "no whole packet behind this IPv4 header");
    }
    return get_u8(packet, ipv4::kProtocol);
}

/// Header bytes up to the payload. All offsets below `transport_offset` + 8 may be read.
base::Result<std::size_t> header_size_of(ByteView packet, std::size_t transport_offset,
                                         std::uint8_t protocol) noexcept {
    if (protocol == protocol::kUdp) {
        return transport_offset + udp::kHeader;
    }
    if (packet.size() < transport_offset + tcp::kHeaderMin) {
        return base::fail(ErrorCode::kTruncated, "TCP header is cut");
    }
    const auto tcp_size =
        static_cast<std::size_t>(get_u8(packet, transport_offset + tcp::kDataOffset) >> 4) * 4;
    if (tcp_size < tcp::kHeaderMin) {
        return base::fail(ErrorCode::kMalformed, "TCP data offset below its header");
    }
    if (packet.size() < transport_offset + tcp_size) {
        return base::fail(ErrorCode::kTruncated, "TCP options are cut");
    }
    return transport_offset + tcp_size;
}

/// TCP or UDP, whichever the packet holds, if that is what `offload` says.
base::Result<std::uint8_t> protocol_of(ByteView packet, const Offload& offload) noexcept {
    const bool is_v4 = !packet.empty() && version_of(packet) == 4;
    if (packet.size() < (is_v4 ? kIpv4HeaderMin : kIpv6Header) ||
        packet.size() < offload.transport_offset + udp::kHeader) {
        return base::fail(ErrorCode::kTruncated, "packet ends before its transport header");
    }
    QE_TRY(const std::uint8_t protocol, is_v4 ? ipv4_protocol(packet, offload.transport_offset)
                                              : ipv6_protocol(packet, offload.transport_offset));
    const bool may_be_tcp = offload.segmentation != Segmentation::Udp;
    const bool may_be_udp = offload.segmentation != Segmentation::Tcp;
    if (!(protocol == protocol::kTcp && may_be_tcp) &&
        !(protocol == protocol::kUdp && may_be_udp)) {
        return base::fail(ErrorCode::kMalformed, "offload for another protocol");
    }
    return protocol;
}

/// Sequence numbers that count more than bytes, and pointers into them, stay together.
bool may_cut_tcp(ByteView packet, std::size_t transport_offset) noexcept {
    constexpr auto kWhole = tcp::kSyn | tcp::kRst | tcp::kUrg;
    return (get_u8(packet, transport_offset + tcp::kFlags) & kWhole) == 0;
}

}  // namespace

base::Result<SegmentCutter> SegmentCutter::make(ByteView packet, const Offload& offload) noexcept {
    SegmentCutter cutter;
    cutter.packet_ = packet;
    const bool is_super = offload.segmentation != Segmentation::None;
    if (is_super && (!offload.checksum_partial || offload.segment_bytes == 0)) {
        return base::fail(ErrorCode::kMalformed, "segmentation without a size or the checksum");
    }
    if (!offload.checksum_partial) {
        return cutter;
    }
    QE_TRY(const std::uint8_t protocol, protocol_of(packet, offload));
    QE_TRY(const std::size_t header, header_size_of(packet, offload.transport_offset, protocol));
    if (header > kHeaderBytesMax) {
        return base::fail(ErrorCode::kMalformed, "more headers than we cut off");
    }
    const std::size_t payload = packet.size() - header;
    cutter.header_size_ = static_cast<std::uint16_t>(header);
    cutter.transport_offset_ = offload.transport_offset;
    cutter.is_v4_ = version_of(packet) == 4;
    cutter.is_tcp_ = protocol == protocol::kTcp;
    cutter.is_hidden_ = !cutter.is_v4_ && offload.transport_offset != kIpv6Header;
    cutter.segment_bytes_ = static_cast<std::uint32_t>(
        is_super ? std::min<std::size_t>(offload.segment_bytes, payload) : payload);
    const bool may_cut = cutter.is_tcp_ ? may_cut_tcp(packet, offload.transport_offset) : is_super;
    if (may_cut && payload != 0) {
        cutter.next_ = header;
    }
    return cutter;
}

std::size_t SegmentCutter::next_payload(std::size_t packet_bytes_max) const noexcept {
    std::size_t size = std::min<std::size_t>(segment_bytes_, rest());
    if (is_tcp_ && packet_bytes_max > header_size_) {
        size = std::min<std::size_t>(size, packet_bytes_max - header_size_);
    }
    return size;
}

bool SegmentCutter::next_fits(std::size_t packet_bytes_max) const noexcept {
    if (next_ == 0) {
        return packet_.size() <= packet_bytes_max;
    }
    return header_size_ + next_payload(packet_bytes_max) <= packet_bytes_max;
}

Segment SegmentCutter::next(std::size_t packet_bytes_max) noexcept {
    QE_ASSERT(!done());
    const std::size_t size = next_ == 0 ? 0 : next_payload(packet_bytes_max);
    const bool is_first = next_ <= header_size_;
    if (next_ == 0 || (is_first && size == rest())) {
        return whole();
    }
    if (is_first) {
        begin();
    }
    const ByteView payload = packet_.subspan(next_, size);
    write_ip(header_size_ + size);
    if (is_tcp_) {
        write_tcp(is_first, size == rest());
    } else {
        store_be16(header_.data() + transport_offset_ + udp::kLength,
                   static_cast<std::uint16_t>(udp::kHeader + size));
    }
    if (is_hidden_) {
        write_checksum(payload);
    }
    next_ += size;
    ++index_;
    return {ByteView(header_.data(), header_size_), payload, !is_hidden_};
}

Segment SegmentCutter::whole() noexcept {
    next_ = packet_.size();
    if (!is_hidden_) {
        return {{}, packet_, header_size_ != 0};
    }
    begin();
    write_checksum(packet_.subspan(header_size_));
    return {ByteView(header_.data(), header_size_), packet_.subspan(header_size_), false};
}

void SegmentCutter::begin() noexcept {
    std::memcpy(header_.data(), packet_.data(), header_size_);
    if (is_v4_) {
        // RFC 1624, equation 3, up to what each segment adds.
        const auto without = [this](std::size_t at) {
            return static_cast<std::uint16_t>(~load_be16(packet_.data() + at));
        };
        ip_sum_ = ChecksumSum{without(ipv4::kChecksum)} + without(ipv4::kTotalLength) +
                  without(ipv4::kIdentification);
    }
}

void SegmentCutter::write_ip(std::size_t size) noexcept {
    if (!is_v4_) {
        store_be16(header_.data() + ipv6::kPayloadLength,
                   static_cast<std::uint16_t>(size - kIpv6Header));
        return;
    }
    const auto id =
        static_cast<std::uint16_t>(load_be16(packet_.data() + ipv4::kIdentification) + index_);
    const ChecksumSum sum = ip_sum_ + static_cast<ChecksumSum>(size) + id;
    store_be16(header_.data() + ipv4::kTotalLength, static_cast<std::uint16_t>(size));
    store_be16(header_.data() + ipv4::kIdentification, id);
    store_be16(header_.data() + ipv4::kChecksum, static_cast<std::uint16_t>(~checksum_fold(sum)));
}

void SegmentCutter::write_tcp(bool is_first, bool is_last) noexcept {
    const std::byte* const given = packet_.data() + transport_offset_;
    std::byte* const tcp = header_.data() + transport_offset_;
    const auto passed = static_cast<std::uint32_t>(next_ - header_size_);
    store_be32(tcp + tcp::kSequence, load_be32(given + tcp::kSequence) + passed);
    auto flags = std::to_integer<unsigned>(given[tcp::kFlags]);
    if (!is_first) {
        flags &= ~unsigned{tcp::kCwr};
    }
    if (!is_last) {
        flags &= ~unsigned{tcp::kFin | tcp::kPsh};
    }
    tcp[tcp::kFlags] = static_cast<std::byte>(flags);
}

void SegmentCutter::write_checksum(ByteView payload) noexcept {
    const std::uint8_t protocol = is_tcp_ ? protocol::kTcp : protocol::kUdp;
    const std::size_t field = transport_offset_ + checksum_field(protocol);
    const std::size_t header = header_size_ - transport_offset_;
    const auto given = load_be16(packet_.data() + field);
    const auto given_length = static_cast<std::uint16_t>(packet_.size() - transport_offset_);
    store_be16(header_.data() + field, 0);
    // The sender's pseudo-header counts, because a routing header may name another destination
    // (RFC 8200, 8.1); only its length is another.
    const ChecksumSum sum = ChecksumSum{given} + static_cast<std::uint16_t>(~given_length) +
                            static_cast<ChecksumSum>(header + payload.size()) +
                            checksum_sum(ByteView(header_).subspan(transport_offset_, header)) +
                            checksum_sum(payload);
    const auto checksum = static_cast<std::uint16_t>(~checksum_fold(sum));
    store_be16(header_.data() + field, checksum == 0 && !is_tcp_ ? 0xffff : checksum);
}

}  // namespace qe::net
