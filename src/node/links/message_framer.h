// SPDX-License-Identifier: Apache-2.0
//
// MessageFramer: cuts the byte stream of a control stream into messages.
//
// Each message stands behind its length, 2 bytes big-endian, 1 … kPeerMessageBytesMax. Holds at
// most one unfinished message. After an error the stream is beyond repair and must be closed.
#pragma once

#include <optional>

#include "node/links/peer_message.h"
#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::node {

class MessageFramer {
  public:
    /// Appends received bytes. Errors: kTooLarge when the caller lets messages pile up.
    base::Status handle_bytes(base::ByteView bytes);

    /// The next whole message (without its length); the view is valid until the next call of any
    /// member. Errors: kTooLarge or kMalformed for a length outside the bounds.
    [[nodiscard]] base::Result<std::optional<base::ByteView>> poll_message();

    /// Bytes of an unfinished message: not zero at the end of a stream means truncation.
    [[nodiscard]] std::size_t bytes_held() const noexcept { return buffer_.size() - read_; }

  private:
    base::Bytes buffer_;
    std::size_t read_ = 0;
};

/// `message` behind its length.
[[nodiscard]] base::Bytes frame_message(base::ByteView message);

}  // namespace qe::node
