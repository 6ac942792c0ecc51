// SPDX-License-Identifier: Apache-2.0
//
// Connection, part of: what the fate of large packets says of the path.
//
// Two faults look alike from the losses, a path that swallows large packets (BlackHole) and one
// that spoils segmented sends (OffloadTrial). They are told apart here: single large packets that
// arrive clear the size, single ones that die clear the segmentation.
#include "quic/connection.h"

namespace qe::quic {

void Connection::refresh_black_hole() {
    if (black_hole_.suspicious() && !offload_.suspects(now_)) {
        const auto pto =
            base::Duration(static_cast<std::int64_t>(ngtcp2_conn_get_pto2(conn_.get())));
        if (black_hole_.opens(now_, last_acknowledged_at_, pto)) {
            ++context_.counters.black_holes;
            offload_.acquit(now_);
        }
    }
    static_cast<void>(black_hole_.ends(now_));
}

void Connection::refresh_offload() {
    const std::uint32_t trials = offload_.trials();
    const bool was_off = offload_.off();
    offload_.update(now_);
    context_.counters.offload_trials += offload_.trials() - trials;
    context_.counters.offload_off += offload_.off() && !was_off ? 1U : 0U;
}

void Connection::on_datagram_fate(std::uint64_t id, bool lost) {
    if (const auto token = static_cast<std::uint32_t>(id >> kTokenShift); token != 0) {
        context_.fates.push_back({.connection = handle_, .token = token, .lost = lost});
    }
    if (const std::uint64_t large = id & UINT32_MAX; large != kSmallDatagram) {
        on_large_fate(large, lost);
    }
}

void Connection::on_large_fate(std::uint64_t id, bool lost) noexcept {
    if (lost) {
        black_hole_.on_large_lost(now_);
    } else {
        black_hole_.on_large_delivered();
    }
    const std::uint64_t kind = id & ((1U << kKindBits) - 1);
    const std::uint64_t burst = id >> kKindBits;
    constexpr std::uint64_t kNumberMask = (1ULL << (kTokenShift - kKindBits)) - 1;
    const bool recent = ((bursts_ - burst) & kNumberMask) <= kBurstsKept;
    const bool lone = kind == kLargeFirst && recent && !burst_grew_[burst % kBurstsKept];
    if (kind == kLargeSegmented) {
        offload_.on_segmented(now_, lost);
    } else if (kind == kLargeSingle || lone) {
        offload_.on_single(lost);
    }
}

std::size_t Connection::udp_payload_max() const noexcept {
    return black_hole_.retreating() ? NGTCP2_MAX_UDP_PAYLOAD_SIZE
                                    : ngtcp2_conn_get_max_tx_udp_payload_size2(conn_.get());
}

}  // namespace qe::quic
