// SPDX-License-Identifier: Apache-2.0
#include "quic/endpoint_impl.h"

#include <algorithm>
#include <utility>

namespace qe::quic {
namespace {

using base::ErrorCode;

/// Closed events of handshakes that strangers started and never finished; beyond this the caller
/// is not told, only the counters are.
constexpr std::size_t kStrangersNewsMax = 4096;

}  // namespace

Endpoint::Impl::Impl(const EndpointOptions& options, const crypto::Identity& identity,
                     base::Rng rng, base::Log log, base::UnixTime wall_now)
    : context_(options, identity, std::move(rng), log, wall_now),
      stateless_(context_.tokens, context_.counters, context_.rng),
      graveyard_(context_.cids) {}

base::Instant Endpoint::Impl::advance(base::Instant now) noexcept {
    now_ = std::max(now_, now);
    return now_;
}

Endpoint::Impl::Agenda& Endpoint::Impl::agenda_of(ConnectionHandle handle) {
    if (handle.index >= agenda_.size()) {
        agenda_.resize(std::size_t{handle.index} + 1);
    }
    Agenda& agenda = agenda_[handle.index];
    if (agenda.handle != handle) {
        agenda = {.handle = handle};
    }
    return agenda;
}

void Endpoint::Impl::wake(ConnectionHandle handle) {
    Agenda& agenda = agenda_of(handle);
    if (!agenda.listed_to_write) {
        agenda.listed_to_write = true;
        to_write_.push(handle);
    }
}

void Endpoint::Impl::settle(Connection& connection, Wake wake) {
    if (connection.ending()) {
        bury(connection);
        return;
    }
    if (wake == Wake::ToWrite) {
        this->wake(connection.handle());
    }
    Agenda& agenda = agenda_of(connection.handle());
    if (connection.has_news() && !agenda.listed_for_news) {
        agenda.listed_for_news = true;
        with_news_.push(connection.handle());
    }
    deadlines_.set(connection.handle().index, connection.deadline());
}

void Endpoint::Impl::report_ending(Connection& connection, Ending& ending) {
    if (!ending.event) {
        return;
    }
    const bool known = ending.event->role == Role::Client || connection.established();
    if (!known && last_words_.size() >= kStrangersNewsMax) {
        ++context_.counters.event_queue_drops;
        return;
    }
    while (auto event = connection.next_event()) {
        last_words_.push_back(std::move(*event));
    }
    last_words_.emplace_back(std::move(*ending.event));
}

void Endpoint::Impl::bury(Connection& connection) {
    const ConnectionHandle handle = connection.handle();
    Ending& ending = *connection.ending();
    report_ending(connection, ending);
    if (ending.linger > base::Duration::zero()) {
        Tombstone tombstone{
            .packet = std::move(ending.packet), .flow = ending.flow, .ids = connection.ids()};
        connection.bequeath_ids();
        graveyard_.bury(std::move(tombstone), now_ + ending.linger);
    }
    deadlines_.erase(handle.index);
    connections_.erase(handle);
}

base::Result<ConnectionHandle> Endpoint::Impl::connect(base::Instant now,
                                                       const ConnectRequest& request) {
    advance(now);
    if (connections_.size() >= context_.options.connections_max) {
        return base::fail(ErrorCode::kQueueFull, "too many connections");
    }
    const ConnectionHandle handle = connections_.emplace(context_);
    Connection& connection = *connections_.find(handle);
    if (const auto status = connection.init_client(now_, handle, request); !status) {
        connections_.erase(handle);
        return base::fail(status);
    }
    settle(connection, Wake::ToWrite);
    return handle;
}

void Endpoint::Impl::close(base::Instant now, ConnectionHandle handle, std::uint64_t error_code,
                           std::string_view reason) {
    if (Connection* const connection = find(handle)) {
        connection->close(advance(now), error_code, reason);
        settle(*connection, Wake::No);
    }
}

void Endpoint::Impl::handle_timeout(base::Instant now) {
    advance(now);
    graveyard_.handle_timeout(now_);
    while (!deadlines_.empty() && deadlines_.next() <= now_) {
        const ConnectionHandle handle = agenda_[deadlines_.next_index()].handle;
        Connection* const connection = find(handle);
        if (connection == nullptr) {
            deadlines_.erase(handle.index);
            continue;
        }
        connection->on_timeout(now_);
        settle(*connection, Wake::ToWrite);
        // ngtcp2 may leave a due timer for the write that follows; it must not hold up the others.
        deadlines_.erase(handle.index);
    }
}

base::Instant Endpoint::Impl::next_deadline() const noexcept {
    if (!stateless_.empty() || graveyard_.has_packets() || !to_write_.empty()) {
        return now_;
    }
    return std::min(deadlines_.next(), graveyard_.next_deadline());
}

std::optional<net::TransmitDatagrams> Endpoint::Impl::poll_transmit(base::Instant now,
                                                                    base::MutableBytes buffer) {
    advance(now);
    if (auto answer = stateless_.poll(buffer)) {
        return answer;
    }
    if (auto farewell = graveyard_.poll(buffer)) {
        return farewell;
    }
    while (!to_write_.empty()) {
        if (auto packets = write_next(now_, buffer)) {
            return packets;
        }
    }
    // A connection may have ended while writing, and left a packet to send.
    return graveyard_.poll(buffer);
}

std::optional<net::TransmitDatagrams> Endpoint::Impl::write_next(base::Instant now,
                                                                 base::MutableBytes buffer) {
    const ConnectionHandle handle = to_write_.front();
    to_write_.pop();
    Connection* const connection = find(handle);
    if (connection == nullptr) {
        return std::nullopt;
    }
    agenda_of(handle).listed_to_write = false;
    auto packets = connection->write(now, buffer);
    settle(*connection, connection->has_more_to_write() ? Wake::ToWrite : Wake::No);
    return packets;
}

std::optional<Event> Endpoint::Impl::poll_event() {
    while (!with_news_.empty()) {
        const ConnectionHandle handle = with_news_.front();
        Connection* const connection = find(handle);
        if (connection != nullptr) {
            if (auto event = connection->next_event()) {
                // Fetching stream bytes may have given the peer credit that must be sent.
                settle(*connection, Wake::ToWrite);
                return event;
            }
            agenda_of(handle).listed_for_news = false;
        }
        with_news_.pop();
    }
    if (last_words_.empty()) {
        return std::nullopt;
    }
    Event event = std::move(last_words_.front());
    last_words_.pop_front();
    return event;
}

}  // namespace qe::quic
