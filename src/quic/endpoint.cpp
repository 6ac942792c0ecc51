// SPDX-License-Identifier: Apache-2.0
#include "quicether/quic/endpoint.h"

#include <ngtcp2/ngtcp2_crypto_ossl.h>

#include "quic/endpoint_impl.h"

namespace qe::quic {
namespace {

using base::ErrorCode;

tl::unexpected<base::Error> no_such_connection() {
    return base::fail(ErrorCode::kNoSuchConnection, "no such connection");
}

}  // namespace

Endpoint::Endpoint(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Endpoint::~Endpoint() = default;

base::Result<std::unique_ptr<Endpoint>> Endpoint::make(const EndpointOptions& options,
                                                       const crypto::Identity& identity,
                                                       base::Rng rng, base::Log log,
                                                       base::UnixTime wall_now) {
    // Fetches OpenSSL's algorithms once per process; without it every packet would look them up.
    static const int fetched = ngtcp2_crypto_ossl_init();
    if (fetched != 0) {
        return base::fail(ErrorCode::kTlsFailure, "OpenSSL lacks an algorithm that QUIC needs");
    }
    auto impl = std::make_unique<Impl>(options, identity, std::move(rng), log, wall_now);
    QE_TRY_STATUS(impl->init());
    return std::unique_ptr<Endpoint>(new Endpoint(std::move(impl)));
}

void Endpoint::set_trust(crypto::Trust trust) { impl_->set_trust(std::move(trust)); }

base::Status Endpoint::set_credential(Credential credential) {
    return impl_->set_credential(std::move(credential));
}
base::Status Endpoint::set_wall_clock(base::UnixTime wall_now) {
    return impl_->set_wall_clock(wall_now);
}

void Endpoint::handle_datagrams(base::Instant now, const net::ReceivedDatagrams& received) {
    impl_->handle_datagrams(now, received);
}

void Endpoint::handle_timeout(base::Instant now) { impl_->handle_timeout(now); }

std::optional<net::TransmitDatagrams> Endpoint::poll_transmit(base::Instant now,
                                                              base::MutableBytes buffer) {
    return impl_->poll_transmit(now, buffer);
}

std::optional<Event> Endpoint::poll_event() { return impl_->poll_event(); }

std::span<const ReceivedDatagram> Endpoint::datagrams() const noexcept {
    return impl_->context().arena.entries();
}

void Endpoint::clear_datagrams() noexcept { impl_->context().arena.clear(); }

std::span<const DatagramFate> Endpoint::datagram_fates() const noexcept {
    return impl_->context().fates;
}

void Endpoint::clear_datagram_fates() noexcept { impl_->context().fates.clear(); }

base::Instant Endpoint::next_deadline() const noexcept { return impl_->next_deadline(); }

base::Result<ConnectionHandle> Endpoint::connect(base::Instant now, const ConnectRequest& request) {
    return impl_->connect(now, request);
}

base::Status Endpoint::send_datagram(ConnectionHandle handle, std::span<const base::ByteView> parts,
                                     std::uint32_t token) {
    Connection* const connection = impl_->find(handle);
    if (connection == nullptr) {
        return no_such_connection();
    }
    auto status = connection->send_datagram(parts, token);
    if (status) {
        impl_->wake(handle);
    }
    return status;
}

std::size_t Endpoint::datagram_room(ConnectionHandle handle) const noexcept {
    const Connection* const connection = impl_->find(handle);
    return connection == nullptr ? 0 : connection->datagram_room();
}

std::size_t Endpoint::datagram_bytes_waiting(ConnectionHandle handle) const noexcept {
    const Connection* const connection = impl_->find(handle);
    return connection == nullptr ? 0 : connection->datagram_bytes_waiting();
}

std::size_t Endpoint::datagram_bytes_max(ConnectionHandle handle) const noexcept {
    const Connection* const connection = impl_->find(handle);
    return connection == nullptr ? 0 : connection->datagram_bytes_max();
}

base::Result<StreamId> Endpoint::open_stream(ConnectionHandle handle) {
    Connection* const connection = impl_->find(handle);
    if (connection == nullptr) {
        return no_such_connection();
    }
    return connection->open_stream();
}

base::Status Endpoint::write_stream(ConnectionHandle handle, StreamId stream, base::ByteView bytes,
                                    bool fin) {
    Connection* const connection = impl_->find(handle);
    if (connection == nullptr) {
        return no_such_connection();
    }
    auto status = connection->write_stream(stream, bytes, fin);
    if (status) {
        impl_->wake(handle);
    }
    return status;
}

void Endpoint::reset_stream(ConnectionHandle handle, StreamId stream, std::uint64_t error_code) {
    if (Connection* const connection = impl_->find(handle)) {
        connection->reset_stream(stream, error_code);
        impl_->touch(*connection);
    }
}

void Endpoint::close(base::Instant now, ConnectionHandle handle, std::uint64_t error_code,
                     std::string_view reason) {
    impl_->close(now, handle, error_code, reason);
}

base::Status Endpoint::migrate(base::Instant now, ConnectionHandle handle,
                               const net::SocketAddress& local, bool immediate) {
    Connection* const connection = impl_->find(handle);
    if (connection == nullptr) {
        return no_such_connection();
    }
    auto status = connection->migrate(impl_->advance(now), local, immediate);
    impl_->touch(*connection);
    return status;
}

base::Status Endpoint::update_keys(base::Instant now, ConnectionHandle handle) {
    Connection* const connection = impl_->find(handle);
    if (connection == nullptr) {
        return no_such_connection();
    }
    auto status = connection->update_keys(impl_->advance(now));
    impl_->touch(*connection);
    return status;
}

void Endpoint::probe(base::Instant now, ConnectionHandle handle) {
    if (Connection* const connection = impl_->find(handle)) {
        impl_->advance(now);
        connection->probe();
        impl_->touch(*connection);
    }
}

std::optional<PathMetrics> Endpoint::metrics(ConnectionHandle handle) const noexcept {
    const Connection* const connection = impl_->find(handle);
    return connection == nullptr ? std::nullopt : std::optional(connection->metrics());
}

std::optional<ConnectionInfo> Endpoint::info(ConnectionHandle handle) const {
    const Connection* const connection = impl_->find(handle);
    return connection == nullptr ? std::nullopt : std::optional(connection->info());
}

const EndpointCounters& Endpoint::counters() const noexcept { return impl_->context().counters; }

std::size_t Endpoint::connection_count() const noexcept { return impl_->connection_count(); }

}  // namespace qe::quic
