// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/packer.h"

#include <algorithm>

namespace qe::overlay {

std::size_t pack_run(std::span<const base::ByteView> packets, std::size_t datagram_bytes_max,
                     std::size_t header_bytes) noexcept {
    if (packets.empty() || datagram_bytes_max < header_bytes ||
        packets.front().size() > datagram_bytes_max - header_bytes) {
        return 0;
    }
    const std::size_t half = datagram_bytes_max / 2;
    if (packets.front().size() > half) {
        return 1;
    }
    std::size_t room = datagram_bytes_max - header_bytes - packets.front().size();
    const std::size_t count_max = std::min(packets.size(), kPackedPacketsMax);
    std::size_t count = 1;
    while (count < count_max && packets[count].size() <= std::min(half, room)) {
        room -= packets[count].size();
        ++count;
    }
    return count;
}

}  // namespace qe::overlay
