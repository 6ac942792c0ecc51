// SPDX-License-Identifier: Apache-2.0
#include "host/netlink.h"

#include <array>
#include <cerrno>

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "host/failure.h"

namespace qe::host {
namespace {

constexpr int kDumpAttempts = 5;
/// The kernel sends dumps in pieces of up to 32 KiB.
constexpr std::size_t kReceiveBytes = 32'768;
constexpr timeval kAnswerTimeout{2, 0};
/// Messages read from the monitor in one go; the rest waits for the next round of the loop.
constexpr int kMonitorReadsMax = 64;

base::Result<MnlSocket> open_route_socket(unsigned groups, int flags) {
    MnlSocket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags));
    if (!socket) {
        return fail_errno("opening a netlink socket");
    }
    if (mnl_socket_bind(socket.get(), groups, MNL_SOCKET_AUTOPID) != 0) {
        return fail_errno("binding a netlink socket");
    }
    return socket;
}

int add_link(const nlmsghdr* message, void* context) noexcept {
    if (auto link = parse_link(*message)) {
        static_cast<HostNetwork*>(context)->links.push_back(std::move(*link));
    }
    return MNL_CB_OK;
}

int add_address(const nlmsghdr* message, void* context) noexcept {
    if (auto address = parse_address(*message)) {
        static_cast<HostNetwork*>(context)->addresses.push_back(*address);
    }
    return MNL_CB_OK;
}

int add_routes(const nlmsghdr* message, void* context) noexcept {
    auto& routes = static_cast<HostNetwork*>(context)->routes;
    for (const RouteRecord& route : parse_route(*message)) {
        routes.push_back(route);
    }
    return MNL_CB_OK;
}

}  // namespace

base::Result<Netlink> Netlink::open() {
    QE_TRY(auto socket, open_route_socket(0, 0));
    ::setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout,
                 sizeof kAnswerTimeout);
    return Netlink(std::move(socket));
}

base::Status Netlink::exchange(NetlinkRequest request, MessageHandler handler, void* context) {
    nlmsghdr* header = request.header();
    header->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
        return fail_errno("sending a netlink request");
    }
    alignas(nlmsghdr) std::array<std::byte, kReceiveBytes> buffer;
    for (;;) {
        const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return fail_errno("waiting for netlink's answer");
        }
        const int state = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), sequence_,
                                     mnl_socket_get_portid(socket_.get()), handler, context);
        if (state == MNL_CB_STOP) {
            return {};
        }
        // ESRCH, EPROTO: left over from a request that timed out; ours is still to come.
        if (state == MNL_CB_ERROR && errno != EPROTO) {
            return fail_errno("changing or reading the kernel's network configuration");
        }
    }
}

base::Status Netlink::change(NetlinkRequest request) { return exchange(request, nullptr, nullptr); }

base::Result<HostNetwork> Netlink::dump_once() {
    HostNetwork network;
    QE_TRY_STATUS(exchange(make_link_dump(), add_link, &network));
    QE_TRY_STATUS(exchange(make_address_dump(), add_address, &network));
    QE_TRY_STATUS(exchange(make_route_dump(), add_routes, &network));
    return network;
}

base::Result<HostNetwork> Netlink::dump() {
    for (int attempt = 1;; ++attempt) {
        auto network = dump_once();
        // EINTR: the tables changed while they were read (NLM_F_DUMP_INTR).
        if (network || network.error().native != EINTR || attempt == kDumpAttempts) {
            return network;
        }
        auto reopened = open();
        if (!reopened) {
            return base::fail(reopened);
        }
        *this = std::move(*reopened);  // Whatever the broken dump still has to say goes with it.
    }
}

base::Result<NetlinkMonitor> NetlinkMonitor::open() {
    constexpr unsigned kGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                 RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    QE_TRY(auto socket, open_route_socket(kGroups, SOCK_NONBLOCK));
    return NetlinkMonitor(std::move(socket));
}

bool NetlinkMonitor::drain() noexcept {
    std::array<std::byte, kReceiveBytes> buffer;
    bool changed = false;
    for (int i = 0; i < kMonitorReadsMax; ++i) {
        const ssize_t size = ::recv(fd(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno != ENOBUFS) {
            break;
        }
        changed = true;
    }
    return changed;
}

}  // namespace qe::host
