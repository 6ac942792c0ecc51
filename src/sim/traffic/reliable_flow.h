// SPDX-License-Identifier: Apache-2.0
//
// ReliableFlow: one direction of bulk data over TCP, both ends in one object: connection, segments
// with real headers, delayed acknowledgements, timers. No FIN: the flow just stops.
//
// What it sends fits the MTU of the sender's TUN device, less what the other end's SYN asks for,
// which the nodes on the way may have lowered.
#pragma once

#include "sim/traffic/flow.h"
#include "sim/traffic/tcp_receiver.h"
#include "sim/traffic/tcp_segment.h"
#include "sim/traffic/tcp_sender.h"

namespace qe::sim {

class ReliableFlow final : public Flow {
  public:
    using Flow::Flow;

    /// Null before the connection stands.
    [[nodiscard]] const TcpSender* tcp() const noexcept { return tcp_ ? &*tcp_ : nullptr; }

  private:
    void begin() override;

    // The end that sends data.
    void send_syn();
    void handle_at_sender(base::ByteView packet);
    void send_data();
    void send_range(const StreamRange& range);
    void schedule_timer();
    void handle_timer();

    // The end that receives it.
    void handle_at_receiver(base::ByteView packet);
    void take_data(const TcpSegment& segment);
    void send_ack();
    void schedule_ack();

    [[nodiscard]] std::uint16_t mss_of(Host& host) const;
    [[nodiscard]] TcpSegment new_segment() const;
    void send_from_receiver(const TcpSegment& segment);

    std::optional<TcpSender> tcp_;
    TcpReceiver receiver_state_;
    std::uint64_t received_ = 0;  ///< In order, for unwrapping.
    Rto syn_timer_;
    bool connected_ = false;
    bool timer_scheduled_ = false;
    bool ack_scheduled_ = false;
};

}  // namespace qe::sim
