// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/coalescer.h"

#include <algorithm>
#include <cstring>

#include "net/header_fields.h"
#include "net/partial_checksum.h"
#include "net/tcp_fields.h"
#include "net/wire_words.h"
#include "quicether/net/checksum.h"

namespace qe::net {

/// A packet as add() got it, with what is needed to compare it.
struct Coalescer::Candidate {
    const Lane& lane;
    const PacketFacts& facts;
    base::MutableBytes bytes;
    bool is_tcp = false;
    bool is_partial = false;        ///< Its checksum is, and the field is there.
    bool ends_frame = false;        ///< PSH.
    std::uint16_t header_size = 0;  ///< IP and transport; 0: passes alone.
    std::uint16_t payload_size = 0;
};

namespace {

using base::MutableBytes;

constexpr std::size_t kItemsMin = 64;
/// In the word of data offset, flags and window.
constexpr std::uint32_t kFlagsWordPsh = std::uint32_t{tcp::kPsh} << 16;

bool is_v4(const std::byte* packet) noexcept { return (packet[0] >> 4) == std::byte{4}; }

bool same_addresses(const std::byte* a, const std::byte* b) noexcept {
    if (is_v4(a) != is_v4(b)) {
        return false;
    }
    return is_v4(a)
               ? load<std::uint64_t>(a + ipv4::kSource) == load<std::uint64_t>(b + ipv4::kSource)
               : std::memcmp(a + ipv6::kSource, b + ipv6::kSource, 32) == 0;
}

/// Traffic class, hop limit, DF, IPv6 flow label. Without DF the identification must count up, as
/// whoever cuts the frame again will make it do. Neither packet has IPv4 options.
bool same_ip_fields(const std::byte* first, const std::byte* next, std::size_t distance) noexcept {
    if (!is_v4(first)) {
        return load<std::uint32_t>(first) == load<std::uint32_t>(next) &&
               first[ipv6::kHopLimit] == next[ipv6::kHopLimit];
    }
    if (load<std::uint16_t>(first) != load<std::uint16_t>(next) ||
        load<std::uint32_t>(first + ipv4::kFragment) !=
            load<std::uint32_t>(next + ipv4::kFragment)) {
        return false;
    }
    const auto expected =
        static_cast<std::uint16_t>(load_be16(first + ipv4::kIdentification) + distance);
    return (load_be16(first + ipv4::kFragment) & ipv4::kDontFragment) != 0 ||
           load_be16(next + ipv4::kIdentification) == expected;
}

/// Acknowledgement, flags but PSH, window and options of two headers of one size.
bool same_tcp_fields(const std::byte* first, const std::byte* next, std::size_t size) noexcept {
    const std::uint32_t flags =
        load_be32(first + tcp::kDataOffset) ^ load_be32(next + tcp::kDataOffset);
    std::uint32_t difference =
        (flags & ~kFlagsWordPsh) |
        (load<std::uint32_t>(first + tcp::kAcknowledgement) ^
         load<std::uint32_t>(next + tcp::kAcknowledgement)) |
        (load<std::uint16_t>(first + tcp::kUrgent) ^ load<std::uint16_t>(next + tcp::kUrgent));
    for (std::size_t at = tcp::kHeaderMin; at < size; at += sizeof(difference)) {
        difference |= load<std::uint32_t>(first + at) ^ load<std::uint32_t>(next + at);
    }
    return difference == 0;
}

/// Size of the transport header if the packet may be merged at all; 0 if not.
std::size_t mergeable_tcp(const std::byte* tcp, std::size_t size) noexcept {
    const auto header = std::to_integer<std::size_t>(tcp[tcp::kDataOffset] >> 4) * 4;
    const auto flags = std::to_integer<unsigned>(tcp[tcp::kFlags]);
    const bool is_plain = (flags & ~unsigned{tcp::kPsh}) == tcp::kAck;
    return is_plain && header >= tcp::kHeaderMin && header < size ? header : 0;
}

std::size_t mergeable_udp(const std::byte* udp, std::size_t size) noexcept {
    return size > udp::kHeader && load_be16(udp + udp::kLength) == size ? udp::kHeader : 0;
}

}  // namespace

bool Coalescer::add(const Lane& lane, MutableBytes packet, const PacketFacts& facts,
                    bool checksum_partial) {
    if (packets_ == kPacketsMax) {
        return false;
    }
    ++packets_;
    Candidate candidate{lane, facts, packet};
    candidate.is_tcp = facts.protocol == protocol::kTcp;
    if (!facts.has_ports || (!candidate.is_tcp && facts.protocol != protocol::kUdp)) {
        if (!facts.has_ports) {
            close_between_hosts(candidate);
        }
        start(candidate);
        return true;
    }
    const std::size_t field_end = facts.header_size + checksum_field(facts.protocol) + 2;
    candidate.is_partial = checksum_partial && packet.size() >= field_end;
    if (!lane.takes.checksum) {
        if (candidate.is_partial) {
            complete_checksum(packet, facts.header_size, facts.protocol);
            candidate.is_partial = false;
        }
        start(candidate);
        return true;
    }
    if (candidate.is_tcp ? lane.takes.tcp : lane.takes.udp) {
        add_of_flow(candidate);
    } else {
        start(candidate);
    }
    return true;
}

void Coalescer::add_of_flow(Candidate& packet) {
    const std::size_t ip_header = packet.facts.header_size;
    const std::byte* const transport = packet.bytes.data() + ip_header;
    const std::size_t size = packet.bytes.size() - ip_header;
    const bool has_options = packet.facts.family() == Family::V4 && ip_header != kIpv4HeaderMin;
    const std::size_t transport_header =
        !packet.is_partial || has_options || packet.bytes.size() > kPacketBytesMax ? 0
        : packet.is_tcp ? (size < tcp::kHeaderMin ? 0 : mergeable_tcp(transport, size))
                        : mergeable_udp(transport, size);
    if (transport_header != 0) {
        packet.header_size = static_cast<std::uint16_t>(ip_header + transport_header);
        packet.payload_size = static_cast<std::uint16_t>(size - transport_header);
        packet.ends_frame =
            packet.is_tcp && (transport[tcp::kFlags] & std::byte{tcp::kPsh}) != std::byte{0};
    }
    const std::size_t place = find_open(packet);
    if (place != open_count_) {
        if (packet.header_size != 0 && may_append(open_[order_[place]], packet)) {
            append(place, packet);
            return;
        }
        close(place);
    }
    start(packet);
    if (packet.header_size != 0 && !packet.ends_frame) {
        open_last(packet);
    }
}

std::size_t Coalescer::find_open(const Candidate& packet) const noexcept {
    std::size_t place = 0;
    for (; place < open_count_; ++place) {
        const Open& open = open_[order_[place]];
        if (open.flow_hash == packet.facts.flow_hash && open.lane == packet.lane.id &&
            heads_[open.frame].protocol == packet.facts.protocol &&
            same_addresses(open.first, packet.bytes.data()) &&
            load<std::uint32_t>(open.first + (is_v4(open.first) ? kIpv4HeaderMin : kIpv6Header)) ==
                load<std::uint32_t>(packet.bytes.data() + packet.facts.header_size)) {
            break;
        }
    }
    return place;
}

/// A packet without ports, a fragment for instance, may belong to any flow between its hosts.
void Coalescer::close_between_hosts(const Candidate& packet) noexcept {
    for (std::size_t place = open_count_; place-- > 0;) {
        const Open& open = open_[order_[place]];
        if (open.lane == packet.lane.id && same_addresses(open.first, packet.bytes.data())) {
            close(place);
        }
    }
}

bool Coalescer::may_append(const Open& open, const Candidate& packet) const noexcept {
    const Frame& frame = frames_[open.frame];
    const std::byte* const next = packet.bytes.data();
    if (packet.header_size != open.header_size || packet.payload_size > open.segment_bytes ||
        frame.frame.size + packet.payload_size > kPacketBytesMax ||
        !same_ip_fields(open.first, next, frame.packets)) {
        return false;
    }
    if (!packet.is_tcp) {
        return frame.packets < kUdpSegmentsMax;
    }
    const std::size_t ip_header = packet.facts.header_size;
    return load_be32(next + ip_header + tcp::kSequence) == open.next_sequence &&
           same_tcp_fields(open.first + ip_header, next + ip_header,
                           packet.header_size - ip_header);
}

void Coalescer::push_item(base::ByteView bytes, std::uint32_t frame) {
    if (packets_ > items_.size()) {
        items_.resize(std::max<std::size_t>(kItemsMin, 2 * items_.size()));
    }
    Item& item = items_[packets_ - 1];
    item.data = bytes.data();
    item.size = static_cast<std::uint32_t>(bytes.size());
    item.frame = frame;
}

void Coalescer::move_to_front(std::size_t place) noexcept {
    const std::uint8_t moved = order_[place];
    for (; place > 0; --place) {
        order_[place] = order_[place - 1];
    }
    order_[0] = moved;
}

void Coalescer::append(std::size_t place, const Candidate& packet) {
    move_to_front(place);
    Open& open = open_[order_[0]];
    Frame& frame = frames_[open.frame];
    push_item(packet.bytes.subspan(packet.header_size), open.frame);
    ++frame.packets;
    frame.frame.size += packet.payload_size;
    open.next_sequence += packet.payload_size;
    if (packet.ends_frame) {
        heads_[open.frame].packet[packet.facts.header_size + tcp::kFlags] |= std::byte{tcp::kPsh};
    }
    if (packet.ends_frame || packet.payload_size < open.segment_bytes) {
        close(0);
    }
}

void Coalescer::start(const Candidate& packet) {
    const auto index = static_cast<std::uint32_t>(frames_.size());
    push_item(packet.bytes, index);
    heads_.push_back({packet.bytes, 0, packet.payload_size, packet.facts.protocol});
    Frame& frame = frames_.emplace_back();
    frame.lane = packet.lane.id;
    frame.packets = 1;
    frame.flow_hash = packet.facts.flow_hash;
    frame.frame.size = packet.bytes.size();
    if (packet.is_partial) {
        frame.frame.offload.checksum_partial = true;
        frame.frame.offload.transport_offset = static_cast<std::uint16_t>(packet.facts.header_size);
    }
}

/// Makes the frame that was started last one that may grow, in place of the one longest unused.
void Coalescer::open_last(const Candidate& packet) noexcept {
    const std::size_t place = std::min(open_count_, kOpenMax - 1);
    open_count_ = place + 1;
    move_to_front(place);
    Open& open = open_[order_[0]];
    open.first = packet.bytes.data();
    open.lane = packet.lane.id;
    open.flow_hash = packet.facts.flow_hash;
    open.frame = static_cast<std::uint32_t>(frames_.size() - 1);
    open.header_size = packet.header_size;
    open.segment_bytes = packet.payload_size;
    if (packet.is_tcp) {
        open.next_sequence =
            load_be32(open.first + packet.facts.header_size + tcp::kSequence) + packet.payload_size;
    }
}

void Coalescer::close(std::size_t place) noexcept {
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(place);
    std::rotate(begin, begin + 1, order_.begin() + static_cast<std::ptrdiff_t>(open_count_));
    --open_count_;
}

std::span<const Coalescer::Frame> Coalescer::frames() {
    open_count_ = 0;
    if (finished_ != frames_.size()) {
        lay_out();
        for (; finished_ < frames_.size(); ++finished_) {
            finish(frames_[finished_], heads_[finished_]);
        }
    }
    return frames_;
}

/// Parts of a frame lie side by side in parts_, in the order of arrival.
void Coalescer::lay_out() {
    parts_.resize(std::max(parts_.size(), items_.size()));
    std::uint32_t begin = 0;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        heads_[i].placed = begin;
        frames_[i].frame.parts = std::span(parts_).subspan(begin, frames_[i].packets);
        begin += static_cast<std::uint32_t>(frames_[i].packets);
    }
    for (const Item& item : std::span(items_).first(packets_)) {
        parts_[heads_[item.frame].placed++] = {item.data, item.size};
    }
}

void Coalescer::finish(Frame& frame, const Head& head) noexcept {
    Offload& offload = frame.frame.offload;
    const std::size_t size = frame.frame.size;
    if (frame.packets > 1) {
        const bool is_tcp = head.protocol == protocol::kTcp;
        offload.segmentation = is_tcp ? Segmentation::Tcp : Segmentation::Udp;
        offload.segment_bytes = head.segment_bytes;
        std::byte* const ip = head.packet.data();
        if (is_v4(ip)) {
            store_be16(ip + ipv4::kTotalLength, static_cast<std::uint16_t>(size));
            store_be16(ip + ipv4::kChecksum, 0);
            store_be16(ip + ipv4::kChecksum, internet_checksum(head.packet.first(kIpv4HeaderMin)));
        } else {
            store_be16(ip + ipv6::kPayloadLength, static_cast<std::uint16_t>(size - kIpv6Header));
        }
        if (!is_tcp) {
            store_be16(ip + offload.transport_offset + udp::kLength,
                       static_cast<std::uint16_t>(size - offload.transport_offset));
        }
    }
    if (offload.checksum_partial) {
        begin_checksum(head.packet, offload.transport_offset, head.protocol,
                       size - offload.transport_offset);
    }
}

void Coalescer::clear() noexcept {
    packets_ = 0;
    heads_.clear();
    frames_.clear();
    finished_ = 0;
    open_count_ = 0;
}

}  // namespace qe::net
