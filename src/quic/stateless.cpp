// SPDX-License-Identifier: Apache-2.0
#include "quic/stateless.h"

#include <algorithm>

#include <ngtcp2/ngtcp2_crypto.h>

#include "quic/cid.h"

namespace qe::quic {
namespace {

constexpr std::size_t kAmplificationMax = 3;  // RFC 9000, 8
/// RFC 9000, 10.3: what every short-header packet looks like, and not more.
constexpr std::size_t kResetBytesMax = 43;
constexpr std::size_t kResetBytesMin =
    NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN;

}  // namespace

bool Stateless::push(Reply reply, ngtcp2_ssize size, std::size_t received) {
    if (size <= 0 || static_cast<std::size_t>(size) > kAmplificationMax * received) {
        return false;
    }
    reply.size = static_cast<std::size_t>(size);
    return replies_.push(std::move(reply));
}

void Stateless::negotiate_version(base::Instant now, const net::FlowAddresses& flow,
                                  const ngtcp2_version_cid& packet, std::size_t received) {
    if (!versions_.take(now)) {
        ++counters_.initials_dropped;
        return;
    }
    // A reserved version beside ours keeps peers from relying on the list (RFC 9000, 6.3).
    const std::array<std::uint32_t, 2> versions = {NGTCP2_RESERVED_VERSION_MASK,
                                                   NGTCP2_PROTO_VER_V1};
    Reply reply;
    reply.flow = flow;
    const ngtcp2_ssize size = ngtcp2_pkt_write_version_negotiation(
        base::as_u8(base::MutableBytes(reply.bytes)), reply.bytes.size(),
        static_cast<std::uint8_t>(rng_.below(256)), packet.scid, packet.scidlen, packet.dcid,
        packet.dcidlen, versions.data(), versions.size());
    if (push(std::move(reply), size, received)) {
        ++counters_.version_negotiations_sent;
    }
}

void Stateless::retry(base::Instant now, const net::FlowAddresses& flow,
                      const ngtcp2_pkt_hd& initial, std::size_t received) {
    if (!retries_.take(now)) {
        ++counters_.initials_dropped;
        return;
    }
    const ngtcp2_cid id = make_connection_id(rng_);
    const auto token = tokens_.make_retry_token(now, flow.remote, initial, id);
    if (!token) {
        return;
    }
    Reply reply;
    reply.flow = flow;
    const ngtcp2_ssize size = ngtcp2_crypto_write_retry(
        base::as_u8(base::MutableBytes(reply.bytes)), reply.bytes.size(), initial.version,
        &initial.scid, &id, &initial.dcid, base::as_u8(base::ByteView(*token)), token->size());
    if (push(std::move(reply), size, received)) {
        ++counters_.retries_sent;
    }
}

void Stateless::refuse_token(base::Instant now, const net::FlowAddresses& flow,
                             const ngtcp2_pkt_hd& initial, std::size_t received) {
    ++counters_.initials_dropped;
    if (!refusals_.take(now)) {
        return;
    }
    Reply reply;
    reply.flow = flow;
    const ngtcp2_ssize size = ngtcp2_crypto_write_connection_close(
        base::as_u8(base::MutableBytes(reply.bytes)), reply.bytes.size(), initial.version,
        &initial.scid, &initial.dcid, NGTCP2_INVALID_TOKEN, nullptr, 0);
    push(std::move(reply), size, received);
}

void Stateless::reset(base::Instant now, const net::FlowAddresses& flow, base::ByteView id,
                      std::size_t received) {
    if (received <= kResetBytesMin || !resets_.take(now)) {
        return;
    }
    ngtcp2_cid cid{};
    ngtcp2_cid_init(&cid, base::as_u8(id), id.size());
    const auto token = tokens_.reset_token(cid);
    if (!token) {
        return;
    }
    const std::size_t size = std::min(received - 1, kResetBytesMax);
    std::array<std::byte, kResetBytesMax> noise{};
    rng_.fill(noise);
    Reply reply;
    reply.flow = flow;
    const ngtcp2_ssize written = ngtcp2_pkt_write_stateless_reset2(
        base::as_u8(base::MutableBytes(reply.bytes)), size, &*token,
        base::as_u8(base::ByteView(noise)), size - NGTCP2_STATELESS_RESET_TOKENLEN);
    if (push(std::move(reply), written, received)) {
        ++counters_.stateless_resets_sent;
    }
}

std::optional<net::TransmitDatagrams> Stateless::poll(base::MutableBytes buffer) {
    const auto reply = replies_.pop();
    if (!reply) {
        return std::nullopt;
    }
    std::copy_n(reply->bytes.begin(), reply->size, buffer.begin());
    return net::TransmitDatagrams{.flow = reply->flow,
                                  .ecn = net::Ecn::NotEct,
                                  .segment_size = reply->size,
                                  .size = reply->size};
}

}  // namespace qe::quic
