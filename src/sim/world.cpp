// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <algorithm>

#include "quicether/base/assert.h"
#include "sim/determinism.h"

namespace qe::sim {
namespace {

constexpr base::UnixTime kWallStart{1'790'000'000};
/// As often as the daemon tells its node the wall clock.
constexpr std::int64_t kWallClockSeconds = 10;
/// poll_udp wants this much for batches.
constexpr std::size_t kTransmitBufferBytes = 64U << 10;

base::Rng::Seed seed_bytes(std::uint64_t seed) {
    base::Rng::Seed bytes{};
    base::ByteWriter(bytes).u64(seed);
    return bytes;
}

std::int64_t whole_seconds(base::Duration duration) noexcept {
    return std::chrono::duration_cast<base::seconds>(duration).count();
}

config::PeerConfig* find_peer(config::Config& config, const crypto::NodeId& id) {
    const auto found = std::find_if(
        config.peer.begin(), config.peer.end(),
        [&](const config::PeerConfig& peer) { return config::node_id_of(peer.id) == id; });
    return found == config.peer.end() ? nullptr : &*found;
}

bool is_up(const Topology& topology, const std::string& link) {
    const auto options = topology.link_options(link);
    return options && options->up.up && options->down.up;
}

}  // namespace

World::World(std::uint64_t seed)
    : seed_(seed),
      root_(seed_bytes(seed)),
      began_(scheduler_.now()),
      topology_(scheduler_, stream("topology")),
      transmit_buffer_(kTransmitBufferBytes) {
    restart_randomness(seed);
    show_wall_clock();
    scheduler_.after(base::seconds(1), [this] { every_second(); });
}

World::~World() = default;

base::UnixTime World::wall_now() const noexcept {
    return {kWallStart.seconds + whole_seconds(elapsed())};
}

void World::show_wall_clock() const noexcept {
    set_wall_clock(wall_now(), elapsed() % base::seconds(1));
}

base::Rng World::stream(std::string_view label) const { return base::Rng(root_).fork(label); }

void World::every_second() {
    if (whole_seconds(elapsed()) % kWallClockSeconds == 0) {
        for (const auto& host : hosts_) {
            host->tell_wall_clock();
        }
    }
    tell([](Observer& o) { o.on_second(); });
    scheduler_.after(base::seconds(1), [this] { every_second(); });
}

// --- Hosts --------------------------------------------------------------------------------------

base::Result<HostId> World::add_host(HostOptions options) {
    if (by_name_.contains(options.name)) {
        return base::fail(base::ErrorCode::kAlreadyExists, "a host of this name exists");
    }
    const auto id = static_cast<HostId>(hosts_.size());
    auto host = std::make_unique<Host>(*this, id, std::move(options));
    QE_TRY_STATUS(host->join_networks());
    by_name_.emplace(host->name(), id);
    by_node_.emplace(host->node_id(), id);
    hosts_.push_back(std::move(host));
    return id;
}

std::optional<HostId> World::find_host(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<HostId> World::find_host(const crypto::NodeId& id) const {
    const auto found = by_node_.find(id);
    return found == by_node_.end() ? std::nullopt : std::optional(found->second);
}

void World::set_dns(const std::string& name, std::vector<net::IpAddress> addresses) {
    dns_[name] = std::move(addresses);
}

const std::vector<net::IpAddress>& World::resolve(const std::string& name) const {
    static const std::vector<net::IpAddress> kNone;
    const auto found = dns_.find(name);
    return found == dns_.end() ? kNone : found->second;
}

void World::know(HostId id, HostId other_id, bool dials) {
    Host& host = *hosts_[id];
    const Host& other = *hosts_[other_id];
    config::PeerConfig* peer = find_peer(host.config(), other.node_id());
    if (peer == nullptr) {
        peer = &host.config().peer.emplace_back();
        peer->id = other.node_id();
        peer->name = other.name();
    }
    peer->endpoints.clear();
    if (!dials) {
        return;
    }
    for (const net::IpAddress& address : other.addresses()) {
        if (can_be_dialled(other, address) || is_neighbour(host, other, address)) {
            peer->endpoints.push_back(
                {address.to_string(), other.options_.config.discovery.dht_port});
        }
    }
}

void World::know_each_other(bool one_dials) {
    for (HostId a = 0; a < hosts_.size(); ++a) {
        for (HostId b = a + 1; b < hosts_.size(); ++b) {
            know(a, b);
            know(b, a);
            auto& dials = find_peer(hosts_[a]->config(), hosts_[b]->node_id())->endpoints;
            const auto& later = find_peer(hosts_[b]->config(), hosts_[a]->node_id())->endpoints;
            if (one_dials && !later.empty()) {
                dials.clear();
            }
        }
    }
}

// --- Who can reach whom -------------------------------------------------------------------------

std::vector<const NetworkOptions*> World::way_up(const std::string& network) const {
    std::vector<const NetworkOptions*> way;
    for (const NetworkOptions* at = topology_.find_network(network); at != nullptr;
         at = topology_.find_network(at->parent)) {
        way.push_back(at);
    }
    return way;
}

bool World::regions_joined(const std::string& a, const std::string& b) const {
    return a == b || is_up(topology_, a + "-" + b) || is_up(topology_, b + "-" + a);
}

bool World::lets_out(const NetworkOptions& network) const {
    return is_up(topology_, network.name) &&
           (!network.firewall || network.firewall->udp != UdpPolicy::Block);
}

bool World::lets_in(const NetworkOptions& network, net::Family family) const {
    return is_up(topology_, network.name) && !(network.nat && family == net::Family::V4) &&
           (!network.firewall || network.firewall->udp == UdpPolicy::Allow);
}

bool World::open_way(const std::string& from, const std::string& to, net::Family family) const {
    auto up = way_up(from);
    auto down = way_up(to);
    if (up.empty() || down.empty()) {
        return false;
    }
    if (!regions_joined(up.back()->parent, down.back()->parent)) {
        return false;
    }
    // What both have in common is not crossed.
    while (!up.empty() && !down.empty() && up.back() == down.back()) {
        up.pop_back();
        down.pop_back();
    }
    return std::all_of(up.begin(), up.end(),
                       [this](const NetworkOptions* n) { return lets_out(*n); }) &&
           std::all_of(down.begin(), down.end(),
                       [&](const NetworkOptions* n) { return lets_in(*n, family); });
}

bool World::can_be_dialled(const Host& host, const net::IpAddress& address) const {
    const auto network = host.network_of(address);
    if (!network) {
        return false;
    }
    const auto way = way_up(*network);
    return std::all_of(way.begin(), way.end(),
                       [&](const NetworkOptions* n) { return lets_in(*n, address.family()); });
}

bool World::is_neighbour(const Host& host, const Host& other, const net::IpAddress& address) const {
    const auto network = other.network_of(address);
    if (!network) {
        return false;
    }
    const auto own = host.addresses();
    return std::any_of(own.begin(), own.end(), [&](const net::IpAddress& from) {
        const auto source = host.network_of(from);
        return source && open_way(*source, *network, address.family());
    });
}

bool World::dialable(HostId id) const {
    const Host& host = *hosts_[id];
    const auto addresses = host.addresses();
    return std::any_of(addresses.begin(), addresses.end(), [&](const net::IpAddress& address) {
        return can_be_dialled(host, address);
    });
}

// --- Partitions ---------------------------------------------------------------------------------

void World::block(HostId from, HostId to, bool blocked) {
    if (blocked) {
        blocked_.insert({from, to});
    } else {
        blocked_.erase({from, to});
    }
}

void World::partition(const std::vector<std::vector<HostId>>& groups) {
    for (const auto& group : groups) {
        for (const auto& other : groups) {
            for (const HostId from : group) {
                for (const HostId to : other) {
                    block(from, to, &group != &other);
                }
            }
        }
    }
}

bool World::trusts(HostId host, HostId other) const {
    config::Config& config = hosts_[host]->config();
    const crypto::NodeId& id = hosts_[other]->node_id();
    const auto& allowed = config.peers.allowed;
    return find_peer(config, id) != nullptr ||
           std::any_of(allowed.begin(), allowed.end(),
                       [&](const config::PeerRef& ref) { return config::node_id_of(ref) == id; });
}

bool World::reaches(const Host& from, const Host& to, const net::IpAddress& address) const {
    const auto network = to.network_of(address);
    if (!network) {
        return false;
    }
    const auto source =
        node::choose_source(from.view(), {address, to.options_.config.discovery.dht_port, 0});
    const auto source_network = source ? from.network_of(*source) : std::nullopt;
    return source_network && open_way(*source_network, *network, address.family());
}

bool World::can_dial(HostId from_id, HostId to_id) const {
    Host& from = *hosts_[from_id];
    const Host& to = *hosts_[to_id];
    const config::PeerConfig* const peer = find_peer(from.config(), to.node_id());
    if (peer == nullptr) {
        return false;
    }
    // Who takes part in the DHT is found there, wherever it is.
    const bool finds = from.config().discovery.dht && to.options_.config.discovery.dht;
    for (const net::IpAddress& address : to.addresses()) {
        if (finds && reaches(from, to, address)) {
            return true;
        }
    }
    for (const config::HostPort& endpoint : peer->endpoints) {
        const auto literal = net::parse_ip_address(endpoint.host);
        const auto addresses =
            literal ? std::vector<net::IpAddress>{*literal} : resolve(endpoint.host);
        for (const net::IpAddress& address : addresses) {
            if (endpoint.port == to.options_.config.discovery.dht_port &&
                reaches(from, to, address)) {
                return true;
            }
        }
    }
    return false;
}

bool World::mesh(HostId a, HostId b) const {
    using config::ConnectPolicy;
    const auto wants_all = [this](HostId host) {
        const ConnectPolicy policy = hosts_[host]->config().peers.connect;
        return policy == ConnectPolicy::FullMesh ||
               (policy == ConnectPolicy::Auto &&
                memberships_.members().size() <= Memberships::kFullMeshMax);
    };
    if (!memberships_.together(a, b) || !(wants_all(a) || wants_all(b))) {
        return false;
    }
    const auto dials = [this](HostId from, HostId to) {
        const auto addresses = hosts_[to]->addresses();
        return std::any_of(addresses.begin(), addresses.end(), [&](const net::IpAddress& address) {
            return reaches(*hosts_[from], *hosts_[to], address);
        });
    };
    return dials(a, b) || dials(b, a);
}

bool World::should_connect(HostId a, HostId b) {
    if (!hosts_[a]->awake() || !hosts_[b]->awake() || blocked(a, b) || blocked(b, a)) {
        return false;
    }
    return mesh(a, b) || (trusts(a, b) && trusts(b, a) && (can_dial(a, b) || can_dial(b, a)));
}

// --- Running ------------------------------------------------------------------------------------

void World::run_for(base::Duration duration) { scheduler_.run_until(now() + duration); }

bool World::run_until(const std::function<bool()>& done, base::Duration limit) {
    const base::Instant end = now() + limit;
    while (!done()) {
        if (!scheduler_.step(end)) {
            return done();
        }
    }
    return true;
}

}  // namespace qe::sim
