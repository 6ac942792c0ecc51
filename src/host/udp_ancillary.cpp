// SPDX-License-Identifier: Apache-2.0
#include "host/udp_ancillary.h"

#include <cstring>
#include <span>

#include <netinet/in.h>
#include <netinet/udp.h>

#include "quicether/base/assert.h"

namespace qe::host {
namespace {

template <typename T>
T payload_of(const cmsghdr& header) noexcept {
    T value{};
    const std::size_t available = header.cmsg_len - CMSG_LEN(0);
    std::memcpy(&value, CMSG_DATA(&header), available < sizeof value ? available : sizeof value);
    return value;
}

net::Ecn to_ecn(int traffic_class) noexcept { return static_cast<net::Ecn>(traffic_class & 3); }

void read_ipv4(const cmsghdr& header, ReceivedAncillary& out) noexcept {
    if (header.cmsg_type == IP_PKTINFO) {
        const auto info = payload_of<in_pktinfo>(header);
        // spec_dst, not addr: for a broadcast it is the address of ours to answer from.
        out.local = net::IpAddress::v4(ntohl(info.ipi_spec_dst.s_addr));
        out.interface_index = static_cast<std::uint32_t>(info.ipi_ifindex);
    } else if (header.cmsg_type == IP_TOS) {
        out.ecn = to_ecn(payload_of<std::uint8_t>(header));
    }
}

void read_ipv6(const cmsghdr& header, ReceivedAncillary& out) noexcept {
    if (header.cmsg_type == IPV6_PKTINFO) {
        const auto info = payload_of<in6_pktinfo>(header);
        out.local =
            net::IpAddress::from_bytes(std::as_bytes(std::span(info.ipi6_addr.s6_addr, 16)));
        out.interface_index = info.ipi6_ifindex;
    } else if (header.cmsg_type == IPV6_TCLASS) {
        out.ecn = to_ecn(payload_of<int>(header));
    }
}

void read_one(const cmsghdr& header, ReceivedAncillary& out) noexcept {
    if (header.cmsg_level == IPPROTO_IP) {
        read_ipv4(header, out);
    } else if (header.cmsg_level == IPPROTO_IPV6) {
        read_ipv6(header, out);
    } else if (header.cmsg_level == IPPROTO_UDP && header.cmsg_type == UDP_GRO) {
        const int size = payload_of<int>(header);
        out.segment_size = size > 0 ? static_cast<std::size_t>(size) : 0;
    } else if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SO_RXQ_OVFL) {
        out.kernel_drops = payload_of<std::uint32_t>(header);
    }
}

/// Appends ancillary messages one after another.
class Appender {
  public:
    explicit Appender(msghdr& message) noexcept : message_(message) {
        // The kernel reads padding bytes' lengths through CMSG_NXTHDR: they must be zero.
        std::memset(message.msg_control, 0, kAncillaryBytes);
        message_.msg_controllen = 0;
    }

    template <typename T>
    void put(int level, int type, const T& value) noexcept {
        QE_ASSERT(message_.msg_controllen + CMSG_SPACE(sizeof(T)) <= kAncillaryBytes);
        auto* at = static_cast<std::byte*>(message_.msg_control) + message_.msg_controllen;
        cmsghdr header{};
        header.cmsg_len = CMSG_LEN(sizeof(T));
        header.cmsg_level = level;
        header.cmsg_type = type;
        std::memcpy(at, &header, sizeof header);
        std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
        message_.msg_controllen += CMSG_SPACE(sizeof(T));
    }

  private:
    msghdr& message_;
};

void put_local_v4(Appender& out, const net::SocketAddress& local) noexcept {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, local.ip.bytes().data(), 4);
    info.ipi_ifindex = static_cast<int>(local.scope);
    out.put(IPPROTO_IP, IP_PKTINFO, info);
}

void put_local_v6(Appender& out, const net::SocketAddress& local) noexcept {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, local.ip.bytes().data(), 16);
    info.ipi6_ifindex = local.scope;
    out.put(IPPROTO_IPV6, IPV6_PKTINFO, info);
}

}  // namespace

ReceivedAncillary parse_ancillary(const msghdr& message) noexcept {
    ReceivedAncillary out;
    auto* mutable_message = const_cast<msghdr*>(&message);  // CMSG_NXTHDR is not const-correct.
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(mutable_message, header)) {
        read_one(*header, out);
    }
    return out;
}

void put_ancillary(msghdr& message, const SendAncillary& ancillary) noexcept {
    Appender out(message);
    const bool v4 = ancillary.local.ip.is_v4();
    if (!ancillary.local.ip.is_any()) {
        v4 ? put_local_v4(out, ancillary.local) : put_local_v6(out, ancillary.local);
    }
    if (ancillary.ecn != net::Ecn::NotEct) {
        const int traffic_class = static_cast<int>(ancillary.ecn);
        out.put(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, traffic_class);
    }
    if (ancillary.segment_size != 0) {
        out.put(IPPROTO_UDP, UDP_SEGMENT, ancillary.segment_size);
    }
    if (message.msg_controllen == 0) {
        message.msg_control = nullptr;
    }
}

}  // namespace qe::host
