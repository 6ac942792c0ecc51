// SPDX-License-Identifier: Apache-2.0
//
// SegmentCutter: cuts a super-packet into the IP packets it stands for, one at a time.
//
// Each segment is a header, written by the cutter, and a view of the payload: nothing is copied but
// the header, and the super-packet stays as it is. What changes from segment to segment are the
// lengths, the IPv4 identification and header checksum, and TCP's sequence number and flags (CWR in
// the first only, FIN and PSH in the last only), as Linux's own segmentation does it. Transport
// checksums are not computed: a segment says `checksum_partial`, and its field has no meaning. Only
// behind IPv6 extension headers, where a receiver does not find the field, they are: then even a
// packet that is not cut comes with a header of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/net/offload.h"

namespace qe::net {

/// One packet: `header` followed by `payload`. `header` is empty when the packet goes out as it is.
struct Segment {
    base::ByteView header;
    base::ByteView payload;
    bool checksum_partial = false;
    [[nodiscard]] std::size_t size() const noexcept { return header.size() + payload.size(); }
};

class SegmentCutter {
  public:
    SegmentCutter() = default;  ///< Of nothing: done().

    /// Views `packet`, which must parse (net::parse_packet) and outlive the cutter.
    /// Errors: kMalformed (offload and headers contradict each other), kTruncated.
    [[nodiscard]] static base::Result<SegmentCutter> make(base::ByteView packet,
                                                          const Offload& offload) noexcept;

    [[nodiscard]] bool done() const noexcept { return next_ == packet_.size(); }
    /// Bytes of payload (or of an uncut packet) not handed out yet.
    [[nodiscard]] std::size_t rest() const noexcept { return packet_.size() - next_; }
    /// Whether the next segment will fit `packet_bytes_max`. TCP with a partial checksum always
    /// does, because it can be cut anywhere, down to one byte of payload.
    [[nodiscard]] bool next_fits(std::size_t packet_bytes_max) const noexcept;
    /// The next segment: TCP no larger than `packet_bytes_max`, also a single TCP packet whose
    /// checksum is partial (a smaller cut than the sender's MSS is an ordinary TCP stream);
    /// anything else as large as it is. `header` is valid until the next call or move.
    /// Precondition: !done().
    [[nodiscard]] Segment next(std::size_t packet_bytes_max) noexcept;

  private:
    static constexpr std::size_t kHeaderBytesMax = 128;  ///< 60 + 60 for IPv4 and TCP.

    [[nodiscard]] std::size_t next_payload(std::size_t packet_bytes_max) const noexcept;
    [[nodiscard]] Segment whole() noexcept;
    void begin() noexcept;
    void write_ip(std::size_t size) noexcept;
    void write_tcp(bool is_first, bool is_last) noexcept;
    void write_checksum(base::ByteView payload) noexcept;

    base::ByteView packet_;
    std::size_t next_ = 0;  ///< Offset of the payload to come; 0: goes out whole.
    std::uint32_t segment_bytes_ = 0;
    std::uint32_t ip_sum_ = 0;       ///< Of the IPv4 header without what changes.
    std::uint16_t header_size_ = 0;  ///< IP and transport header; 0: nothing is left undone.
    std::uint16_t transport_offset_ = 0;
    std::uint16_t index_ = 0;  ///< Segments handed out.
    bool is_v4_ = false;
    bool is_tcp_ = false;
    bool is_hidden_ = false;  ///< Behind IPv6 extension headers.
    std::array<std::byte, kHeaderBytesMax> header_{};
};

}  // namespace qe::net
