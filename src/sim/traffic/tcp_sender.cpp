// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/tcp_sender.h"

#include <algorithm>

namespace qe::sim {

TcpSender::TcpSender(TcpControl control, std::size_t mss, std::uint64_t total)
    : mss_(mss), total_(total), window_(control, mss) {}

void TcpSender::handle_ack(base::Instant now, const TcpAck& ack) {
    if (ack.upto > next_) {
        return;
    }
    const bool was_full = in_flight_ + 2 * mss_ >= window_.bytes();
    const std::uint64_t before = acked_;
    peer_window_ = ack.window_bytes;
    acknowledge_upto(now, ack.upto);
    for (const StreamRange& range : ack.sacked) {
        mark_sacked(now, range);
    }
    find_losses();
    if (ack.congestion_seen && acked_ >= recovery_end_) {
        reduce_once();
    } else if (acked_ > before && acked_ >= recovery_end_ && was_full) {
        window_.on_acked(now, acked_ - before, rto_.smoothed());
    } else if (acked_ > before && window_.in_slow_start()) {
        // After a timeout the window grows again while what was lost is repaired.
        window_.on_acked(now, acked_ - before, rto_.smoothed());
    }
    if (acked_ > before) {
        arm(now);
    }
}

void TcpSender::acknowledge_upto(base::Instant now, std::uint64_t upto) {
    while (!segments_.empty() && segments_.begin()->second.end <= upto) {
        const auto& [begin, sent] = *segments_.begin();
        if (sent.lost) {
            lost_bytes_ -= sent.end - begin;
        } else if (!sent.sacked) {
            in_flight_ -= sent.end - begin;
        }
        if (!sent.sacked) {
            on_delivered(now, sent);
        }
        segments_.erase(segments_.begin());
    }
    acked_ = std::max(acked_, upto);
}

void TcpSender::mark_sacked(base::Instant now, const StreamRange& range) {
    for (auto it = segments_.lower_bound(range.begin);
         it != segments_.end() && it->second.end <= range.end; ++it) {
        Sent& sent = it->second;
        if (sent.sacked) {
            continue;
        }
        (sent.lost ? lost_bytes_ : in_flight_) -= sent.end - it->first;
        sent.sacked = true;
        sent.lost = false;
        sacked_top_ = std::max(sacked_top_, sent.end);
        on_delivered(now, sent);
    }
}

void TcpSender::on_delivered(base::Instant now, const Sent& segment) {
    newest_delivered_ = std::max(newest_delivered_, segment.when);
    if (!segment.again) {
        rto_.add_sample(now - segment.when);
    }
}

void TcpSender::find_losses() {
    constexpr std::uint64_t kReordered = 3;  // DupThresh
    const base::Duration patience = rto_.smoothed() / 4;
    bool found = false;
    for (auto& segment : segments_) {
        Sent& sent = segment.second;
        if (segment.first >= sacked_top_) {
            break;
        }
        if (sent.sacked || sent.lost) {
            continue;
        }
        const bool overtaken = !sent.again && sent.end + kReordered * mss_ <= sacked_top_;
        if (overtaken || sent.when + patience < newest_delivered_) {
            lose(segment);
            found = true;
        }
    }
    if (found && acked_ >= recovery_end_) {
        reduce_once();
    }
}

void TcpSender::lose(Segments::value_type& segment) {
    const std::uint64_t size = segment.second.end - segment.first;
    segment.second.lost = true;
    in_flight_ -= size;
    lost_bytes_ += size;
}

void TcpSender::reduce_once() {
    window_.on_congestion();
    recovery_end_ = next_;
    window_reduced_ = true;
}

bool TcpSender::take_window_reduced() noexcept { return std::exchange(window_reduced_, false); }

void TcpSender::handle_timeout(base::Instant now) {
    ++timeouts_;
    rto_.on_timeout();
    for (auto& segment : segments_) {
        if (!segment.second.sacked && !segment.second.lost) {
            lose(segment);
        }
    }
    window_.on_timeout();
    recovery_end_ = next_;
    deadline_ = now + rto_.timeout();
}

std::optional<StreamRange> TcpSender::poll(base::Instant now, std::size_t segments_max) {
    // One segment may always be under way, even if the window shrank below it.
    if (in_flight_ > 0 && in_flight_ + mss_ > window_.bytes()) {
        return std::nullopt;
    }
    auto range = lost_bytes_ > 0 ? poll_lost(now) : poll_new(now, segments_max);
    if (range) {
        in_flight_ += range->size();
        if (deadline_.is_never()) {
            arm(now);
        }
    }
    return range;
}

std::optional<StreamRange> TcpSender::poll_lost(base::Instant now) {
    const auto it = std::ranges::find_if(segments_, [](const auto& s) { return s.second.lost; });
    if (it == segments_.end()) {
        return std::nullopt;
    }
    Sent& sent = it->second;
    sent.lost = false;
    sent.again = true;
    sent.when = now;
    lost_bytes_ -= sent.end - it->first;
    ++retransmissions_;
    return StreamRange{it->first, sent.end};
}

std::optional<StreamRange> TcpSender::poll_new(base::Instant now, std::size_t segments_max) {
    const std::uint64_t room = window_.bytes() > in_flight_ ? window_.bytes() - in_flight_ : mss_;
    const std::uint64_t left = total_ == 0 ? room : total_ - next_;
    const std::uint64_t allowed = acked_ + peer_window_ > next_ ? acked_ + peer_window_ - next_ : 0;
    const std::uint64_t whole = std::max<std::uint64_t>(room / mss_, 1) * mss_;
    const std::uint64_t size = std::min({whole, left, allowed, segments_max * mss_});
    if (size == 0 || (size < mss_ && size < left)) {
        return std::nullopt;
    }
    const StreamRange range{next_, next_ + size};
    for (; next_ < range.end; next_ = std::min(next_ + mss_, range.end)) {
        segments_[next_] = {std::min(next_ + mss_, range.end), now};
    }
    return range;
}

void TcpSender::arm(base::Instant now) {
    deadline_ = segments_.empty() ? base::Instant::never() : now + rto_.timeout();
}

}  // namespace qe::sim
