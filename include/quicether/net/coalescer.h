// SPDX-License-Identifier: Apache-2.0
//
// Coalescer: makes super-packets out of the packets of one batch, the inverse of SegmentCutter.
//
// TCP segments of one flow that follow each other without a gap, and equal UDP datagrams of one
// flow, become one frame with one header, if whoever takes the frame can cut it again. Nothing is
// copied: a frame is a list of views. Order within a flow stays; a frame stands where its first
// packet stood. What may be merged follows Linux's GRO: equal addresses, ports, hop limit, traffic
// class (ECN too), IPv4 DF, IPv6 flow label, TCP options and acknowledgement number; only ACK and
// PSH flags (PSH ends a frame); equal payload sizes, a shorter one ends the frame; only packets
// whose checksum is partial, because a merged checksum cannot be told from a broken one. Packets
// with IPv4 options, IPv6 extension headers or fragments pass alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/net/offload.h"
#include "quicether/net/packet.h"

namespace qe::net {

/// Where a packet is going. Packets of different lanes are never merged.
struct Lane {
    std::uint64_t id = 0;
    TunOffloads takes;  ///< What the taker can do; the same for all packets of a lane.
};

class Coalescer {
  public:
    /// Packets between two clear(), beyond which add() refuses.
    static constexpr std::size_t kPacketsMax = 16'384;
    /// Segments of one UDP frame: UDP_MAX_SEGMENTS of kernels before 6.9.
    static constexpr std::size_t kUdpSegmentsMax = 64;

    struct Frame {
        std::uint64_t lane = 0;
        TunFrame frame;
        std::size_t packets = 0;  ///< How many it is made of.
        std::uint32_t flow_hash = 0;
    };

    /// Room for as many frames as there may be packets: a batch as large as none before allocates
    /// nothing.
    Coalescer() {
        items_.reserve(kPacketsMax);
        heads_.reserve(kPacketsMax);
        frames_.reserve(kPacketsMax);
        parts_.reserve(kPacketsMax);
    }

    /// Takes one packet with its facts. Its bytes stay until clear(), and may be changed: a frame's
    /// first header carries the lengths and checksum of the whole. A partial checksum is begun
    /// (pseudo-header sum) or completed, as the lane wants it; `checksum_partial` is ignored for
    /// packets that are neither TCP nor UDP with ports. False, nothing taken: kPacketsMax is met.
    bool add(const Lane& lane, base::MutableBytes packet, const PacketFacts& facts,
             bool checksum_partial);

    /// The frames so far, finished; valid until the next add() or clear().
    [[nodiscard]] std::span<const Frame> frames();
    [[nodiscard]] bool empty() const noexcept { return packets_ == 0; }
    void clear() noexcept;

  private:
    /// Frames that may grow, at one time.
    static constexpr std::size_t kOpenMax = 8;

    /// A part and its frame; not a ByteView, which goes through memory where two words go in
    /// registers.
    struct Item {
        const std::byte* data = nullptr;
        std::uint32_t size = 0;
        std::uint32_t frame = 0;
    };
    /// What finishing a frame takes.
    struct Head {
        base::MutableBytes packet;  ///< The first.
        std::uint32_t placed = 0;   ///< Parts laid out.
        std::uint16_t segment_bytes = 0;
        std::uint8_t protocol = 0;
    };
    /// A frame that may grow. The flow's fields are compared with the first packet's.
    struct Open {
        const std::byte* first = nullptr;
        std::uint64_t lane = 0;
        std::uint32_t flow_hash = 0;
        std::uint32_t frame = 0;
        std::uint32_t next_sequence = 0;  ///< TCP.
        std::uint16_t header_size = 0;    ///< IP and transport.
        std::uint16_t segment_bytes = 0;
    };
    struct Candidate;

    void add_of_flow(Candidate& packet);
    [[nodiscard]] std::size_t find_open(const Candidate& packet) const noexcept;
    void close_between_hosts(const Candidate& packet) noexcept;
    [[nodiscard]] bool may_append(const Open& open, const Candidate& packet) const noexcept;
    void append(std::size_t place, const Candidate& packet);
    void start(const Candidate& packet);
    void push_item(base::ByteView bytes, std::uint32_t frame);
    void move_to_front(std::size_t place) noexcept;
    void open_last(const Candidate& packet) noexcept;
    void close(std::size_t place) noexcept;
    void lay_out();
    void finish(Frame& frame, const Head& head) noexcept;

    std::size_t packets_ = 0;
    std::vector<Item> items_;  ///< In the order of arrival; packets_ of them, the rest is room.
    std::vector<Head> heads_;  ///< Parallel to frames_.
    std::vector<Frame> frames_;
    std::vector<base::ByteView> parts_;  ///< Frame by frame; grows only.
    std::size_t finished_ = 0;           ///< Frames finished.
    std::array<Open, kOpenMax> open_{};
    /// Places in open_: the open ones, last used first, then the free ones.
    std::array<std::uint8_t, kOpenMax> order_{0, 1, 2, 3, 4, 5, 6, 7};
    std::size_t open_count_ = 0;
};

}  // namespace qe::net
