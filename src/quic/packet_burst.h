// SPDX-License-Identifier: Apache-2.0
//
// PacketBurst: equal-size packets of one flow, laid one after another for a single GSO send.
//
// All packets of a burst have the size of the first one except the last, which may be shorter, and
// share the first one's path and ECN mark. A packet that does not fit this rule ends the burst and
// is left to the caller (refused()), who sends it next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include <ngtcp2/ngtcp2.h>

#include "quic/sockaddr.h"
#include "quicether/base/bytes.h"
#include "quicether/net/datagram.h"

namespace qe::quic {

class PacketBurst {
  public:
    /// What the kernel takes in one UDP_SEGMENT send.
    static constexpr std::size_t kSegmentsMax = 64;
    static constexpr std::size_t kBytesMax = 65'000;

    /// `packet_max`: the largest packet that may come; `bytes_max`: the send quantum.
    PacketBurst(base::MutableBytes buffer, std::size_t packet_max, std::size_t bytes_max) noexcept
        : buffer_(buffer), packet_max_(packet_max), bytes_max_(std::min(bytes_max, kBytesMax)) {
        ngtcp2_path_storage_zero(&first_path_);
        ngtcp2_path_storage_zero(&path_);
    }

    /// Room for one more packet of any size is left.
    [[nodiscard]] bool open() const noexcept {
        return !closed_ && count_ < kSegmentsMax &&
               (count_ == 0 || (size_ < bytes_max_ && buffer_.size() - size_ >= packet_max_));
    }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Where the next packet, its path and its mark are to be written.
    [[nodiscard]] base::MutableBytes room() const noexcept {
        return buffer_.subspan(size_, std::min(packet_max_, buffer_.size() - size_));
    }
    [[nodiscard]] ngtcp2_path* path() noexcept {
        return count_ == 0 ? &first_path_.path : &path_.path;
    }
    [[nodiscard]] ngtcp2_pkt_info* info() noexcept { return count_ == 0 ? &first_info_ : &info_; }

    /// A packet of `size` bytes was written into room(). False: it belongs to another burst.
    [[nodiscard]] bool add(std::size_t size) noexcept {
        if (count_ > 0 && (size > segment_size_ || info_.ecn != first_info_.ecn ||
                           ngtcp2_path_eq(&path_.path, &first_path_.path) == 0)) {
            closed_ = true;
            return false;
        }
        if (count_ == 0) {
            segment_size_ = size;
        }
        closed_ = size < segment_size_;
        size_ += size;
        ++count_;
        return true;
    }

    /// The packet that add() refused.
    [[nodiscard]] net::TransmitDatagrams refused(std::size_t size) const noexcept {
        return {.flow = flow_of(path_.path),
                .ecn = static_cast<net::Ecn>(info_.ecn),
                .segment_size = size,
                .size = size};
    }
    [[nodiscard]] std::optional<net::TransmitDatagrams> result() const noexcept {
        if (count_ == 0) {
            return std::nullopt;
        }
        return net::TransmitDatagrams{.flow = flow_of(first_path_.path),
                                      .ecn = static_cast<net::Ecn>(first_info_.ecn),
                                      .segment_size = segment_size_,
                                      .size = size_};
    }

  private:
    base::MutableBytes buffer_;
    std::size_t packet_max_;
    std::size_t bytes_max_;
    ngtcp2_path_storage first_path_;
    ngtcp2_path_storage path_;
    ngtcp2_pkt_info first_info_{};
    ngtcp2_pkt_info info_{};
    std::size_t segment_size_ = 0;
    std::size_t size_ = 0;
    std::size_t count_ = 0;
    bool closed_ = false;
};

}  // namespace qe::quic
