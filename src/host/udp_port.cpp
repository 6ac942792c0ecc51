// SPDX-License-Identifier: Apache-2.0
#include "host/udp_port.h"

#include <utility>

#include <fmt/format.h>

namespace qe::host {
namespace {

/// How often a free port is drawn anew when the other family has it taken.
constexpr int kFreePortAttempts = 16;

std::string port_sentence(std::uint16_t port, const base::Error& error) {
    if (error.code == base::ErrorCode::kInUse) {
        return fmt::format(
            "UDP port {} is in use by another program; stop it or choose another with --port",
            port);
    }
    if (error.code == base::ErrorCode::kNoPermission) {
        return fmt::format(
            "UDP port {} may not be bound by this user; run as root or choose one above 1023",
            port);
    }
    return fmt::format("UDP port {} cannot be opened: {}", port, describe(error));
}

}  // namespace

void UdpPort::disable_segmentation_offload() noexcept {
    v4_.disable_segmentation_offload();
    if (v6_) {
        v6_->disable_segmentation_offload();
    }
}

Checked<UdpPort> UdpPort::open(std::uint16_t port, base::Log log) {
    for (int attempt = 1;; ++attempt) {
        auto v4 = UdpSocket::open(net::Family::V4, port, log);
        if (!v4) {
            return refuse(port_sentence(port, v4.error()));
        }
        auto v6 = UdpSocket::open(net::Family::V6, v4->port(), log);
        if (v6) {
            return UdpPort(std::move(*v4), std::move(*v6));
        }
        if (v6.error().code == base::ErrorCode::kUnsupported) {
            log.info("this host has no IPv6: peers are reached over IPv4 only");
            return UdpPort(std::move(*v4), std::nullopt);
        }
        if (port != 0 || attempt == kFreePortAttempts) {
            return refuse(port_sentence(v4->port(), v6.error()));
        }
    }
}

UdpPort::UdpPort(UdpSocket v4, std::optional<UdpSocket> v6)
    : v4_(std::move(v4)),
      v6_(std::move(v6)),
      transmit_(std::make_unique_for_overwrite<std::byte[]>(UdpBatch::kSlotBytes)) {}

UdpSocket* UdpPort::socket_for(const net::TransmitDatagrams& datagrams) noexcept {
    return datagrams.flow.remote.ip.is_v4() ? &v4_ : v6();
}

void UdpPort::follow(const node::NetworkView& view) {
    sources_.clear();
    for (const node::Interface& interface : view.interfaces) {
        for (const net::Prefix& address : interface.addresses) {
            // One that is down, too: else the kernel would send by whatever other route there is,
            // and the path would seem to work.
            if (!interface.loopback) {
                sources_.push_back({address.address(), interface.index});
            }
        }
    }
}

void UdpPort::send(const net::TransmitDatagrams& datagrams) noexcept {
    pending_ = Pending{datagrams, 0};
    net::SocketAddress& local = pending_->datagrams.flow.local;
    for (const Source& source : sources_) {
        if (local.scope == 0 && source.address == local.ip) {
            local.scope = source.interface;
        }
    }
    resume();
}

void UdpPort::resume() noexcept {
    if (!pending_) {
        return;
    }
    UdpSocket* socket = socket_for(pending_->datagrams);
    if (socket == nullptr) {
        ++no_family_;
        pending_.reset();
        return;
    }
    const auto payload = base::ByteView(transmit_.get(), pending_->datagrams.size);
    if (socket->send(pending_->datagrams, payload, pending_->offset)) {
        pending_.reset();
    }
}

const UdpSocket* UdpPort::blocked_socket() noexcept {
    return pending_ ? socket_for(pending_->datagrams) : nullptr;
}

UdpCounters UdpPort::counters() const noexcept {
    UdpCounters sum = v4_.counters();
    sum.send_unreachable += no_family_;
    if (v6_) {
        const UdpCounters& more = v6_->counters();
        sum.received_batches += more.received_batches;
        sum.received_bytes += more.received_bytes;
        sum.received_unusable += more.received_unusable;
        sum.kernel_drops += more.kernel_drops;
        sum.sent_calls += more.sent_calls;
        sum.sent_bytes += more.sent_bytes;
        sum.send_too_big += more.send_too_big;
        sum.send_unreachable += more.send_unreachable;
        sum.send_refused += more.send_refused;
        sum.send_no_buffer += more.send_no_buffer;
        sum.send_failed += more.send_failed;
        sum.send_blocked += more.send_blocked;
    }
    return sum;
}

}  // namespace qe::host
