// SPDX-License-Identifier: Apache-2.0
#include "node/links/message_framer.h"

#include "quicether/base/assert.h"

namespace qe::node {
namespace {

constexpr std::size_t kLengthSize = 2;
/// Room for one unfinished message and for what one flow-control window may bring on top.
constexpr std::size_t kBufferMax = 256U << 10;

}  // namespace

base::Status MessageFramer::handle_bytes(base::ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
    read_ = 0;
    if (buffer_.size() + bytes.size() > kBufferMax) {
        return base::fail(base::ErrorCode::kTooLarge, "control stream buffer full");
    }
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return {};
}

base::Result<std::optional<base::ByteView>> MessageFramer::poll_message() {
    base::ByteReader reader(base::ByteView(buffer_).subspan(read_));
    const std::uint16_t size = reader.u16();
    if (!reader.ok()) {
        return std::optional<base::ByteView>();
    }
    if (size == 0) {
        return base::fail(base::ErrorCode::kMalformed, "empty control message");
    }
    if (size > kPeerMessageBytesMax) {
        return base::fail(base::ErrorCode::kTooLarge, "control message too large");
    }
    const base::ByteView message = reader.take(size);
    if (!reader.ok()) {
        return std::optional<base::ByteView>();
    }
    read_ += kLengthSize + size;
    return std::optional<base::ByteView>(message);
}

base::Bytes frame_message(base::ByteView message) {
    QE_ASSERT(!message.empty() && message.size() <= kPeerMessageBytesMax);
    base::Bytes framed(kLengthSize + message.size());
    base::ByteWriter writer(framed);
    writer.u16(static_cast<std::uint16_t>(message.size()));
    writer.bytes(message);
    return framed;
}

}  // namespace qe::node
