// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/fragmenter.h"

#include <algorithm>

#include "quicether/base/assert.h"

namespace qe::overlay {

namespace {

constexpr std::size_t kPacketBytesMax = 0xffff;
constexpr std::size_t kPiecesMin = 2;

constexpr std::size_t divide_up(std::size_t a, std::size_t b) noexcept { return (a + b - 1) / b; }

}  // namespace

FragmentPlan::Piece FragmentPlan::piece(std::size_t index) const noexcept {
    QE_ASSERT(index < count_);
    const std::size_t offset = index * piece_size_;
    Piece piece;
    piece.header.type = DatagramType::Fragment;
    piece.header.fragment.id = id_;
    piece.header.fragment.offset = static_cast<std::uint16_t>(offset);
    piece.header.fragment.total = static_cast<std::uint16_t>(packet_.size());
    piece.payload = packet_.subspan(offset, std::min(piece_size_, packet_.size() - offset));
    return piece;
}

base::Result<FragmentPlan> Fragmenter::cut(base::ByteView packet,
                                           std::size_t datagram_bytes_max) noexcept {
    using base::ErrorCode;
    if (packet.size() < kPiecesMin) {
        return base::fail(ErrorCode::kInvalidArgument, "nothing to cut");
    }
    if (packet.size() > kPacketBytesMax || datagram_bytes_max <= kDatagramHeaderMax) {
        return base::fail(ErrorCode::kTooLarge, "packet cannot be cut for this path");
    }
    const std::size_t room = datagram_bytes_max - kDatagramHeaderMax;
    const std::size_t pieces = std::max(divide_up(packet.size(), room), kPiecesMin);
    if (pieces > kFragmentsMax) {
        return base::fail(ErrorCode::kTooLarge, "packet would make too many fragments");
    }
    FragmentPlan plan;
    plan.packet_ = packet;
    plan.id_ = next_id_++;
    plan.piece_size_ = divide_up(packet.size(), pieces);
    plan.count_ = divide_up(packet.size(), plan.piece_size_);  // rounding up may have saved one
    return plan;
}

}  // namespace qe::overlay
