// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/tcp_receiver.h"

#include <algorithm>
#include <utility>

namespace qe::sim {
namespace {

constexpr std::uint64_t kWindow = 16U << 20;

}  // namespace

std::uint64_t TcpReceiver::handle(const StreamRange& range) {
    constexpr unsigned kEveryOther = 2;
    ++unacknowledged_;
    urgent_ = urgent_ || unacknowledged_ >= kEveryOther || range.begin != upto_ ||
              !islands_.empty() || echoing_mark_;
    if (range.end <= upto_) {
        return 0;
    }
    std::uint64_t begin = std::max(range.begin, upto_);
    std::uint64_t end = range.end;
    auto it = islands_.upper_bound(begin);
    if (it != islands_.begin() && std::prev(it)->second >= begin) {
        --it;
    }
    while (it != islands_.end() && it->first <= end) {
        begin = std::min(begin, it->first);
        end = std::max(end, it->second);
        it = islands_.erase(it);
    }
    if (begin > upto_) {
        islands_[begin] = end;
        latest_ = begin;
        return 0;
    }
    return end - std::exchange(upto_, end);
}

TcpAck TcpReceiver::take_ack(std::size_t blocks_max) {
    TcpAck ack{upto_, {}, kWindow, echoing_mark_};
    if (const auto latest = islands_.find(latest_); latest != islands_.end()) {
        ack.sacked.push_back({latest->first, latest->second});
    }
    for (auto it = islands_.rbegin(); it != islands_.rend() && ack.sacked.size() < blocks_max;
         ++it) {
        if (it->first != latest_) {
            ack.sacked.push_back({it->first, it->second});
        }
    }
    unacknowledged_ = 0;
    urgent_ = false;
    return ack;
}

}  // namespace qe::sim
