// SPDX-License-Identifier: Apache-2.0
#include "host/netlink_codec.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

namespace qe::host {
namespace {

std::uint8_t family_number(net::Family family) noexcept {
    return family == net::Family::V4 ? AF_INET : AF_INET6;
}

/// Adds the fixed part of a message, zeroed.
template <typename T>
T* extra_header(NetlinkRequest& request) noexcept {
    return static_cast<T*>(mnl_nlmsg_put_extra_header(request.header(), sizeof(T)));
}

void put_ip(NetlinkRequest& request, std::uint16_t type, const net::IpAddress& ip) noexcept {
    mnl_attr_put(request.header(), type, ip.bytes().size(), ip.bytes().data());
}

/// The attributes of one message, by type; later ones of the same type win.
class Attributes {
  public:
    static constexpr std::size_t kCount = 32;  ///< Types below are kept.

    Attributes(const nlmsghdr& message, std::size_t fixed_part) noexcept {
        mnl_attr_parse(&message, static_cast<unsigned>(fixed_part), take, this);
    }

    [[nodiscard]] const nlattr* get(std::size_t type) const noexcept { return found_[type]; }
    [[nodiscard]] std::uint32_t u32(std::size_t type, std::uint32_t otherwise) const noexcept {
        const nlattr* attribute = found_[type];
        const bool usable =
            attribute != nullptr && mnl_attr_get_payload_len(attribute) >= sizeof(std::uint32_t);
        return usable ? mnl_attr_get_u32(attribute) : otherwise;
    }
    /// An address of `family`; nothing when absent or of another size.
    [[nodiscard]] std::optional<net::IpAddress> ip(std::size_t type,
                                                   unsigned family) const noexcept {
        const nlattr* attribute = found_[type];
        const std::size_t size = family == AF_INET ? 4 : 16;
        if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != size) {
            return std::nullopt;
        }
        return net::IpAddress::from_bytes(
            {static_cast<const std::byte*>(mnl_attr_get_payload(attribute)), size});
    }

  private:
    static int take(const nlattr* attribute, void* self) noexcept {
        const std::uint16_t type = mnl_attr_get_type(attribute);
        if (type < kCount) {
            static_cast<Attributes*>(self)->found_[type] = attribute;
        }
        return MNL_CB_OK;
    }

    std::array<const nlattr*, kCount> found_{};
};

bool is_ip_family(unsigned family) noexcept { return family == AF_INET || family == AF_INET6; }

NetlinkRequest make_address_request(std::uint16_t type, std::uint16_t flags,
                                    std::uint32_t interface_index,
                                    const net::Prefix& address) noexcept {
    NetlinkRequest request(type, flags);
    auto* body = extra_header<ifaddrmsg>(request);
    body->ifa_family = family_number(address.family());
    body->ifa_prefixlen = static_cast<std::uint8_t>(address.length());
    body->ifa_scope = RT_SCOPE_UNIVERSE;
    body->ifa_index = interface_index;
    put_ip(request, IFA_LOCAL, address.address());
    put_ip(request, IFA_ADDRESS, address.address());
    if (address.family() == net::Family::V6) {
        mnl_attr_put_u32(request.header(), IFA_FLAGS, IFA_F_NODAD);
    }
    return request;
}

NetlinkRequest make_route_request(std::uint16_t type, std::uint16_t flags,
                                  std::uint32_t interface_index,
                                  const net::Prefix& destination) noexcept {
    NetlinkRequest request(type, flags);
    auto* body = extra_header<rtmsg>(request);
    body->rtm_family = family_number(destination.family());
    body->rtm_dst_len = static_cast<std::uint8_t>(destination.length());
    body->rtm_table = RT_TABLE_MAIN;
    body->rtm_protocol = kRouteProtocol;
    body->rtm_scope = destination.family() == net::Family::V4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    body->rtm_type = RTN_UNICAST;
    put_ip(request, RTA_DST, destination.network().address());
    if (interface_index != 0) {
        mnl_attr_put_u32(request.header(), RTA_OIF, interface_index);
    }
    return request;
}

NetlinkRequest make_link_request(std::uint32_t interface_index, unsigned flags) noexcept {
    NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK);
    auto* body = extra_header<ifinfomsg>(request);
    body->ifi_family = AF_UNSPEC;
    body->ifi_index = static_cast<int>(interface_index);
    body->ifi_flags = flags;
    body->ifi_change = flags;
    return request;
}

NetlinkRequest make_dump(std::uint16_t type) noexcept {
    NetlinkRequest request(type, NLM_F_DUMP);
    extra_header<rtgenmsg>(request)->rtgen_family = AF_UNSPEC;
    return request;
}

/// One record per member of an RTA_MULTIPATH attribute.
void add_next_hops(const nlattr* multipath, const RouteRecord& shared,
                   std::vector<RouteRecord>& out) {
    const auto* at = static_cast<const std::byte*>(mnl_attr_get_payload(multipath));
    std::size_t rest = mnl_attr_get_payload_len(multipath);
    while (rest >= sizeof(rtnexthop)) {
        rtnexthop hop{};
        std::memcpy(&hop, at, sizeof hop);
        if (hop.rtnh_len < sizeof hop || hop.rtnh_len > rest) {
            return;
        }
        RouteRecord record = shared;
        record.interface_index = static_cast<std::uint32_t>(hop.rtnh_ifindex);
        record.has_gateway = hop.rtnh_len > sizeof hop;
        out.push_back(record);
        const std::size_t step = std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), rest);
        at += step;
        rest -= step;
    }
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) noexcept {
    nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
}

nlmsghdr* NetlinkRequest::header() noexcept { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

NetlinkRequest make_link_dump() noexcept { return make_dump(RTM_GETLINK); }
NetlinkRequest make_address_dump() noexcept { return make_dump(RTM_GETADDR); }
NetlinkRequest make_route_dump() noexcept { return make_dump(RTM_GETROUTE); }

NetlinkRequest make_address_add(std::uint32_t interface_index,
                                const net::Prefix& address) noexcept {
    return make_address_request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, interface_index,
                                address);
}

NetlinkRequest make_address_delete(std::uint32_t interface_index,
                                   const net::Prefix& address) noexcept {
    return make_address_request(RTM_DELADDR, NLM_F_ACK, interface_index, address);
}

NetlinkRequest make_route_add(std::uint32_t interface_index,
                              const net::Prefix& destination) noexcept {
    return make_route_request(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, interface_index,
                              destination);
}

NetlinkRequest make_route_delete(const RouteRecord& route) noexcept {
    NetlinkRequest request =
        make_route_request(RTM_DELROUTE, NLM_F_ACK, route.interface_index, route.destination);
    // Whatever its scope: the protocol and the metric tell it apart from routes of others.
    static_cast<rtmsg*>(mnl_nlmsg_get_payload(request.header()))->rtm_scope = RT_SCOPE_NOWHERE;
    mnl_attr_put_u32(request.header(), RTA_PRIORITY, route.metric);
    return request;
}

NetlinkRequest make_link_mtu(std::uint32_t interface_index, std::uint32_t mtu_bytes) noexcept {
    NetlinkRequest request = make_link_request(interface_index, 0);
    mnl_attr_put_u32(request.header(), IFLA_MTU, mtu_bytes);
    return request;
}

NetlinkRequest make_link_queue(std::uint32_t interface_index, std::uint32_t packets) noexcept {
    NetlinkRequest request = make_link_request(interface_index, 0);
    mnl_attr_put_u32(request.header(), IFLA_TXQLEN, packets);
    return request;
}

NetlinkRequest make_link_up(std::uint32_t interface_index) noexcept {
    return make_link_request(interface_index, IFF_UP);
}

NetlinkRequest make_link_without_autoconf(std::uint32_t interface_index) noexcept {
    NetlinkRequest request = make_link_request(interface_index, 0);
    nlattr* families = mnl_attr_nest_start(request.header(), IFLA_AF_SPEC);
    nlattr* ipv6 = mnl_attr_nest_start(request.header(), AF_INET6);
    mnl_attr_put_u8(request.header(), IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(request.header(), ipv6);
    mnl_attr_nest_end(request.header(), families);
    return request;
}

std::optional<LinkRecord> parse_link(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWLINK ||
        mnl_nlmsg_get_payload_len(&message) < sizeof(ifinfomsg)) {
        return std::nullopt;
    }
    const auto* body = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    static_assert(IFLA_TXQLEN < Attributes::kCount);
    const Attributes attributes(message, sizeof *body);
    LinkRecord link;
    link.index = static_cast<std::uint32_t>(body->ifi_index);
    link.up = (body->ifi_flags & IFF_UP) != 0;
    link.carrier = (body->ifi_flags & (1U << 16)) != 0;  // IFF_LOWER_UP, absent from <net/if.h>
    link.loopback = (body->ifi_flags & IFF_LOOPBACK) != 0;
    link.mtu = attributes.u32(IFLA_MTU, 0);
    link.queue_packets = attributes.u32(IFLA_TXQLEN, 0);
    if (const nlattr* name = attributes.get(IFLA_IFNAME)) {
        const auto* text = static_cast<const char*>(mnl_attr_get_payload(name));
        link.name.assign(text, ::strnlen(text, mnl_attr_get_payload_len(name)));
    }
    return link;
}

std::optional<AddressRecord> parse_address(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWADDR ||
        mnl_nlmsg_get_payload_len(&message) < sizeof(ifaddrmsg)) {
        return std::nullopt;
    }
    const auto* body = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
    static_assert(IFA_FLAGS < Attributes::kCount);
    const Attributes attributes(message, sizeof *body);
    if (!is_ip_family(body->ifa_family)) {
        return std::nullopt;
    }
    // On point-to-point links IFA_ADDRESS is the other end.
    auto ip = attributes.ip(IFA_LOCAL, body->ifa_family);
    ip = ip ? ip : attributes.ip(IFA_ADDRESS, body->ifa_family);
    if (!ip || body->ifa_prefixlen > ip->bit_count()) {
        return std::nullopt;
    }
    const std::uint32_t flags = attributes.u32(IFA_FLAGS, body->ifa_flags);
    const bool usable = (flags & (IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED)) == 0;
    return AddressRecord{body->ifa_index, net::Prefix(*ip, body->ifa_prefixlen), usable};
}

std::vector<RouteRecord> parse_route(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg)) {
        return {};
    }
    const auto* body = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
    static_assert(RTA_VIA < Attributes::kCount);
    const Attributes attributes(message, sizeof *body);
    const bool wanted = is_ip_family(body->rtm_family) && body->rtm_type == RTN_UNICAST &&
                        (body->rtm_flags & RTM_F_CLONED) == 0 &&
                        attributes.u32(RTA_TABLE, body->rtm_table) == RT_TABLE_MAIN;
    if (!wanted) {
        return {};
    }
    const auto family = body->rtm_family == AF_INET ? net::Family::V4 : net::Family::V6;
    const net::IpAddress destination =
        attributes.ip(RTA_DST, body->rtm_family).value_or(net::IpAddress::any(family));
    if (body->rtm_dst_len > destination.bit_count()) {
        return {};
    }
    RouteRecord route;
    route.destination = net::Prefix(destination, body->rtm_dst_len);
    route.interface_index = attributes.u32(RTA_OIF, 0);
    route.metric = attributes.u32(RTA_PRIORITY, 0);
    route.protocol = body->rtm_protocol;
    route.has_gateway =
        attributes.get(RTA_GATEWAY) != nullptr || attributes.get(RTA_VIA) != nullptr;
    route.source = attributes.ip(RTA_PREFSRC, body->rtm_family);
    std::vector<RouteRecord> routes;
    if (const nlattr* multipath = attributes.get(RTA_MULTIPATH)) {
        add_next_hops(multipath, route, routes);
    } else {
        routes.push_back(route);
    }
    return routes;
}

}  // namespace qe::host
