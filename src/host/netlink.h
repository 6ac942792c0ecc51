// SPDX-License-Identifier: Apache-2.0
//
// Netlink: reads and changes the kernel's network configuration, one request at a time.
//
// Each call sends and waits for the kernel's answer, which comes from this host's kernel without
// any network in between (microseconds; milliseconds for large routing tables), bounded by a
// timeout. Needs CAP_NET_ADMIN to change anything. NetlinkMonitor only tells *that* something
// changed; what it is now comes from a dump.
#pragma once

#include <cstdint>
#include <memory>

#include <libmnl/libmnl.h>

#include "host/host_network.h"
#include "host/netlink_codec.h"
#include "quicether/base/result.h"

namespace qe::host {

struct MnlSocketClose {
    void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
};
using MnlSocket = std::unique_ptr<mnl_socket, MnlSocketClose>;

class Netlink {
  public:
    [[nodiscard]] static base::Result<Netlink> open();

    /// Errors: kSystemCall; a dump that the kernel interrupts is repeated a few times.
    [[nodiscard]] base::Result<HostNetwork> dump();

    /// Sends a changing request and waits for its acknowledgement. Errors: those of the kernel, as
    /// fail_errno() sorts them; kAlreadyExists for what is there already.
    [[nodiscard]] base::Status change(NetlinkRequest request);

  private:
    explicit Netlink(MnlSocket socket) noexcept : socket_(std::move(socket)) {}

    using MessageHandler = int (*)(const nlmsghdr*, void*);
    [[nodiscard]] base::Status exchange(NetlinkRequest request, MessageHandler handler,
                                        void* context);
    [[nodiscard]] base::Result<HostNetwork> dump_once();

    MnlSocket socket_;
    std::uint32_t sequence_ = 0;
};

/// Hears of every change of links, addresses and routes of this network namespace.
class NetlinkMonitor {
  public:
    [[nodiscard]] static base::Result<NetlinkMonitor> open();

    [[nodiscard]] int fd() const noexcept { return mnl_socket_get_fd(socket_.get()); }
    /// Empties the socket. True when anything came, or so much that the kernel dropped some
    /// (ENOBUFS): either way a dump tells the rest.
    bool drain() noexcept;

  private:
    explicit NetlinkMonitor(MnlSocket socket) noexcept : socket_(std::move(socket)) {}

    MnlSocket socket_;
};

}  // namespace qe::host
