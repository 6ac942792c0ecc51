// SPDX-License-Identifier: Apache-2.0
//
// How the daemon comes up. Nothing on the host is touched before every check has passed.
#include <cerrno>
#include <csignal>

#include <fmt/format.h>
#include <sys/random.h>

#include "host/cpu_affinity.h"
#include "host/daemon_process.h"
#include "host/privileges.h"

namespace qe::host {
namespace {

/// For what comes slowly: certificates and tickets age by the wall clock. All else has events. An
/// idle daemon that hears its peers looks when they have woken it.
constexpr base::milliseconds kTickInterval(10'000);

Checked<base::Rng> make_rng() {
    base::Rng::Seed seed;
    if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
        return refuse("the kernel gives no random numbers: " + errno_text(errno));
    }
    base::Rng rng(seed);
    base::wipe(seed);
    return rng;
}

/// The addresses that the host could not be given are not waited for.
std::vector<net::Prefix> addresses_had(const node::HostPlan& plan, const HostProblems& problems) {
    std::vector<net::Prefix> addresses = plan.addresses;
    std::erase_if(addresses, [&](const net::Prefix& address) {
        return problems.contains("address " + address.to_string());
    });
    return addresses;
}

}  // namespace

Checked<void> Daemon::start() {
    // First: threads that libraries start inherit it.
    if (auto set = set_cpu_affinity(options_.config.performance.cpu_affinity); !set) {
        return set;
    }
    auto directory = StateDirectory::open(options_.state_dir);
    if (!directory) {
        return refuse(directory.error());
    }
    directory_.emplace(std::move(*directory));
    using Step = Checked<void> (Daemon::*)();
    for (const Step step : {&Daemon::make_node, &Daemon::open_control, &Daemon::open_netlink,
                            &Daemon::open_devices, &Daemon::open_driver}) {
        if (auto done = (this->*step)(); !done) {
            return done;
        }
    }
    watch_signals();
    if (const auto dropped = drop_privileges(); !dropped) {
        log_.warn("privileges are kept: {}", describe(dropped.error()));
    }
    driver_->start(node_->host_plan().generation);
    readiness_->wait_for(addresses_had(node_->host_plan(), problems_));
    return {};
}

Checked<void> Daemon::make_node() {
    auto rng = make_rng();
    if (!rng) {
        return refuse(rng.error());
    }
    auto key_rng = rng->fork("key");
    auto identity = directory_->load_or_create_identity(key_rng);
    if (!identity) {
        return refuse(identity.error());
    }
    for (const std::string& note : config::unsupported_notes(options_.config)) {
        log_.warn("{}", note);
    }
    auto node = node::Node::make({options_.config, options_.version, options_.commit, wall_now()},
                                 std::move(*identity), rng->fork("node"), base::Log(sink_, "node"),
                                 boottime_now());
    if (!node) {
        return refuse("the node cannot be made: " + describe(node.error()));
    }
    node_ = std::move(*node);
    restore_state();
    return {};
}

void Daemon::restore_state() {
    const StateStore store(directory_->path());
    for (const std::string& name : store.names()) {
        auto contents = store.read(name);
        if (contents) {
            node_->handle_stored_state(boottime_now(), name, *contents);
            base::wipe(*contents);
        } else {
            log_.warn("state \"{}\" in {} is lost: {}", name, directory_->path(),
                      describe(contents.error()));
        }
    }
    writer_.emplace(loop_, store, log_, [this](std::uint64_t number) {
        node_->handle_persisted(boottime_now(), number);
        wake();
    });
}

Checked<void> Daemon::open_control() {
    router_.emplace(sink_, control::VersionReply{options_.version, options_.commit},
                    RequestRouter::Actions{
                        [this] { stop("stopped by the operator"); }, [this] { return reload(); },
                        [this](control::StatusReply& status) { complete_status(status); },
                        [this](node::RequestId id, const control::Request& request) {
                            node_->handle_request(boottime_now(), id, request);
                            wake();
                        }});
    auto server = ControlServer::listen(loop_, options_.socket_path, log_,
                                        [this](ClientId client, const control::Request& request) {
                                            router_->handle_request(client, request);
                                        });
    if (!server) {
        return refuse(server.error());
    }
    control_ = std::move(*server);
    router_->attach(control_.get());
    return {};
}

Checked<void> Daemon::open_netlink() {
    auto netlink = Netlink::open();
    auto monitor = NetlinkMonitor::open();
    if (!netlink || !monitor) {
        const base::Error& error = netlink ? monitor.error() : netlink.error();
        return refuse("the kernel's network configuration cannot be reached: " + describe(error));
    }
    netlink_.emplace(std::move(*netlink));
    network_watcher_.emplace(loop_, *netlink_, std::move(*monitor), log_,
                             [this](const HostNetwork& network) { on_network(network); });
    configurator_.emplace(*netlink_, log_);
    return configurator_->prepare(node_->host_plan());
}

Checked<void> Daemon::open_devices() {
    const node::HostPlan& plan = node_->host_plan();
    auto udp = UdpPort::open(options_.config.discovery.dht_port, log_);
    if (udp && !options_.config.performance.segmentation_offload) {
        udp->disable_segmentation_offload();
    }
    if (!udp) {
        return refuse(udp.error());
    }
    udp_.emplace(std::move(*udp));
    auto tun = TunDevice::create(plan.tun_name);
    if (!tun) {
        return refuse(tun.error());
    }
    tun_.emplace(std::move(*tun));
    configurator_->adopt(tun_->index());
    show_problems(configurator_->apply(plan));
    for (const char* fatal : {"link", "netlink"}) {
        if (const auto problem = problems_.find(fatal); problem != problems_.end()) {
            return refuse(problem->second);
        }
    }
    if (!plan.addresses.empty() && addresses_had(plan, problems_).empty()) {
        return refuse(problems_.begin()->second);
    }
    return {};
}

Checked<void> Daemon::open_driver() {
    auto timer = DeadlineTimer::make();
    const auto network = netlink_->dump();
    if (!timer || !network) {
        return refuse(describe(timer ? network.error() : timer.error()));
    }
    view_ = to_network_view(*network, tun_->index());
    if (options_.config.discovery.lan) {
        lan_.emplace(loop_, log_, [this](const net::SocketAddress& from, base::ByteView bytes) {
            node_->handle_lan(boottime_now(), from, bytes);
            wake();
        });
        lan_->follow(view_);
    }
    if (options_.config.multipath.enabled) {
        udp_->follow(view_);
    }
    node_->handle_network(boottime_now(), view_);
    driver_.emplace(NodeDriver::Parts{loop_, *node_, *udp_, *tun_, *this}, std::move(*timer));
    resolver_.emplace(loop_,
                      [this](const std::string& host, std::vector<net::IpAddress> addresses) {
                          node_->handle_resolved(boottime_now(), host, std::move(addresses));
                          wake();
                      });
    readiness_.emplace(loop_, [this] { on_ready(); });
    // Only takes note: the first jump must find something to compare with.
    [[maybe_unused]] const bool slept = suspend_.observe(boottime_now(), monotonic_now());
    tick_.start_repeating(kTickInterval);
    clock_watch_.emplace(loop_, [this] { on_tick(); });
    return {};
}

void Daemon::watch_signals() {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        signals_.push_back(std::make_unique<SignalWatch>(
            loop_, signal, [this](int number) { on_signal(number); }));
    }
}

}  // namespace qe::host
