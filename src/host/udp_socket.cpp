// SPDX-License-Identifier: Apache-2.0
#include "host/udp_socket.h"

#include <algorithm>

#include <netinet/in.h>
#include <netinet/udp.h>

#include "host/failure.h"
#include "host/socket_address.h"
#include "host/udp_ancillary.h"

namespace qe::host {
namespace {

/// UDP_MAX_SEGMENTS of kernels before 6.9.
constexpr std::size_t kSegmentsMax = 64;
/// Datagrams a sendmmsg; more would gain nothing.
constexpr std::size_t kSinglesMax = 64;
/// Payload of the largest datagram over IPv4; a GSO block may not be larger.
constexpr std::size_t kBlockBytesMax = 65'507;

bool set_option(int fd, int level, int name, int value) noexcept {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/// Options that batching or ECN would like but the daemon works without.
void set_optional(int fd, bool v4) noexcept {
    set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
    set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (v4) {
        set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
    } else {
        set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    }
}

bool set_required(int fd, bool v4) noexcept {
    if (v4) {
        return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
               set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
    return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
           set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

/// Returns the bytes granted, which the kernel reports doubled for its own bookkeeping.
std::size_t enlarge_buffers(int fd) noexcept {
    if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, UdpSocket::kBufferBytes)) {
        set_option(fd, SOL_SOCKET, SO_RCVBUF, UdpSocket::kBufferBytes);
    }
    if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, UdpSocket::kBufferBytes)) {
        set_option(fd, SOL_SOCKET, SO_SNDBUF, UdpSocket::kBufferBytes);
    }
    int granted = 0;
    socklen_t size = sizeof granted;
    ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size);
    return static_cast<std::size_t>(granted) / 2;
}

bool is_single(const net::TransmitDatagrams& datagrams, std::size_t size) noexcept {
    return datagrams.segment_size == 0 || size <= datagrams.segment_size;
}

iovec to_vector(base::ByteView bytes) noexcept {
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

/// Both arguments at the end become part of it. Its one vector is for the caller to set.
msghdr make_message(const net::TransmitDatagrams& datagrams, std::uint16_t segment_size,
                    sockaddr_storage& remote,
                    std::array<std::byte, kAncillaryBytes>& ancillary) noexcept {
    msghdr message{};
    message.msg_name = &remote;
    message.msg_namelen = to_sockaddr(datagrams.flow.remote, remote);
    message.msg_iovlen = 1;
    message.msg_control = ancillary.data();
    put_ancillary(message, {datagrams.flow.local, datagrams.ecn, segment_size});
    return message;
}

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

/// EIO: the device cannot checksum. EINVAL: the kernel lacks it, or an older one means EMSGSIZE.
bool may_be_offload_trouble(int error) noexcept {
    return error == EIO || error == EINVAL || error == EOPNOTSUPP;
}

}  // namespace

base::Result<UdpSocket> UdpSocket::open(net::Family family, std::uint16_t port, base::Log log) {
    const int domain = family == net::Family::V4 ? AF_INET : AF_INET6;
    FileDescriptor fd(::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid() && errno == EAFNOSUPPORT) {
        return base::fail(base::ErrorCode::kUnsupported, "the kernel has no such address family",
                          EAFNOSUPPORT);
    }
    if (!fd.valid()) {
        return fail_errno("opening a UDP socket");
    }
    UdpSocket opened(std::move(fd), family, log);
    QE_TRY_STATUS(opened.configure(port));
    return opened;
}

base::Status UdpSocket::configure(std::uint16_t port) {
    const bool v4 = family_ == net::Family::V4;
    if (!set_required(fd(), v4)) {
        return fail_errno("setting UDP socket options");
    }
    set_optional(fd(), v4);
    receive_buffer_ = enlarge_buffers(fd());

    sockaddr_storage address{};
    socklen_t size = to_sockaddr({net::IpAddress::any(family_), port, 0}, address);
    if (::bind(fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        if (errno == EADDRNOTAVAIL) {  // IPv6 disabled by sysctl.
            return base::fail(base::ErrorCode::kUnsupported, "the address family is disabled",
                              EADDRNOTAVAIL);
        }
        return fail_errno("binding the UDP port");
    }
    size = sizeof address;
    if (::getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return fail_errno("reading the UDP port");
    }
    port_ = from_sockaddr(address).value_or(net::SocketAddress{}).port;
    return {};
}

bool UdpSocket::receive(UdpBatch& batch) noexcept {
    batch.clear_received();
    const std::span<mmsghdr> messages = batch.prepare();
    const int count = ::recvmmsg(fd(), messages.data(), static_cast<unsigned>(messages.size()),
                                 MSG_DONTWAIT, nullptr);
    // Anything but EAGAIN is a queued ICMP error, consumed by this very call: look again.
    if (count <= 0) {
        return count < 0 && !would_block(errno);
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        accept_message(batch, i);
    }
    return static_cast<std::size_t>(count) == messages.size();
}

void UdpSocket::accept_message(UdpBatch& batch, std::size_t index) noexcept {
    const msghdr& header = batch.message(index).msg_hdr;
    const base::ByteView payload = batch.payload(index);
    const auto sender = from_sockaddr(batch.sender(index));
    const ReceivedAncillary ancillary = parse_ancillary(header);
    if (ancillary.kernel_drops) {
        counters_.kernel_drops += *ancillary.kernel_drops - kernel_drops_seen_;
        kernel_drops_seen_ = *ancillary.kernel_drops;
    }
    if (payload.empty() || !sender || !ancillary.local ||
        (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        ++counters_.received_unusable;
        return;
    }
    ++counters_.received_batches;
    counters_.received_bytes += payload.size();
    const std::uint32_t scope = family_ == net::Family::V6 && ancillary.local->is_link_local()
                                    ? ancillary.interface_index
                                    : 0;
    const std::size_t segment =
        ancillary.segment_size == 0 ? payload.size() : ancillary.segment_size;
    batch.add_received({{{*ancillary.local, port_, scope}, *sender},
                        ancillary.ecn,
                        std::min(segment, payload.size()),
                        payload});
}

bool UdpSocket::send(const net::TransmitDatagrams& datagrams, base::ByteView payload,
                     std::size_t& offset) noexcept {
    while (offset < payload.size()) {
        const std::size_t rest = payload.size() - offset;
        int blocked = 0;
        if (is_single(datagrams, rest)) {
            blocked = send_block(datagrams, payload, offset, rest);
        } else if (gso_ && datagrams.segmentation_offload) {
            const std::size_t segments =
                std::min(kSegmentsMax, kBlockBytesMax / datagrams.segment_size);
            const std::size_t most = datagrams.segment_size * std::max<std::size_t>(segments, 1);
            blocked = send_block(datagrams, payload, offset, std::min(rest, most));
        } else {
            blocked = send_singly(datagrams, payload, offset, payload.size()).blocked;
        }
        if (blocked != 0) {
            ++counters_.send_blocked;
            return false;
        }
    }
    return true;
}

/// Sends `size` bytes from `offset` on in one call. Returns the error when it has to wait for room.
int UdpSocket::send_block(const net::TransmitDatagrams& datagrams, base::ByteView payload,
                          std::size_t& offset, std::size_t size) noexcept {
    const bool segmented = !is_single(datagrams, size);
    const int error = send_once(datagrams, payload.subspan(offset, size), segmented);
    if (would_block(error)) {
        return error;
    }
    if (segmented && may_be_offload_trouble(error)) {
        // If some get through, it was the offload's fault and it stays off; if none does, the flow
        // itself is broken.
        const SinglyResult singly = send_singly(datagrams, payload, offset, offset + size);
        if (singly.passed) {
            give_up_segmentation(error);
        }
        return singly.blocked;
    }
    if (error != 0) {
        count_failure(error);
    }
    offset += size;
    return 0;
}

int UdpSocket::send_once(const net::TransmitDatagrams& datagrams, base::ByteView bytes,
                         bool segmented) noexcept {
    sockaddr_storage remote{};
    alignas(cmsghdr) std::array<std::byte, kAncillaryBytes> ancillary;
    iovec vector = to_vector(bytes);
    const auto segment_size =
        segmented ? static_cast<std::uint16_t>(datagrams.segment_size) : std::uint16_t{0};
    msghdr message = make_message(datagrams, segment_size, remote, ancillary);
    message.msg_iov = &vector;
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno;
    }
    ++counters_.sent_calls;
    counters_.sent_bytes += bytes.size();
    return 0;
}

/// Sends [offset, end) datagram by datagram, many a call.
UdpSocket::SinglyResult UdpSocket::send_singly(const net::TransmitDatagrams& datagrams,
                                               base::ByteView payload, std::size_t& offset,
                                               std::size_t end) noexcept {
    sockaddr_storage remote{};
    alignas(cmsghdr) std::array<std::byte, kAncillaryBytes> ancillary;
    const msghdr message = make_message(datagrams, 0, remote, ancillary);
    SinglyResult result;
    while (offset < end) {
        const std::size_t sent =
            send_many(message, datagrams.segment_size, payload.subspan(offset, end - offset));
        if (sent != 0) {
            result.passed = true;
            offset += sent;
            continue;
        }
        if (would_block(errno)) {
            result.blocked = errno;
            break;
        }
        // The error is that of the first one; the others may yet go.
        count_failure(errno);
        offset += std::min(datagrams.segment_size, end - offset);
    }
    return result;
}

/// One sendmmsg of as many datagrams of `bytes` as it takes. Returns the bytes sent; 0: see errno.
std::size_t UdpSocket::send_many(const msghdr& message, std::size_t segment_size,
                                 base::ByteView bytes) noexcept {
    std::array<iovec, kSinglesMax> vectors;
    std::array<mmsghdr, kSinglesMax> messages;
    unsigned count = 0;
    for (std::size_t at = 0; at < bytes.size() && count < kSinglesMax; at += segment_size) {
        vectors[count] = to_vector(bytes.subspan(at, std::min(segment_size, bytes.size() - at)));
        messages[count] = {message, 0};
        messages[count].msg_hdr.msg_iov = &vectors[count];
        ++count;
    }
    int sent = 0;
    do {
        sent = ::sendmmsg(fd(), messages.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent <= 0) {
        return 0;
    }
    const std::size_t size = std::min(static_cast<std::size_t>(sent) * segment_size, bytes.size());
    ++counters_.sent_calls;
    counters_.sent_bytes += size;
    return size;
}

void UdpSocket::count_failure(int error) noexcept {
    switch (error) {
        case EMSGSIZE:
            ++counters_.send_too_big;
            break;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EADDRNOTAVAIL:
        case EINVAL:  // A local address that has just gone.
            ++counters_.send_unreachable;
            break;
        case EPERM:
        case EACCES:
            ++counters_.send_refused;
            break;
        case ENOBUFS:
        case ENOMEM:
            ++counters_.send_no_buffer;
            break;
        default:
            ++counters_.send_failed;
    }
}

void UdpSocket::give_up_segmentation(int error) {
    gso_ = false;
    log_.warn("UDP segmentation offload is refused by a network device ({}): off from now on",
              errno_text(error));
}

}  // namespace qe::host
