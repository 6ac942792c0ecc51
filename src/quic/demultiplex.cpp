// SPDX-License-Identifier: Apache-2.0
//
// Endpoint::Impl, part of: finding the connection of a received packet, or answering a stranger.
#include <algorithm>
#include <cstring>

#include "quic/endpoint_impl.h"
#include "quic/sockaddr.h"

namespace qe::quic {
namespace {

/// Header form bit of the first byte (RFC 8999, 5).
constexpr std::byte kLongHeader{0x80};
constexpr std::size_t kResetTokenSize = NGTCP2_STATELESS_RESET_TOKENLEN;

}  // namespace

bool Endpoint::Impl::Run::continues(base::ByteView packet) const noexcept {
    return connection != nullptr && id_known && packet.size() > kConnectionIdSize &&
           (packet[0] & kLongHeader) == std::byte{0} &&
           std::memcmp(packet.data() + 1, id.data(), kConnectionIdSize) == 0;
}

void Endpoint::Impl::Run::remember_id(base::ByteView packet) noexcept {
    id_known = connection != nullptr && (packet[0] & kLongHeader) == std::byte{0};
    if (id_known) {
        std::memcpy(id.data(), packet.data() + 1, kConnectionIdSize);
    }
}

void Endpoint::Impl::handle_datagrams(base::Instant now, const net::ReceivedDatagrams& received) {
    advance(now);
    const Path path(received.flow);
    Run run;
    base::ByteView rest = received.payload;
    const std::size_t segment =
        std::max<std::size_t>(received.segment_size == 0 ? rest.size() : received.segment_size, 1);
    while (!rest.empty()) {
        const base::ByteView packet = rest.first(std::min(segment, rest.size()));
        rest = rest.subspan(packet.size());
        ++context_.counters.datagrams_received;
        handle_packet(run, received, path.get(), packet);
    }
    end_run(run);
}

void Endpoint::Impl::end_run(Run& run) {
    if (run.connection != nullptr) {
        run.connection->after_input(run.packets);
        settle(*run.connection, Wake::ToWrite);
        run = {};
    }
}

void Endpoint::Impl::deliver(Run& run, Connection& connection, const net::ReceivedDatagrams& batch,
                             const ngtcp2_path& path, base::ByteView packet) {
    if (run.connection != &connection) {
        end_run(run);
        run.connection = &connection;
        connection.before_input(now_);
    }
    ++run.packets;
    connection.read(path, batch.ecn, packet);
    if (connection.ending()) {
        end_run(run);
    }
}

void Endpoint::Impl::handle_packet(Run& run, const net::ReceivedDatagrams& batch,
                                   const ngtcp2_path& path, base::ByteView packet) {
    if (run.continues(packet)) {
        deliver(run, *run.connection, batch, path, packet);
        return;
    }
    ngtcp2_version_cid header{};
    const int status = ngtcp2_pkt_decode_version_cid(&header, base::as_u8(packet), packet.size(),
                                                     kConnectionIdSize);
    if (status == NGTCP2_ERR_VERSION_NEGOTIATION) {
        stateless_.negotiate_version(now_, batch.flow, header, packet.size());
        return;
    }
    if (status != 0 || header.dcidlen > IdKey::kSizeMax) {
        ++context_.counters.datagrams_malformed;
        return;
    }
    const auto route = context_.cids.find(base::from_u8(header.dcid, header.dcidlen));
    if (!route) {
        const bool is_long = (packet[0] & kLongHeader) != std::byte{0};
        is_long ? handle_unknown_long(run, batch, path, packet)
                : handle_unknown_short(run, batch, path, packet);
        return;
    }
    if (Connection* const connection = find(route->connection)) {
        deliver(run, *connection, batch, path, packet);
        run.remember_id(packet);
    } else {
        graveyard_.disturb(route->tombstone, batch.flow, packet.size());
    }
}

void Endpoint::Impl::handle_unknown_short(Run& run, const net::ReceivedDatagrams& batch,
                                          const ngtcp2_path& path, base::ByteView packet) {
    if (packet.size() >= kResetTokenSize) {
        if (const auto owner = context_.cids.find_reset_token(packet.last(kResetTokenSize))) {
            if (Connection* const connection = find(*owner)) {
                deliver(run, *connection, batch, path, packet);
                return;
            }
        }
    }
    ++context_.counters.datagrams_unroutable;
    const base::ByteView id = packet.subspan(1, kConnectionIdSize);
    if (has_own_shape(id)) {
        stateless_.reset(now_, batch.flow, id, packet.size());
    }
}

void Endpoint::Impl::handle_unknown_long(Run& run, const net::ReceivedDatagrams& batch,
                                         const ngtcp2_path& path, base::ByteView packet) {
    ngtcp2_pkt_hd header{};
    if (ngtcp2_accept(&header, base::as_u8(packet), packet.size()) != 0) {
        ++context_.counters.datagrams_malformed;
        return;
    }
    const auto acceptance = examine(batch.flow, header, packet.size());
    if (!acceptance) {
        return;
    }
    if (Connection* const connection = accept(*acceptance)) {
        deliver(run, *connection, batch, path, packet);
    }
}

std::optional<Acceptance> Endpoint::Impl::examine(const net::FlowAddresses& flow,
                                                  const ngtcp2_pkt_hd& header,
                                                  std::size_t received) {
    if (header.version != NGTCP2_PROTO_VER_V1) {
        const ngtcp2_version_cid ids{.version = header.version,
                                     .dcid = header.dcid.data,
                                     .dcidlen = header.dcid.datalen,
                                     .scid = header.scid.data,
                                     .scidlen = header.scid.datalen};
        stateless_.negotiate_version(now_, flow, ids, received);
        return std::nullopt;
    }
    if (connections_.size() >= context_.options.connections_max ||
        context_.half_open >= context_.options.half_open_max) {
        ++context_.counters.initials_dropped;
        return std::nullopt;
    }
    Acceptance acceptance;
    acceptance.header = header;
    acceptance.flow = flow;
    if (!examine_token(acceptance, received)) {
        return std::nullopt;
    }
    if (!acceptance.address_validated &&
        context_.half_open >= context_.options.half_open_retry_threshold) {
        stateless_.retry(now_, flow, header, received);
        return std::nullopt;
    }
    return acceptance;
}

/// False: the token was refused for good, and the client told so.
bool Endpoint::Impl::examine_token(Acceptance& acceptance, std::size_t received) {
    const base::ByteView token = base::from_u8(acceptance.header.token, acceptance.header.tokenlen);
    const net::SocketAddress& client = acceptance.flow.remote;
    switch (AddressTokens::kind_of(token)) {
        case TokenKind::Retry: {
            const auto first = context_.tokens.check_retry_token(now_, client, acceptance.header);
            if (!first) {
                stateless_.refuse_token(now_, acceptance.flow, acceptance.header, received);
                return false;
            }
            acceptance.token_type = NGTCP2_TOKEN_TYPE_RETRY;
            acceptance.first_destination = *first;
            acceptance.address_validated = true;
            return true;
        }
        case TokenKind::Regular:
            // A stale one is as good as none (RFC 9000, 8.1.3).
            if (context_.tokens.check_regular_token(context_.tls.wall_now(), client, token)) {
                acceptance.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
                acceptance.address_validated = true;
            }
            return true;
        case TokenKind::None:
            return true;
    }
    return true;
}

Connection* Endpoint::Impl::accept(const Acceptance& acceptance) {
    const ConnectionHandle handle = connections_.emplace(context_);
    Connection* const connection = connections_.find(handle);
    if (const auto status = connection->init_server(now_, handle, acceptance); !status) {
        ++context_.counters.initials_dropped;
        connections_.erase(handle);
        return nullptr;
    }
    return connection;
}

}  // namespace qe::quic
