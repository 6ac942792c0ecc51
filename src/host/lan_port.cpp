// SPDX-License-Identifier: Apache-2.0
#include "host/lan_port.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <netinet/in.h>

#include "host/failure.h"
#include "host/socket_address.h"
#include "host/udp_ancillary.h"

namespace qe::host {
namespace {

constexpr std::size_t kDatagramBytesMax = 512;

template <typename T>
bool set_option(int fd, int level, int name, const T& value) noexcept {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

net::IpAddress group_of(net::Family family) noexcept {
    return family == net::Family::V4 ? node::kLanGroup4 : node::kLanGroup6;
}

bool configure(int fd, net::Family family) noexcept {
    const int on = 1;
    const int off = 0;
    if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, on)) {
        return false;
    }
    if (family == net::Family::V4) {
        return set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, on) &&
               set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, off);
    }
    set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, off);  // since Linux 4.20
    return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, on) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, on);
}

bool join(int fd, net::Family family, std::uint32_t interface_index) noexcept {
    const net::IpAddress group = group_of(family);
    if (family == net::Family::V4) {
        ip_mreqn request{};
        std::ranges::copy(group.bytes(),
                          std::as_writable_bytes(std::span(&request.imr_multiaddr, 1)).begin());
        request.imr_ifindex = static_cast<int>(interface_index);
        return set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    }
    ipv6_mreq request{};
    std::ranges::copy(group.bytes(),
                      std::as_writable_bytes(std::span(&request.ipv6mr_multiaddr, 1)).begin());
    request.ipv6mr_interface = interface_index;
    return set_option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, request);
}

bool send_through(int fd, net::Family family, std::uint32_t interface_index) noexcept {
    if (family == net::Family::V4) {
        ip_mreqn request{};
        request.imr_ifindex = static_cast<int>(interface_index);
        return set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, request);
    }
    return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(interface_index));
}

}  // namespace

LanPort::LanPort(EventLoop& loop, base::Log log, Callback callback)
    : log_(log), callback_(std::move(callback)) {
    open(loop, v4_);
    open(loop, v6_);
}

void LanPort::open(EventLoop& loop, Socket& socket) {
    const int domain = socket.family == net::Family::V4 ? AF_INET : AF_INET6;
    FileDescriptor fd(::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_storage address{};
    // A group of link-local scope exists once for each interface: no socket is bound to all of
    // them.
    const net::IpAddress local =
        socket.family == net::Family::V4 ? node::kLanGroup4 : net::IpAddress::any(net::Family::V6);
    const socklen_t size = to_sockaddr({local, node::kLanPort, 0}, address);
    if (!fd.valid() || !configure(fd.get(), socket.family) ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        log_.info("no LAN discovery over {}: {}",
                  socket.family == net::Family::V4 ? "IPv4" : "IPv6", errno_text(errno));
        return;
    }
    socket.fd = std::move(fd);
    socket.watch.emplace(loop, socket.fd.get(), [this, &socket](FdEvents) { receive(socket); });
    socket.watch->set({.readable = true});
}

void LanPort::follow(const node::NetworkView& view) {
    follow(view, v4_);
    follow(view, v6_);
}

void LanPort::follow(const node::NetworkView& view, Socket& socket) {
    if (!socket.fd.valid()) {
        return;
    }
    std::set<std::uint32_t> wanted;
    for (const node::Interface& interface : view.interfaces) {
        const bool has_family = std::ranges::any_of(
            interface.addresses,
            [&socket](const net::Prefix& prefix) { return prefix.family() == socket.family; });
        if (interface.up && !interface.loopback && has_family) {
            wanted.insert(interface.index);
        }
    }
    // What is no longer wanted is not left: the kernel forgets the groups of an interface that
    // goes, and of one that comes back it keeps them.
    std::erase_if(socket.joined,
                  [&wanted](std::uint32_t index) { return !wanted.contains(index); });
    for (const std::uint32_t index : wanted) {
        if (!socket.joined.contains(index) &&
            (join(socket.fd.get(), socket.family, index) || errno == EADDRINUSE)) {
            socket.joined.insert(index);
        }
    }
}

void LanPort::send(const node::LanDatagram& datagram) noexcept {
    const net::Family family = datagram.source.family();
    const Socket& socket = family == net::Family::V4 ? v4_ : v6_;
    if (!socket.fd.valid() || !send_through(socket.fd.get(), family, datagram.interface_index)) {
        return;
    }
    sockaddr_storage group{};
    iovec vector{const_cast<std::byte*>(datagram.bytes.data()), datagram.bytes.size()};
    alignas(cmsghdr) std::array<std::byte, kAncillaryBytes> ancillary;
    msghdr message{};
    message.msg_name = &group;
    message.msg_namelen = to_sockaddr({group_of(family), node::kLanPort,
                                       family == net::Family::V6 ? datagram.interface_index : 0},
                                      group);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.data();
    put_ancillary(message, {{datagram.source, 0, 0}, net::Ecn::NotEct, 0});
    // Lost is lost: the next one follows.
    [[maybe_unused]] const auto sent =
        ::sendmsg(socket.fd.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void LanPort::receive(const Socket& socket) {
    std::array<std::byte, kDatagramBytesMax> buffer;
    for (int i = 0; i < kReceivesPerRound; ++i) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        const ssize_t got = ::recvfrom(socket.fd.get(), buffer.data(), buffer.size(), MSG_TRUNC,
                                       reinterpret_cast<sockaddr*>(&from), &size);
        if (got < 0) {
            return;
        }
        const auto sender = from_sockaddr(from);
        if (sender && static_cast<std::size_t>(got) <= buffer.size()) {
            callback_(*sender, base::ByteView(buffer).first(static_cast<std::size_t>(got)));
        }
    }
}

}  // namespace qe::host
