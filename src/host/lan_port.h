// SPDX-License-Identifier: Apache-2.0
//
// LanPort: the multicast sockets of LAN discovery, one per family. It carries datagrams and decides
// nothing: what is said, when, and what it means is the node's.
//
// The sockets listen at the port of node/lan.h, which further daemons on this host may share. Both
// families are optional: without them, or with multicast refused by the kernel, nodes are not found
// on the local network, and that is all.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "host/event_loop.h"
#include "host/file_descriptor.h"
#include "quicether/base/log.h"
#include "quicether/node/lan.h"
#include "quicether/node/network_view.h"

namespace qe::host {

class LanPort {
  public:
    /// Called with what arrives; the bytes live until it returns.
    using Callback = std::function<void(const net::SocketAddress& from, base::ByteView bytes)>;
    /// Datagrams taken per wake-up; what is beyond waits for the next round of the loop.
    static constexpr int kReceivesPerRound = 32;

    LanPort(EventLoop& loop, base::Log log, Callback callback);

    /// Listens on every interface that is up and no loopback.
    void follow(const node::NetworkView& view);
    void send(const node::LanDatagram& datagram) noexcept;

  private:
    struct Socket {
        net::Family family = net::Family::V4;
        FileDescriptor fd;
        std::set<std::uint32_t> joined;  ///< Interface indexes.
        std::optional<FdWatch> watch;
    };

    void open(EventLoop& loop, Socket& socket);
    void follow(const node::NetworkView& view, Socket& socket);
    void receive(const Socket& socket);

    base::Log log_;
    Callback callback_;
    Socket v4_{net::Family::V4, {}, {}, {}};
    Socket v6_{net::Family::V6, {}, {}, {}};
};

}  // namespace qe::host
