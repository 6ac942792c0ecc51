// SPDX-License-Identifier: Apache-2.0
#include "host/udp_batch.h"

#include "quicether/base/assert.h"

namespace qe::host {

UdpBatch::UdpBatch() : arena_(std::make_unique_for_overwrite<std::byte[]>(kSlots * kStride)) {
    for (std::size_t i = 0; i < kSlots; ++i) {
        vectors_[i] = {arena_.get() + i * kStride, kSlotBytes};
        messages_[i].msg_hdr.msg_iov = &vectors_[i];
        messages_[i].msg_hdr.msg_iovlen = 1;
        messages_[i].msg_hdr.msg_name = &senders_[i];
        messages_[i].msg_hdr.msg_control = ancillary_[i].data();
    }
}

std::span<mmsghdr> UdpBatch::prepare() noexcept {
    for (mmsghdr& message : messages_) {
        message.msg_len = 0;
        message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
        message.msg_hdr.msg_controllen = kAncillaryBytes;
        message.msg_hdr.msg_flags = 0;
    }
    return messages_;
}

base::ByteView UdpBatch::payload(std::size_t index) const noexcept {
    return {arena_.get() + index * kStride, messages_[index].msg_len};
}

void UdpBatch::add_received(const net::ReceivedDatagrams& datagrams) noexcept {
    QE_ASSERT(received_size_ < kSlots);
    received_[received_size_++] = datagrams;
}

}  // namespace qe::host
