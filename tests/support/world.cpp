// SPDX-License-Identifier: Apache-2.0
#include "support/world.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <tuple>

#include "quicether/base/assert.h"

namespace qe::testing {
namespace {

constexpr std::uint16_t kPort = 9000;
constexpr std::size_t kBufferSize = 64U << 10;
constexpr base::UnixTime kWallStart{1'790'000'000};

std::array<std::byte, crypto::Identity::kSeedSize> seed_of(std::size_t host) {
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    seed[0] = static_cast<std::byte>(host + 1);
    seed[1] = static_cast<std::byte>((host + 1) >> 8);
    return seed;
}

std::size_t ip_overhead(const net::SocketAddress& address) {
    return (address.ip.is_v4() ? 20 : 40) + 8;
}

}  // namespace

void RecordingSink::write(base::LogLevel level, std::string_view module, std::string_view message) {
    lines_.push_back(std::string(base::to_text(level)) + " " + std::string(module) + ": " +
                     std::string(message));
    if (std::getenv("QE_TEST_LOG") != nullptr) {
        std::fprintf(stderr, "%s\n", lines_.back().c_str());
    }
}

std::size_t RecordingSink::count(std::string_view part) const {
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(),
        [part](const std::string& line) { return line.find(part) != std::string::npos; }));
}

struct World::Host {
    HostId id = 0;
    std::string name;
    std::vector<net::IpAddress> addresses;
    config::Config config;
    crypto::Identity identity;
    RecordingSink sink;
    std::unique_ptr<node::Node> node;
    std::vector<base::Bytes> received;
    std::vector<net::Offload> offloads;  ///< Of `received`.
    std::vector<node::ControlReply> replies;
    std::uint64_t starts = 0;
    std::uint64_t wake_ups = 0;
    std::map<std::string, base::Bytes> state;
    std::vector<node::PersistState> unsafe;  ///< What is being written.
    bool disk_hangs = false;
    bool an_interface_each = false;
};

World::World() = default;
World::~World() = default;

World::HostId World::add_host(std::string name, std::vector<net::IpAddress> addresses) {
    const HostId id = hosts_.size();
    hosts_.push_back(std::unique_ptr<Host>(new Host{id,
                                                    std::move(name),
                                                    std::move(addresses),
                                                    {},
                                                    crypto::Identity::from_seed(seed_of(id)),
                                                    {},
                                                    nullptr,
                                                    {},
                                                    {},
                                                    {},
                                                    0,
                                                    0,
                                                    {},
                                                    {},
                                                    false}));
    hosts_.back()->config.node.name = hosts_.back()->name;
    hosts_.back()->config.discovery.dht = false;
    hosts_.back()->config.discovery.lan = false;
    return id;
}

crypto::NodeId World::id_of(HostId host) const { return hosts_[host]->identity.node_id(); }

config::PeerConfig World::peer_entry(HostId host, bool with_endpoint) const {
    config::PeerConfig peer;
    peer.id = id_of(host);
    peer.name = hosts_[host]->name;
    if (with_endpoint) {
        for (const net::IpAddress& address : hosts_[host]->addresses) {
            peer.endpoints.push_back({address.to_string(), kPort});
        }
    }
    return peer;
}

void World::know_each_other(const std::vector<HostId>& hosts) {
    for (const HostId a : hosts) {
        for (const HostId b : hosts) {
            if (a != b) {
                config_of(a).peer.push_back(peer_entry(b));
            }
        }
    }
}

config::Config& World::config_of(HostId host) { return hosts_[host]->config; }

void World::start(HostId id) {
    Host& host = *hosts_[id];
    base::Rng::Seed seed{};
    seed[0] = static_cast<std::byte>(id + 1);
    seed[1] = static_cast<std::byte>(++host.starts);
    node::NodeOptions options{host.config, "test", "test", wall_now()};
    auto node = node::Node::make(std::move(options), host.identity.clone(), base::Rng(seed),
                                 base::Log(host.sink, "test"), now_);
    QE_ASSERT(node.has_value());
    host.node = std::move(*node);
    if (restores_) {
        for (const auto& [name, contents] : host.state) {
            host.node->handle_stored_state(now_, name, contents);
        }
    }
    host.node->handle_network(now_, view_of(host));
    host.node->handle_timeout(now_);
    pump(host);
}

base::UnixTime World::wall_now() const {
    const auto seconds = std::chrono::duration_cast<base::seconds>(now_ - kStart);
    return {kWallStart.seconds + seconds.count()};
}

void World::tell_wall_clock() {
    for (const auto& host : hosts_) {
        if (host->node) {
            host->node->handle_wall_clock(wall_now());
            pump(*host);
        }
    }
}

void World::crash(HostId id) {
    hosts_[id]->node.reset();
    hosts_[id]->unsafe.clear();
}

void World::shutdown(HostId id, std::string_view reason) {
    hosts_[id]->node->shutdown(now_, reason);
    pump(*hosts_[id]);
}

void World::store_state(HostId id, const std::string& name, base::Bytes contents) {
    hosts_[id]->state[name] = std::move(contents);
}
void World::forget_state(HostId id, const std::string& name) { hosts_[id]->state.erase(name); }
std::uint64_t World::wake_ups(HostId id) const { return hosts_[id]->wake_ups; }

control::ReloadReply World::reload(HostId id) {
    control::ReloadReply reply = hosts_[id]->node->handle_reload(now_, hosts_[id]->config);
    pump(*hosts_[id]);
    return reply;
}

void World::set_addresses(HostId id, std::vector<net::IpAddress> addresses, bool clock_jump) {
    Host& host = *hosts_[id];
    host.addresses = std::move(addresses);
    if (host.node) {
        host.node->handle_network(now_, view_of(host), clock_jump);
        pump(host);
    }
}

void World::set_an_interface_each(HostId id) { hosts_[id]->an_interface_each = true; }

node::NetworkView World::view_of(const Host& host) const {
    constexpr std::uint32_t kFirstIndex = 2;
    node::NetworkView view;
    const auto add_interface = [&] {
        const auto number = static_cast<std::uint32_t>(view.interfaces.size());
        node::Interface interface;
        interface.index = kFirstIndex + number;
        interface.name = "eth" + std::to_string(number);
        interface.up = true;
        interface.mtu = static_cast<std::uint32_t>(mtu_);
        view.interfaces.push_back(interface);
        for (const net::Family family : {net::Family::V4, net::Family::V6}) {
            node::UnderlayRoute route;
            route.destination = net::Prefix(net::IpAddress::any(family), 0);
            route.interface_index = interface.index;
            route.metric = number;
            view.routes.push_back(route);
        }
    };
    add_interface();
    for (const net::IpAddress& address : host.addresses) {
        if (host.an_interface_each && !view.interfaces.back().addresses.empty()) {
            add_interface();
        }
        const net::Prefix prefix(address, address.is_v4() ? 24 : 64);
        view.interfaces.back().addresses.push_back(prefix);
        if (host.an_interface_each) {
            node::UnderlayRoute route;
            route.destination = prefix.network();
            route.interface_index = view.interfaces.back().index;
            view.routes.push_back(route);
        }
    }
    return view;
}

World::Host* World::host_at(const net::SocketAddress& address) {
    for (const auto& host : hosts_) {
        if (host->node && address.port == kPort &&
            std::find(host->addresses.begin(), host->addresses.end(), address.ip) !=
                host->addresses.end()) {
            return host.get();
        }
    }
    return nullptr;
}

void World::inject(net::SocketAddress from, net::SocketAddress to, base::Bytes bytes) {
    send({{}, 0, from, to, std::move(bytes)});
}

void World::send(InFlight datagram) {
    const bool detour = detour_to_ && detour_to_->contains(datagram.to.ip);
    datagram.arrives = now_ + delay_ + (detour ? detour_ : base::Duration::zero());
    datagram.order = order_++;
    if (datagram.bytes.size() + ip_overhead(datagram.to) > mtu_) {
        return;  // too large for the underlay, and nobody says so
    }
    if (filter_ && !filter_(datagram)) {
        return;
    }
    if (capturing_) {
        captured_.push_back(datagram);
    }
    in_flight_.push(std::move(datagram));
}

/// Hands over what has arrived for one host, as one batch.
void World::deliver_next() {
    Host* const host = host_at(in_flight_.top().to);
    std::vector<InFlight> datagrams;
    while (!in_flight_.empty() && in_flight_.top().arrives <= now_ &&
           host_at(in_flight_.top().to) == host) {
        datagrams.push_back(in_flight_.top());
        in_flight_.pop();
    }
    if (host == nullptr) {
        return;
    }
    std::vector<net::ReceivedDatagrams> batch;
    for (const InFlight& datagram : datagrams) {
        batch.push_back({.flow = {datagram.to, datagram.from},
                         .ecn = net::Ecn::NotEct,
                         .segment_size = datagram.bytes.size(),
                         .payload = datagram.bytes});
    }
    host->node->handle_udp(now_, batch);
    pump(*host);
}

void World::pump(Host& host) {
    static thread_local base::Bytes buffer(kBufferSize);
    while (const auto transmit = host.node->poll_udp(now_, buffer)) {
        const base::ByteView all = base::ByteView(buffer).first(transmit->size);
        for (std::size_t at = 0; at < all.size(); at += transmit->segment_size) {
            const base::ByteView one =
                all.subspan(at, std::min(transmit->segment_size, all.size() - at));
            const bool ours = std::find(host.addresses.begin(), host.addresses.end(),
                                        transmit->flow.local.ip) != host.addresses.end();
            if (ours) {
                send({{},
                      0,
                      transmit->flow.local,
                      transmit->flow.remote,
                      base::Bytes(one.begin(), one.end())});
            }
        }
    }
    for (const net::TunFrame& frame : host.node->tun_frames()) {
        base::Bytes packet;
        for (const base::ByteView part : frame.parts) {
            packet.insert(packet.end(), part.begin(), part.end());
        }
        host.offloads.push_back(frame.offload);
        host.received.push_back(std::move(packet));
    }
    host.node->clear_tun_frames();
    while (auto reply = host.node->poll_reply()) {
        host.replies.push_back(std::move(*reply));
    }
    take_effects(host);
    take_lan(host);
    if (!host.disk_hangs) {
        finish_writes(host);
    }
}

void World::take_effects(Host& host) {
    while (auto effect = host.node->poll_effect()) {
        if (auto* state = std::get_if<node::PersistState>(&*effect)) {
            host.unsafe.push_back(std::move(*state));
        }
    }
}

void World::finish_writes(Host& host) {
    std::vector<node::PersistState> writes = std::exchange(host.unsafe, {});
    for (node::PersistState& state : writes) {
        host.state[state.name] = std::move(state.contents);
        if (state.number != 0) {
            host.node->handle_persisted(now_, state.number);
        }
    }
    if (!writes.empty()) {
        pump(host);
    }
}

void World::set_disk_hangs(HostId id, bool on) {
    hosts_[id]->disk_hangs = on;
    if (!on) {
        finish_writes(*hosts_[id]);
    }
}

/// The LAN is instantaneous and loses nothing.
void World::take_lan(Host& host) {
    while (const auto datagram = host.node->poll_lan()) {
        for (const auto& other : hosts_) {
            if (one_lan_ && other->node && other.get() != &host) {
                other->node->handle_lan(now_, {datagram->source, node::kLanPort, 0},
                                        datagram->bytes);
            }
        }
    }
}

base::Instant World::next_event() const {
    base::Instant next = in_flight_.empty() ? base::Instant::never() : in_flight_.top().arrives;
    for (const auto& host : hosts_) {
        if (host->node) {
            next = std::min(next, std::max(now_, host->node->next_deadline()));
        }
    }
    return next;
}

void World::step() {
    while (!in_flight_.empty() && in_flight_.top().arrives <= now_) {
        deliver_next();
    }
    for (const auto& host : hosts_) {
        if (host->node && host->node->next_deadline() <= now_) {
            ++host->wake_ups;
            host->node->handle_timeout(now_);
            pump(*host);
        }
    }
}

void World::run_for(base::Duration duration) {
    run_until([] { return false; }, duration);
}

bool World::run_until(const std::function<bool()>& done, base::Duration limit) {
    const base::Instant end = now_ + limit;
    std::size_t steps_without_progress = 0;
    while (!done()) {
        const base::Instant next = next_event();
        if (next > end) {
            now_ = end;
            return done();
        }
        steps_without_progress = next > now_ ? 0 : steps_without_progress + 1;
        QE_ASSERT(steps_without_progress < 100'000);  // a deadline that is never consumed
        now_ = std::max(now_, next);
        step();
    }
    return true;
}

node::Node& World::node(HostId host) { return *hosts_[host]->node; }
RecordingSink& World::log(HostId host) { return hosts_[host]->sink; }

control::Reply World::ask(HostId id, const control::Request& request, base::Duration limit) {
    Host& host = *hosts_[id];
    const node::RequestId request_id = next_request_++;
    host.node->handle_request(now_, request_id, request);
    pump(host);
    std::optional<control::Reply> reply;
    run_until(
        [&] {
            for (const node::ControlReply& r : host.replies) {
                if (r.id == request_id) {
                    reply = r.reply;
                }
            }
            return reply.has_value();
        },
        limit);
    return reply ? *reply : control::ErrorReply{control::ErrorKind::Failed, "no reply"};
}

control::StatusReply World::status(HostId host) {
    return std::get<control::StatusReply>(ask(host, control::StatusRequest{}));
}

std::vector<control::PeerReply> World::peers(HostId host) {
    return std::get<control::PeersReply>(ask(host, control::PeersRequest{})).peers;
}

bool World::connected(HostId from, HostId to) {
    if (!hosts_[from]->node) {
        return false;
    }
    const std::string id = id_of(to).to_string();
    const auto all = peers(from);
    return std::any_of(all.begin(), all.end(), [&id](const control::PeerReply& p) {
        return p.node_id == id && p.state == "connected";
    });
}

std::uint64_t World::counter(HostId host, std::string_view name) {
    for (const control::Counter& counter : status(host).counters) {
        if (counter.name == name) {
            return counter.value;
        }
    }
    QE_ASSERT(false);
    return 0;
}

net::IpAddress World::overlay_address(HostId host, net::Family family) {
    for (const net::Prefix& prefix : node(host).host_plan().addresses) {
        if (prefix.family() == family) {
            return prefix.address();
        }
    }
    QE_ASSERT(false);
    return {};
}

void World::send_ip(HostId id, base::Bytes packet, const net::Offload& offload) {
    Host& host = *hosts_[id];
    const base::MutableBytes room = host.node->tun_buffer();
    std::copy(packet.begin(), packet.end(), room.begin());
    host.node->handle_tun(now_, {room.first(packet.size()), offload});
    pump(host);
}

std::vector<base::Bytes> World::take_received(HostId host) {
    hosts_[host]->offloads.clear();
    return std::exchange(hosts_[host]->received, {});
}

std::vector<net::Offload> World::received_offloads(HostId host) const {
    return hosts_[host]->offloads;
}

std::size_t World::received_count(HostId host) const { return hosts_[host]->received.size(); }

}  // namespace qe::testing
