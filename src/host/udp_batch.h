// SPDX-License-Identifier: Apache-2.0
//
// UdpBatch: the buffers that recvmmsg(2) fills, allocated once and shared by both sockets.
//
// Each slot takes a whole GRO block (64 KiB). What receive() hands out are views into these slots,
// valid until the next receive().
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include <sys/socket.h>

#include "host/udp_ancillary.h"
#include "quicether/base/bytes.h"
#include "quicether/net/datagram.h"

namespace qe::host {

class UdpBatch {
  public:
    static constexpr std::size_t kSlots = 16;
    static constexpr std::size_t kSlotBytes = 65'536;

    UdpBatch();
    UdpBatch(const UdpBatch&) = delete;
    UdpBatch& operator=(const UdpBatch&) = delete;

    /// The message headers, reset for another recvmmsg.
    [[nodiscard]] std::span<mmsghdr> prepare() noexcept;
    /// What message `index` brought: its bytes, its sender.
    [[nodiscard]] base::ByteView payload(std::size_t index) const noexcept;
    [[nodiscard]] const sockaddr_storage& sender(std::size_t index) const noexcept {
        return senders_[index];
    }
    [[nodiscard]] const mmsghdr& message(std::size_t index) const noexcept {
        return messages_[index];
    }

    /// The parsed result of the last receive; the socket fills it.
    void clear_received() noexcept { received_size_ = 0; }
    void add_received(const net::ReceivedDatagrams& datagrams) noexcept;
    [[nodiscard]] std::span<const net::ReceivedDatagrams> received() const noexcept {
        return std::span(received_).first(received_size_);
    }

  private:
    /// Slots a power of two apart would compete for the same cache sets.
    static constexpr std::size_t kStride = kSlotBytes + 1088;

    /// Not zeroed: an idle daemon receives into a page or two and has no others in memory.
    std::unique_ptr<std::byte[]> arena_;
    std::array<mmsghdr, kSlots> messages_{};
    std::array<iovec, kSlots> vectors_{};
    std::array<sockaddr_storage, kSlots> senders_{};
    alignas(cmsghdr) std::array<std::array<std::byte, kAncillaryBytes>, kSlots> ancillary_{};
    std::array<net::ReceivedDatagrams, kSlots> received_{};
    std::size_t received_size_ = 0;
};

}  // namespace qe::host
