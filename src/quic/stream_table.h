// SPDX-License-Identifier: Apache-2.0
//
// StreamTable: the streams of one connection, which of them can write and which have news.
//
// Streams are few (kStreamsMax a side) and serve control traffic. They take turns at writing, and
// a connection without stream data costs the packet writer one comparison.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>

#include "quic/stream.h"
#include "quicether/quic/types.h"

namespace qe::quic {

class StreamTable {
  public:
    /// Streams a peer may have open towards us at a time.
    static constexpr std::size_t kStreamsMax = 32;

    [[nodiscard]] Stream* find(StreamId id) noexcept;
    Stream& open(StreamId id);
    void clear() noexcept;

    // --- Writing -------------------------------------------------------------------------------
    /// To be called after anything that may have made the stream writable.
    void update_sendable(StreamId id, Stream& stream);
    [[nodiscard]] bool can_send() const noexcept { return !sendable_.empty(); }
    /// The stream whose turn it is. Precondition: can_send().
    [[nodiscard]] StreamId next_sender() const noexcept { return sendable_.front(); }
    /// Ends the turn of next_sender(); it queues up again when it has more.
    void end_turn();

    // --- News for the caller -------------------------------------------------------------------
    void mark_news(StreamId id, Stream& stream);
    [[nodiscard]] bool has_news() const noexcept { return !news_.empty(); }
    /// Takes the bytes and flags of the next stream with news; `connection` is left empty.
    [[nodiscard]] std::optional<StreamData> take_news();
    /// ngtcp2 has closed the stream.
    void on_closed(StreamId id);

  private:
    std::map<StreamId, Stream> streams_;
    std::deque<StreamId> sendable_;
    std::deque<StreamId> news_;
};

}  // namespace qe::quic
