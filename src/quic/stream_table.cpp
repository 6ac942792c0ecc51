// SPDX-License-Identifier: Apache-2.0
#include "quic/stream_table.h"

#include <utility>

namespace qe::quic {

Stream* StreamTable::find(StreamId id) noexcept {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : &found->second;
}

Stream& StreamTable::open(StreamId id) { return streams_[id]; }

void StreamTable::clear() noexcept {
    streams_.clear();
    sendable_.clear();
    news_.clear();
}

void StreamTable::update_sendable(StreamId id, Stream& stream) {
    if (!stream.sendable && !stream.blocked && !stream.gone && stream.sender.has_unsent()) {
        stream.sendable = true;
        sendable_.push_back(id);
    }
}

void StreamTable::end_turn() {
    const StreamId id = sendable_.front();
    sendable_.pop_front();
    if (Stream* const stream = find(id)) {
        stream->sendable = false;
        update_sendable(id, *stream);
    }
}

void StreamTable::mark_news(StreamId id, Stream& stream) {
    if (!stream.news) {
        stream.news = true;
        news_.push_back(id);
    }
}

std::optional<StreamData> StreamTable::take_news() {
    while (!news_.empty()) {
        const StreamId id = news_.front();
        news_.pop_front();
        Stream* const stream = find(id);
        if (stream == nullptr) {
            continue;
        }
        stream->news = false;
        StreamData data;
        data.stream = id;
        data.bytes = std::exchange(stream->received, {});
        data.fin = stream->received_fin;
        data.reset = stream->received_reset;
        if (stream->gone) {
            streams_.erase(id);
        }
        return data;
    }
    return std::nullopt;
}

void StreamTable::on_closed(StreamId id) {
    Stream* const stream = find(id);
    if (stream == nullptr) {
        return;
    }
    stream->gone = true;
    if (!stream->news) {
        streams_.erase(id);
    }
}

}  // namespace qe::quic
