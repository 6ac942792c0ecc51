// SPDX-License-Identifier: Apache-2.0
#include "host/host_configurator.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <sys/socket.h>

#include "host/file_descriptor.h"
#include "host/overlap.h"
#include "host/socket_address.h"

namespace qe::host {
namespace {

/// Gone already is as good as removed.
bool removed(const base::Status& status) {
    const auto native = status ? 0 : status.error().native;
    return status || native == ESRCH || native == EADDRNOTAVAIL || native == ENODEV;
}

std::string address_problem(const net::Prefix& address, const base::Error& error) {
    const bool no_ipv6 =
        address.address().is_v6() &&
        (error.native == EACCES || error.native == EOPNOTSUPP || error.native == EAFNOSUPPORT);
    if (no_ipv6) {
        return fmt::format("overlay address {} is left out: IPv6 is disabled on this host",
                           address.to_string());
    }
    return fmt::format("overlay address {} cannot be set: {}", address.to_string(),
                       errno_text(error.native));
}

bool bindable(const net::IpAddress& address) noexcept {
    const int domain = address.is_v4() ? AF_INET : AF_INET6;
    const FileDescriptor fd(::socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage name{};
    const socklen_t size = to_sockaddr({address, 0, 0}, name);
    return fd.valid() && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0;
}

}  // namespace

Checked<void> HostConfigurator::prepare(const node::HostPlan& plan) {
    auto network = netlink_.dump();
    if (!network) {
        return refuse("the kernel's addresses and routes cannot be read: " +
                      describe(network.error()));
    }
    remove_leftovers(*network);
    const auto overlaps = find_address_overlaps(plan, *network, tun_index_);
    if (!overlaps.empty()) {
        return refuse(overlaps.front().sentence);
    }
    return {};
}

void HostConfigurator::remove_leftovers(const HostNetwork& network) {
    for (const RouteRecord& route : find_leftover_routes(network)) {
        const auto status = netlink_.change(make_route_delete(route));
        if (status) {
            log_.info("removed route {}, left by a daemon that ended without cleaning up",
                      route.destination.to_string());
        }
    }
}

void HostConfigurator::adopt(std::uint32_t tun_index) {
    tun_index_ = tun_index;
    if (const auto status = netlink_.change(make_link_without_autoconf(tun_index)); !status) {
        log_.debug("link-local address generation stays on: {}", describe(status.error()));
    }
}

HostProblems HostConfigurator::apply(const node::HostPlan& plan) {
    HostProblems problems;
    const auto network = netlink_.dump();
    if (!network) {
        problems["netlink"] =
            "the kernel's addresses and routes cannot be read: " + describe(network.error());
        return problems;
    }
    std::vector<net::Prefix> left_out;
    for (const Overlap& overlap : find_route_overlaps(plan, *network, tun_index_)) {
        left_out.push_back(overlap.ours);
        problems["route " + overlap.ours.to_string()] = overlap.sentence;
    }
    for (const Overlap& overlap : find_address_overlaps(plan, *network, tun_index_)) {
        problems["address " + overlap.ours.to_string()] = overlap.sentence;
    }
    apply_diff(diff_plan(plan, left_out, *network, tun_index_), problems);
    return problems;
}

void HostConfigurator::apply_diff(const PlanDiff& diff, HostProblems& problems) {
    if (diff.mtu) {
        if (const auto status = netlink_.change(make_link_mtu(tun_index_, *diff.mtu)); !status) {
            problems["mtu"] = fmt::format("the TUN device's MTU cannot be set to {}: {}", *diff.mtu,
                                          errno_text(status.error().native));
        }
    }
    remove(diff);
    add_addresses(diff.add_addresses, problems);
    if (diff.set_up) {
        // A wish only: with the kernel's 500 small packets are lost whenever we wait a few
        // milliseconds for a processor.
        static_cast<void>(netlink_.change(make_link_queue(tun_index_, kTunQueuePackets)));
        if (const auto status = netlink_.change(make_link_up(tun_index_)); !status) {
            problems["link"] = fmt::format("the TUN device cannot be set up: {}",
                                           errno_text(status.error().native));
        }
    }
    add_routes(diff.add_routes, problems);
}

void HostConfigurator::remove(const PlanDiff& diff) {
    for (const RouteRecord& route : diff.remove_routes) {
        if (const auto status = netlink_.change(make_route_delete(route)); !removed(status)) {
            log_.warn("route {} cannot be removed: {}", route.destination.to_string(),
                      describe(status.error()));
        }
    }
    for (const net::Prefix& address : diff.remove_addresses) {
        const auto status = netlink_.change(make_address_delete(tun_index_, address));
        if (!removed(status)) {
            log_.warn("address {} cannot be removed: {}", address.to_string(),
                      describe(status.error()));
        }
    }
}

void HostConfigurator::add_addresses(const std::vector<net::Prefix>& addresses,
                                     HostProblems& problems) {
    for (const net::Prefix& address : addresses) {
        const std::string key = "address " + address.to_string();
        if (problems.contains(key)) {
            continue;
        }
        const auto status = netlink_.change(make_address_add(tun_index_, address));
        if (!status && status.error().native != EEXIST) {
            problems[key] = address_problem(address, status.error());
        }
    }
}

void HostConfigurator::add_routes(const std::vector<net::Prefix>& routes, HostProblems& problems) {
    for (const net::Prefix& route : routes) {
        const auto status = netlink_.change(make_route_add(tun_index_, route));
        if (!status) {
            problems["route " + route.to_string()] =
                fmt::format("overlay route {} cannot be set: {}", route.to_string(),
                            errno_text(status.error().native));
        }
    }
}

void HostConfigurator::undo() {
    const auto network = netlink_.dump();
    if (tun_index_ == 0 || !network) {
        return;
    }
    const node::HostPlan nothing;
    remove(diff_plan(nothing, {}, *network, tun_index_));
}

bool all_bindable(const std::vector<net::Prefix>& addresses) noexcept {
    return std::ranges::all_of(
        addresses, [](const net::Prefix& prefix) { return bindable(prefix.address()); });
}

}  // namespace qe::host
