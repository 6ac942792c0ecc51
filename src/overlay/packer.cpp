// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/packer.h"

#include <algorithm>
#include <cstring>

#include "quicether/base/assert.h"

namespace qe::overlay {

void Packer::set_datagram_bytes_max(std::size_t bytes_max) {
    QE_ASSERT(empty());
    bytes_max_ = bytes_max;
    if (datagram_.size() < bytes_max) {
        datagram_.resize(bytes_max);
    }
}

bool Packer::add(base::ByteView header, base::ByteView payload, bool checksum_partial) {
    const std::size_t size = header.size() + payload.size();
    if (size > bytes_max_ / 2 || size > bytes_max_ - std::min(used_, bytes_max_) ||
        (packets_ > 0 && checksum_partial != checksum_partial_)) {
        return false;
    }
    if (packets_ == 0) {
        checksum_partial_ = checksum_partial;
        datagram_[0] = packets_header(checksum_partial);
    }
    for (const base::ByteView part : {header, payload}) {
        if (!part.empty()) {  // where memcpy may not be given null
            std::memcpy(datagram_.data() + used_, part.data(), part.size());
            used_ += part.size();
        }
    }
    ++packets_;
    return true;
}

base::ByteView Packer::take() noexcept {
    QE_ASSERT(!empty());
    const base::ByteView datagram = base::ByteView(datagram_).first(used_);
    used_ = kPacketsHeader;
    packets_ = 0;
    return datagram;
}

}  // namespace qe::overlay
