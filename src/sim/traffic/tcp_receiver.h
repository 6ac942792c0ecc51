// SPDX-License-Identifier: Apache-2.0
//
// TcpReceiver: the receiving half of a reliable flow. Puts ranges in order and says what to
// acknowledge: at once when something is missing or was marked, else every other segment
// (RFC 5681, section 4.2).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/traffic/tcp_sender.h"

namespace qe::sim {

class TcpReceiver {
  public:
    /// A range arrived; returns how many bytes are now in order that were not before.
    std::uint64_t handle(const StreamRange& range);
    /// The packet carried CE, or the sender said that it heeded the mark.
    void handle_mark() noexcept { echoing_mark_ = true; }
    void handle_window_reduced() noexcept { echoing_mark_ = false; }

    /// Whether an acknowledgement must not wait for the delay.
    [[nodiscard]] bool urgent() const noexcept { return urgent_; }
    [[nodiscard]] bool pending() const noexcept { return unacknowledged_ > 0; }
    /// What to say now, most recent range first (RFC 2018); nothing is pending then.
    [[nodiscard]] TcpAck take_ack(std::size_t blocks_max);

  private:
    std::uint64_t upto_ = 0;
    std::map<std::uint64_t, std::uint64_t> islands_;  ///< Begin → end, above `upto_`.
    std::uint64_t latest_ = 0;                        ///< Where the last island grew.
    unsigned unacknowledged_ = 0;
    bool urgent_ = false;
    bool echoing_mark_ = false;
};

}  // namespace qe::sim
