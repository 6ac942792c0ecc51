// SPDX-License-Identifier: Apache-2.0
//
// Stream: both halves of one bidirectional stream between the caller and ngtcp2 (RFC 9000, 2).
//
// The sending half keeps every byte until the peer has acknowledged it, because ngtcp2 retransmits
// from our memory. The receiving half collects in-order bytes until the caller fetches them; only
// then is the peer given new credit, so that a slow caller holds at most one window per stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include <ngtcp2/ngtcp2.h>

#include "quicether/base/bytes.h"

namespace qe::quic {

/// Bytes on their way to the peer: acknowledged ones are gone, sent ones are kept, unsent ones
/// wait.
class StreamSender {
  public:
    static constexpr std::size_t kVectorsMax = 8;
    using Vectors = std::array<ngtcp2_vec, kVectorsMax>;

    /// `fin`: nothing follows. Precondition: not finished().
    void append(base::ByteView bytes, bool fin);
    /// Fills `out` with the first unsent bytes and returns how many vectors it used.
    [[nodiscard]] std::size_t unsent(Vectors& out) const noexcept;
    /// ngtcp2 took `bytes` of what unsent() showed; with `fin_taken` the end of the stream too.
    void on_sent(std::size_t bytes, bool fin_taken) noexcept;
    /// The next `bytes` in stream order have arrived at the peer.
    void on_acknowledged(std::size_t bytes) noexcept;
    /// The sending half is dead (reset or refused): forget everything.
    void abandon() noexcept;

    /// Something is to be written: bytes, or the bare end of the stream.
    [[nodiscard]] bool has_unsent() const noexcept {
        return unsent_bytes_ > 0 || (finished_ && !fin_sent_);
    }
    [[nodiscard]] bool finished() const noexcept { return finished_; }
    [[nodiscard]] std::size_t unsent_bytes() const noexcept { return unsent_bytes_; }
    /// Unsent and unacknowledged bytes.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

  private:
    std::deque<base::Bytes> chunks_;
    std::size_t front_offset_ = 0;  ///< Acknowledged bytes of chunks_.front().
    std::size_t held_bytes_ = 0;
    std::size_t unsent_bytes_ = 0;
    bool finished_ = false;
    bool fin_sent_ = false;
};

struct Stream {
    StreamSender sender;
    base::Bytes received;  ///< In order, not fetched yet.
    bool received_fin = false;
    bool received_reset = false;
    bool news = false;      ///< Listed for the caller.
    bool blocked = false;   ///< Waits for the peer's stream credit.
    bool sendable = false;  ///< Listed for the writer.
    bool gone = false;      ///< ngtcp2 has closed it; erased once the caller fetched the rest.
};

}  // namespace qe::quic
