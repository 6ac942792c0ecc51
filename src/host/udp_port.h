// SPDX-License-Identifier: Apache-2.0
//
// UdpPort: the daemon's one UDP port, as an IPv4 and an IPv6 socket of the same number.
//
// IPv6 is left out on a host without it. One block of datagrams that found a full socket buffer is
// kept and sent first when the socket becomes writable; until then the core is not asked for more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/failure.h"
#include "host/udp_batch.h"
#include "host/udp_socket.h"
#include "quicether/node/network_view.h"

namespace qe::host {

class UdpPort {
  public:
    /// Errors name the port and what to do. `port` 0: any that both families have free.
    [[nodiscard]] static Checked<UdpPort> open(std::uint16_t port, base::Log log);

    [[nodiscard]] std::uint16_t port() const noexcept { return v4_.port(); }
    [[nodiscard]] UdpSocket& v4() noexcept { return v4_; }
    /// nullptr when the host has no IPv6.
    [[nodiscard]] UdpSocket* v6() noexcept { return v6_ ? &*v6_ : nullptr; }
    void disable_segmentation_offload() noexcept;
    /// From now on what is sent from an address leaves by the interface that has it: a host with
    /// several uplinks needs no policy routes for that. Only while asked for.
    void follow(const node::NetworkView& view);
    /// Of both sockets together.
    [[nodiscard]] UdpCounters counters() const noexcept;

    /// Where the core writes what it wants sent; only when not blocked().
    [[nodiscard]] base::MutableBytes transmit_buffer() noexcept {
        return {transmit_.get(), UdpBatch::kSlotBytes};
    }
    /// Sends what was written there. What does not fit stays pending and blocked() becomes true.
    void send(const net::TransmitDatagrams& datagrams) noexcept;
    /// Tries the pending block again.
    void resume() noexcept;
    [[nodiscard]] bool blocked() const noexcept { return pending_.has_value(); }
    /// The socket to wait for while blocked().
    [[nodiscard]] const UdpSocket* blocked_socket() noexcept;

  private:
    struct Pending {
        net::TransmitDatagrams datagrams;
        std::size_t offset = 0;  ///< Bytes already sent.
    };

    UdpPort(UdpSocket v4, std::optional<UdpSocket> v6);
    [[nodiscard]] UdpSocket* socket_for(const net::TransmitDatagrams& datagrams) noexcept;

    struct Source {
        net::IpAddress address;
        std::uint32_t interface = 0;
    };

    UdpSocket v4_;
    std::optional<UdpSocket> v6_;
    std::vector<Source> sources_;
    std::unique_ptr<std::byte[]> transmit_;  ///< Not zeroed, as UdpBatch.
    std::optional<Pending> pending_;
    std::uint64_t no_family_ = 0;
};

}  // namespace qe::host
