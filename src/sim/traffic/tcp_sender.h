// SPDX-License-Identifier: Apache-2.0
//
// TcpSender: the sending half of a reliable flow, as a state machine over stream positions.
//
// Losses are found by what was selectively acknowledged above them (RFC 6675, three segments) and
// by the time at which later segments were sent (RFC 8985), else by the timeout. It knows nothing
// of packets: the flow asks poll() what to send.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "quicether/base/time.h"
#include "sim/traffic/rto.h"
#include "sim/traffic/tcp_window.h"

namespace qe::sim {

struct StreamRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< Exclusive.
    [[nodiscard]] std::uint64_t size() const noexcept { return end - begin; }
    friend bool operator==(const StreamRange&, const StreamRange&) = default;
};

/// What an acknowledgement says.
struct TcpAck {
    std::uint64_t upto = 0;  ///< First position that is missing.
    std::vector<StreamRange> sacked;
    std::uint64_t window_bytes = 0;
    bool congestion_seen = false;
};

class TcpSender {
  public:
    /// `total` bytes are to be sent; 0: without end.
    TcpSender(TcpControl control, std::size_t mss, std::uint64_t total);

    void handle_ack(base::Instant now, const TcpAck& ack);
    void handle_timeout(base::Instant now);
    /// When nothing was heard until then, handle_timeout is due.
    [[nodiscard]] base::Instant next_deadline() const noexcept { return deadline_; }

    /// What to send next, of at most `segments_max` full segments when it is new data, else one.
    [[nodiscard]] std::optional<StreamRange> poll(base::Instant now, std::size_t segments_max);
    /// Whether the next data segment is to say that a mark was heeded; once for each reduction.
    [[nodiscard]] bool take_window_reduced() noexcept;

    [[nodiscard]] std::size_t mss() const noexcept { return mss_; }
    [[nodiscard]] bool finished() const noexcept { return total_ != 0 && acked_ == total_; }
    [[nodiscard]] std::uint64_t acked() const noexcept { return acked_; }
    [[nodiscard]] std::uint64_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] std::uint64_t retransmissions() const noexcept { return retransmissions_; }
    [[nodiscard]] std::uint64_t timeouts() const noexcept { return timeouts_; }
    [[nodiscard]] const TcpWindow& window() const noexcept { return window_; }
    [[nodiscard]] const Rto& rto() const noexcept { return rto_; }

  private:
    struct Sent {
        std::uint64_t end = 0;
        base::Instant when;
        bool sacked = false;
        bool lost = false;
        bool again = false;  ///< Retransmitted: no round trip can be told from it (Karn).
    };
    using Segments = std::map<std::uint64_t, Sent>;

    void acknowledge_upto(base::Instant now, std::uint64_t upto);
    void mark_sacked(base::Instant now, const StreamRange& range);
    void on_delivered(base::Instant now, const Sent& segment);
    void find_losses();
    void lose(Segments::value_type& segment);
    void reduce_once();
    [[nodiscard]] std::optional<StreamRange> poll_lost(base::Instant now);
    [[nodiscard]] std::optional<StreamRange> poll_new(base::Instant now, std::size_t segments_max);
    void arm(base::Instant now);

    std::size_t mss_;
    std::uint64_t total_;
    TcpWindow window_;
    Rto rto_;
    Segments segments_;             ///< Not yet acknowledged, by first position.
    std::uint64_t acked_ = 0;       ///< SND.UNA
    std::uint64_t next_ = 0;        ///< SND.NXT
    std::uint64_t in_flight_ = 0;   ///< Bytes neither acknowledged nor taken for lost.
    std::uint64_t lost_bytes_ = 0;  ///< To be sent again.
    std::uint64_t sacked_top_ = 0;
    std::uint64_t recovery_end_ = 0;  ///< One reduction until this is acknowledged.
    std::uint64_t peer_window_ = 64U << 10;
    base::Instant newest_delivered_;  ///< Latest time of sending among the delivered.
    base::Instant deadline_ = base::Instant::never();
    bool window_reduced_ = false;
    std::uint64_t retransmissions_ = 0;
    std::uint64_t timeouts_ = 0;
};

}  // namespace qe::sim
