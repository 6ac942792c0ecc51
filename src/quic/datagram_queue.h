// SPDX-License-Identifier: Apache-2.0
//
// DatagramQueue: the overlay datagrams of one connection that wait for the congestion window.
//
// A ring of bytes, each datagram contiguous in it, so that ngtcp2 encrypts straight out of the
// ring: one copy between the caller and the packet. The ring starts small, doubles up to the bound
// and is kept, so a warm queue allocates nothing. A datagram that does not fit is refused
// (drop-tail); a fair queue is the business of the caller, which sees the fill level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "quicether/base/bytes.h"

namespace qe::quic {

class DatagramQueue {
  public:
    explicit DatagramQueue(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

    /// Appends the concatenation of `parts`; `token` is the caller's. False, queue unchanged, when
    /// it is full.
    bool push(std::span<const base::ByteView> parts, std::uint32_t token = 0);
    /// Valid until the next push() or pop(). Precondition: not empty.
    [[nodiscard]] base::ByteView front() const noexcept;
    [[nodiscard]] std::uint32_t front_token() const noexcept;  ///< Precondition: not empty.
    /// Precondition: not empty.
    void pop() noexcept;
    void clear() noexcept;

    [[nodiscard]] bool empty() const noexcept { return entries_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_; }
    /// Payload bytes that wait, without the queue's own headers.
    [[nodiscard]] std::size_t bytes() const noexcept { return payload_bytes_; }

  private:
    /// Goes before each datagram; a length of kSkip says "go on at offset 0".
    struct Header {
        std::uint32_t length = 0;
        std::uint32_t token = 0;
    };
    static constexpr std::size_t kHeader = sizeof(Header);
    static constexpr std::uint32_t kSkip = UINT32_MAX;

    [[nodiscard]] bool make_room(std::size_t record);
    [[nodiscard]] bool fits(std::size_t record) const noexcept;
    [[nodiscard]] bool grow(std::size_t record);
    [[nodiscard]] Header header_at(std::size_t offset) const noexcept;
    [[nodiscard]] std::uint32_t length_at(std::size_t offset) const noexcept {
        return header_at(offset).length;
    }
    void write_header(std::size_t offset, Header header) noexcept;
    void skip_to_start() noexcept;

    std::size_t bytes_max_;
    std::unique_ptr<std::byte[]> ring_;
    std::size_t capacity_ = 0;
    std::size_t head_ = 0;  ///< Where front()'s header is.
    std::size_t tail_ = 0;  ///< Where the next header goes.
    std::size_t entries_ = 0;
    std::size_t payload_bytes_ = 0;
};

}  // namespace qe::quic
