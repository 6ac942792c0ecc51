// SPDX-License-Identifier: Apache-2.0
//
// ReceiveArena: where received overlay datagrams lie between two Endpoint::clear_datagrams().
//
// ngtcp2 shows a datagram only during its callback, so it is copied once, here, where the caller
// may edit it in place. Chunks are kept and reused: once warm, receiving allocates nothing. Bounded
// by kReceivedDatagramBytesMax; what does not fit is dropped and counted by the caller.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/quic/types.h"

namespace qe::quic {

class ReceiveArena {
  public:
    /// False when the arena is full.
    bool push(ConnectionHandle connection, base::ByteView datagram, bool early);
    [[nodiscard]] std::span<const ReceivedDatagram> entries() const noexcept { return entries_; }
    void clear() noexcept;

  private:
    static constexpr std::size_t kChunkBytes = 256U << 10;
    static constexpr std::size_t kChunksMax = kReceivedDatagramBytesMax / kChunkBytes;
    /// Tiny datagrams must not make the index grow without bound.
    static constexpr std::size_t kEntriesMax = kReceivedDatagramBytesMax / 32;

    std::vector<std::unique_ptr<std::byte[]>> chunks_;
    std::size_t chunk_ = 0;  ///< The chunk being filled.
    std::size_t used_ = 0;   ///< Bytes used in it.
    std::vector<ReceivedDatagram> entries_;
};

}  // namespace qe::quic
