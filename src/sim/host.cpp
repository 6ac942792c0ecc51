// SPDX-License-Identifier: Apache-2.0
//
// A host's life, interfaces and questions. What drives its node: host_pump.cpp.
#include "sim/host.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "quicether/base/assert.h"
#include "sim/host_parts.h"
#include "sim/world.h"

namespace qe::sim {
namespace {

/// As long as the daemon lets closing messages leave.
constexpr base::Duration kDrain = base::seconds(1);
constexpr std::string_view kVersion = "sim";

std::array<std::byte, crypto::Identity::kSeedSize> key_seed(base::Rng rng) {
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    rng.fill(seed);
    return seed;
}

/// One label for each purpose of each host: what others do changes nothing.
std::string label_of(const HostOptions& options, std::string_view purpose) {
    return fmt::format("host {} {}", options.name, purpose);
}

}  // namespace

Host::Scope::Scope(Host& host) noexcept : randomness_(*host.tls_rng_) {
    host.world_.show_wall_clock();
    if (!std::exchange(host.peers_asked_at_, base::Instant::never()).is_never()) {
        host.peers_ = {};
    }
}

Host::Host(World& world, HostId id, HostOptions options)
    : world_(world),
      id_(id),
      options_(std::move(options)),
      identity_(crypto::Identity::from_seed(key_seed(world.stream(label_of(options_, "key"))))),
      disk_(world.stream(label_of(options_, "disk")), options_.disk) {
    options_.config.node.name = options_.name;
    for (std::size_t i = 0; i < options_.interfaces.size(); ++i) {
        nics_.push_back(std::make_unique<Nic>(*this, i));
    }
}

Host::~Host() {
    if (node_) {
        const Scope scope(*this);
        node_.reset();
    }
}

// --- Life ---------------------------------------------------------------------------------------

void Host::start() {
    QE_ASSERT(!running());
    const std::string run = std::to_string(++starts_);
    tls_rng_ = std::make_unique<base::Rng>(world_.stream(label_of(options_, "tls " + run)));
    const Scope scope(*this);
    const base::Instant now = world_.now();
    node::NodeOptions options{options_.config, std::string(kVersion), std::string(kVersion),
                              world_.wall_now()};
    auto node = node::Node::make(std::move(options), identity_.clone(),
                                 world_.stream(label_of(options_, "node " + run)),
                                 base::Log(*this, "node"), now);
    QE_ASSERT(node.has_value());
    node_ = std::move(*node);
    world_.tell([this](Observer& o) { o.on_host(id_, HostChange::Started); });
    for (const auto& [name, contents] : disk_.files(now)) {
        node_->handle_stored_state(now, name, contents);
    }
    node_->handle_network(now, view());
    node_->set_tun_offloads(options_.tun_offloads);
    pump();
}

void Host::crash() {
    QE_ASSERT(!pumping_);
    if (running()) {
        disk_.crash(world_.now());
        stop(HostChange::Crashed);
    }
}

void Host::leave() {
    QE_ASSERT(!pumping_);
    if (!awake() || leaving_) {
        return;
    }
    leaving_ = true;
    {
        const Scope scope(*this);
        node_->shutdown(world_.now(), "leaving");
    }
    world_.scheduler().after(kDrain, [this, run = starts_] {
        if (running() && run == starts_) {
            disk_.finish();
            stop(HostChange::Left);
        }
    });
    pump();
}

void Host::stop(HostChange change) {
    {
        const Scope scope(*this);
        node_.reset();
    }
    suspended_ = false;
    leaving_ = false;
    arrivals_.clear();
    outgoing_.clear();
    replies_.clear();
    for (const auto& [number, done] : std::exchange(waiting_, {})) {
        done(control::ErrorReply{control::ErrorKind::Failed, "the node has stopped"});
    }
    world_.tell([this, change](Observer& o) { o.on_host(id_, change); });
}

void Host::suspend() {
    if (awake()) {
        suspended_ = true;
        arrivals_.clear();
        world_.tell([this](Observer& o) { o.on_host(id_, HostChange::Suspended); });
    }
}

void Host::resume() {
    if (!running() || !suspended_) {
        return;
    }
    suspended_ = false;
    world_.tell([this](Observer& o) { o.on_host(id_, HostChange::Resumed); });
    tell_wall_clock();
    tell_network(true);
}

control::ReloadReply Host::reload() {
    if (!awake()) {
        return {};
    }
    control::ReloadReply reply;
    {
        const Scope scope(*this);
        reply = node_->handle_reload(world_.now(), options_.config);
    }
    pump();
    return reply;
}

void Host::tell_wall_clock() {
    if (awake()) {
        {
            const Scope scope(*this);
            node_->handle_wall_clock(world_.wall_now());
        }
        pump();
    }
}

bool Host::enabled(base::LogLevel level, std::string_view /*module*/) const noexcept {
    return level >= base::LogLevel::Info;
}

void Host::write(base::LogLevel level, std::string_view /*module*/, std::string_view message) {
    world_.tell([&](Observer& o) { o.on_log(id_, level, message); });
}

// --- Underlay -----------------------------------------------------------------------------------

std::string Host::link_name(std::string_view interface) const {
    return fmt::format("{}/{}", options_.name, interface);
}

Host::Nic* Host::find_nic(std::string_view interface) const {
    for (const auto& nic : nics_) {
        if (options_.interfaces[nic->index].name == interface) {
            return nic.get();
        }
    }
    return nullptr;
}

base::Result<void> Host::join_networks() {
    for (const auto& nic : nics_) {
        if (auto joined = join(*nic); !joined) {
            for (const auto& other : nics_) {
                if (other->entry != nullptr) {
                    world_.topology().detach(link_name(options_.interfaces[other->index].name));
                }
            }
            return joined;
        }
    }
    return {};
}

base::Result<void> Host::join(Nic& nic) {
    const InterfaceOptions& options = options_.interfaces[nic.index];
    const std::string link = link_name(options.name);
    QE_TRY(nic.attachment, world_.topology().attach(link, options.network, options.link, nic));
    nic.entry = &world_.topology().entry(link);
    return {};
}

base::Result<void> Host::move(std::string_view interface, const std::string& network,
                              const LinkOptions& link) {
    Nic* const nic = find_nic(interface);
    if (nic == nullptr) {
        return base::fail(base::ErrorCode::kNotFound, "the host has no such interface");
    }
    if (nic->entry != nullptr) {
        world_.topology().detach(link_name(interface));
    }
    nic->attachment.reset();
    nic->entry = nullptr;
    options_.interfaces[nic->index].network = network;
    options_.interfaces[nic->index].link = link;
    auto joined = join(*nic);
    nic->carrier = true;
    world_.tell([this](Observer& o) { o.on_host(id_, HostChange::Moved); });
    tell_network(false);
    return joined;
}

void Host::set_carrier(std::string_view interface, bool up) {
    Nic* const nic = find_nic(interface);
    QE_ASSERT(nic != nullptr);
    nic->carrier = up;
    const std::string link = link_name(interface);
    if (auto options = world_.topology().link_options(link)) {
        options->up.up = up;
        options->down.up = up;
        QE_ASSERT(world_.topology().set_link(link, *options).has_value());
    }
    world_.tell([this](Observer& o) { o.on_host(id_, HostChange::Moved); });
    tell_network(false);
}

std::vector<net::IpAddress> Host::addresses() const {
    std::vector<net::IpAddress> all;
    for (const auto& nic : nics_) {
        for (const net::Prefix& prefix : nic->prefixes()) {
            all.push_back(prefix.address());
        }
    }
    return all;
}

node::NetworkView Host::view() const {
    node::NetworkView view;
    for (const auto& nic : nics_) {
        const InterfaceOptions& options = options_.interfaces[nic->index];
        const std::vector<net::Prefix> prefixes = nic->prefixes();
        view.interfaces.push_back({.index = nic->interface_index(),
                                   .name = options.name,
                                   .up = nic->carrier && !prefixes.empty(),
                                   .loopback = false,
                                   .mtu = static_cast<std::uint32_t>(options.link.up.mtu),
                                   .addresses = prefixes});
        for (const net::Prefix& prefix : prefixes) {
            view.routes.push_back({prefix.network(), nic->interface_index(), options.metric, {}});
            view.routes.push_back({net::Prefix(net::IpAddress::any(prefix.family()), 0),
                                   nic->interface_index(), options.metric, std::nullopt});
        }
    }
    return view;
}

std::optional<std::string> Host::network_of(const net::IpAddress& address) const {
    for (const auto& nic : nics_) {
        if (nic->carrier && nic->has(address)) {
            return nic->attachment->network;
        }
    }
    return std::nullopt;
}

void Host::tell_network(bool clock_jump) {
    if (awake()) {
        {
            const Scope scope(*this);
            node_->handle_network(world_.now(), view(), clock_jump);
        }
        pump();
    }
}

// --- Questions ----------------------------------------------------------------------------------

control::Reply Host::ask(const control::Request& request) {
    if (!running()) {
        return control::ErrorReply{control::ErrorKind::Failed, "the node does not run"};
    }
    const node::RequestId number = ++requests_;
    control::Reply answer =
        control::ErrorReply{control::ErrorKind::Timeout, "the node does not answer at once"};
    {
        const Scope scope(*this);
        node_->handle_request(world_.now(), number, request);
        while (auto reply = node_->poll_reply()) {
            if (reply->id == number) {
                answer = std::move(reply->reply);
            } else {
                replies_.push_back(std::move(*reply));
            }
        }
    }
    if (std::holds_alternative<control::PingRequest>(request) && awake()) {
        pump();
    }
    return answer;
}

void Host::request(const control::Request& request,
                   std::function<void(const control::Reply& reply)> done) {
    if (!awake()) {
        done(control::ErrorReply{control::ErrorKind::Failed, "the node does not run"});
        return;
    }
    const node::RequestId number = ++requests_;
    waiting_.emplace(number, std::move(done));
    {
        const Scope scope(*this);
        node_->handle_request(world_.now(), number, request);
    }
    pump();
    give_replies();
}

control::StatusReply Host::status() {
    control::Reply reply = ask(control::StatusRequest{});
    auto* const status = std::get_if<control::StatusReply>(&reply);
    return status == nullptr ? control::StatusReply{} : std::move(*status);
}

const control::PeersReply& Host::peers() {
    if (peers_asked_at_ != world_.now()) {
        control::Reply reply = ask(control::PeersRequest{});
        auto* const peers = std::get_if<control::PeersReply>(&reply);
        peers_ = peers == nullptr ? control::PeersReply{} : std::move(*peers);
        peers_asked_at_ = world_.now();
    }
    return peers_;
}

std::vector<HostId> Host::connected() {
    std::vector<HostId> all;
    for (const control::PeerReply& peer : peers().peers) {
        const auto id = crypto::parse_node_id(peer.node_id);
        QE_ASSERT(id.has_value());
        if (const auto host = world_.find_host(*id); host && peer.state == "connected") {
            all.push_back(*host);
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::size_t Host::connected_count() { return status().peers_connected; }

std::uint64_t Host::counter(std::string_view name) {
    for (const control::Counter& counter : status().counters) {
        if (counter.name == name) {
            return counter.value;
        }
    }
    return 0;
}

}  // namespace qe::sim
