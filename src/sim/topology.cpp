// SPDX-License-Identifier: Apache-2.0
#include "sim/topology.h"

#include <utility>

#include "quicether/base/assert.h"
#include "sim/topology_parts.h"

namespace qe::sim {
namespace {

using base::ErrorCode;
using base::fail;
using base::Status;

constexpr unsigned kRegionPrefixLength = 20;

net::Prefix region_prefix(std::size_t number) {
    const auto all = net::parse_prefix(Topology::kRegionAddresses);
    QE_ASSERT(all.has_value());
    base::ByteReader reader(all->address().bytes());
    const auto offset = static_cast<std::uint32_t>(number << (32 - kRegionPrefixLength));
    return {net::IpAddress::v4(reader.u32() + offset), kRegionPrefixLength};
}

Status check(const NetworkOptions& options) {
    if (options.v4.family() != net::Family::V4 || options.v4.length() == 0) {
        return fail(ErrorCode::kBadConfig, "a network needs an IPv4 prefix of its own");
    }
    if (options.v6 && (options.v6->family() != net::Family::V6 || options.v6->length() == 0)) {
        return fail(ErrorCode::kBadConfig, "v6 of a network is no IPv6 prefix");
    }
    if (options.nat && (options.nat->port_first > options.nat->port_last ||
                        options.nat->port_last == 0 || options.nat->mappings_max == 0)) {
        return fail(ErrorCode::kBadConfig, "a NAT box needs ports and room for mappings");
    }
    return {};
}

}  // namespace

Topology::Topology(Scheduler& scheduler, base::Rng rng)
    : scheduler_(scheduler), parts_(std::make_unique<Parts>(scheduler, std::move(rng))) {}
Topology::~Topology() = default;

// --- Regions -------------------------------------------------------------------------------------

Status Topology::add_region(const std::string& name) {
    if (name.empty() || parts_->name_taken(name)) {
        return fail(ErrorCode::kBadConfig, "a region needs a name of its own");
    }
    if (parts_->regions == kRegionsMax) {
        return fail(ErrorCode::kBadConfig, "there are too many regions");
    }
    auto region = std::make_unique<Place>(name, region_prefix(parts_->regions++));
    region->router.add_own(region->v4.prefix());
    parts_->places.emplace(name, std::move(region));
    return {};
}

Status Topology::connect_regions(const std::string& a, const std::string& b,
                                 const PipeOptions& each_way) {
    Place* const from = parts_->find(a);
    Place* const to = parts_->find(b);
    if (from == nullptr || to == nullptr || from == to || !from->is_region() || !to->is_region()) {
        return fail(ErrorCode::kBadConfig, "only two regions can be connected");
    }
    const std::string name = a + "-" + b;
    if (parts_->name_taken(name) || parts_->ways.contains(b + "-" + a)) {
        return fail(ErrorCode::kBadConfig, "these regions are connected already");
    }
    parts_->ways.emplace(name,
                         std::make_unique<RegionWay>(scheduler_, parts_->stream(name),
                                                     LinkOptions{each_way, each_way}, *from, *to));
    for (Place* const region : {from, to}) {
        parts_->announce_in_region(*region, region->v4.prefix());
    }
    for (const auto& [_, place] : parts_->places) {
        if (!place->is_region()) {
            parts_->announce(*place);
        }
    }
    return {};
}

// --- Networks ------------------------------------------------------------------------------------

Status Topology::add_network(const NetworkOptions& options) {
    QE_TRY_STATUS(check(options));
    if (options.name.empty() || parts_->name_taken(options.name)) {
        return fail(ErrorCode::kBadConfig, "a network needs a name of its own");
    }
    Place* const parent = parts_->find(options.parent);
    if (parent == nullptr) {
        return fail(ErrorCode::kBadConfig, "a network's parent must be added before it");
    }
    QE_TRY_STATUS(parts_->check_overlaps(options, *parent));
    auto network = std::make_unique<Place>(options.name, options.v4);
    network->parent = parent;
    network->options = options;
    if (options.v6) {
        network->v6.emplace(*options.v6);
    }
    if (options.nat) {
        const auto outside = parent->v4.take();
        if (!outside) {
            return fail(ErrorCode::kBadConfig, "the parent has no address left for a NAT box");
        }
        network->nat = std::make_unique<NatBox>(scheduler_, parts_->stream(options.name + "/nat"),
                                                *options.nat, *outside);
    }
    parts_->build_uplink(*network);
    parts_->announce(*network);
    parts_->places.emplace(options.name, std::move(network));
    return {};
}

Status Topology::Parts::check_overlaps(const NetworkOptions& options, const Place& parent) const {
    if (options.nat && options.v4.overlaps(parent.v4.prefix())) {
        return fail(ErrorCode::kBadConfig, "a NAT box has the same network on both sides");
    }
    const Place* const domain = domain_of(&parent);
    const auto reserved = net::parse_prefix(kRegionAddresses);
    if (!options.nat && domain == nullptr && options.v4.overlaps(*reserved)) {
        return fail(ErrorCode::kBadConfig, "these IPv4 addresses belong to the regions");
    }
    for (const auto& [_, other] : places) {
        const bool reachable = !options.nat && domain_of(other.get()) == domain;
        if (reachable && options.v4.overlaps(other->v4.prefix())) {
            return fail(ErrorCode::kBadConfig, "two networks have the same IPv4 addresses");
        }
        if (options.v6 && other->v6 && options.v6->overlaps(other->v6->prefix())) {
            return fail(ErrorCode::kBadConfig, "two networks have the same IPv6 addresses");
        }
    }
    if (domain != nullptr && !options.nat && options.v4.overlaps(domain->parent->v4.prefix())) {
        return fail(ErrorCode::kBadConfig, "a NAT box has the same network on both sides");
    }
    return {};
}

/// router ─ NAT ─ firewall ─ pipes ─ the parent's router
void Topology::Parts::build_uplink(Place& network) {
    Place& parent = *network.parent;
    if (network.options.firewall) {
        network.firewall = std::make_unique<Firewall>(scheduler, *network.options.firewall);
    }
    NatBox* const nat = network.nat.get();
    Firewall* const firewall = network.firewall.get();
    Receiver& nat_outside = nat != nullptr ? nat->outside() : network.router.from_above();
    Receiver& outermost = firewall != nullptr ? firewall->outside() : nat_outside;
    base::Rng random = stream(network.name);
    network.uplink = std::make_unique<Duplex>(scheduler, random, network.options.uplink,
                                              parent.router.from_below(), outermost);
    Receiver* way_out = &network.uplink->up;
    if (firewall != nullptr) {
        firewall->join(nat_outside, *way_out);
        way_out = &firewall->inside();
    }
    if (nat != nullptr) {
        nat->join(network.router.from_above(), *way_out);
        way_out = &nat->inside();
        parent.router.add_box(nat->outside_address(), network.uplink->down);
    }
    network.router.set_default(*way_out);
}

/// Makes a network's prefixes known wherever they can be reached. Doing so again changes nothing.
void Topology::Parts::announce(Place& network) {
    network.router.add_own(network.v4.prefix());
    announce_everywhere(network, network.v4.prefix());
    if (network.v6) {
        network.router.add_own(network.v6->prefix());
        announce_everywhere(network, network.v6->prefix());
    }
}

void Topology::Parts::announce_everywhere(Place& network, const net::Prefix& prefix) {
    Place* place = &network;
    while (!place->is_region()) {
        if (place->translates() && prefix.family() == net::Family::V4) {
            return;
        }
        place->parent->router.add_route(prefix, place->uplink->down);
        place = place->parent;
    }
    announce_in_region(*place, prefix);
}

/// Tells all regions that are connected to this one.
void Topology::Parts::announce_in_region(const Place& region, const net::Prefix& prefix) {
    for (const auto& [_, way] : ways) {
        if (&way->a == &region) {
            way->b.router.add_route(prefix, way->pipes.down);
        } else if (&way->b == &region) {
            way->a.router.add_route(prefix, way->pipes.up);
        }
    }
}

const NetworkOptions* Topology::find_network(const std::string& name) const {
    const Place* const place = parts_->find_network(name);
    return place == nullptr ? nullptr : &place->options;
}

std::optional<net::IpAddress> Topology::outside_address(const std::string& network) const {
    const Place* const place = parts_->find_network(network);
    if (place == nullptr || !place->translates()) {
        return std::nullopt;
    }
    return place->nat->outside_address();
}

Status Topology::rebind_nat(const std::string& network, bool new_address) {
    Place* const place = parts_->find_network(network);
    if (place == nullptr || !place->translates()) {
        return fail(ErrorCode::kBadConfig, "only a network with a NAT box can be rebound");
    }
    const net::IpAddress old = place->nat->outside_address();
    if (!new_address) {
        place->nat->rebind(old);
        return {};
    }
    Place& parent = *place->parent;
    const auto fresh = parent.v4.take();
    if (!fresh) {
        return fail(ErrorCode::kBadConfig, "the parent has no other address left for a NAT box");
    }
    parent.router.remove_address(old);
    parent.v4.give_back(old);
    parent.router.add_box(*fresh, place->uplink->down);
    place->nat->rebind(*fresh);
    return {};
}

// --- Hosts ---------------------------------------------------------------------------------------

base::Result<Attachment> Topology::attach(const std::string& link, const std::string& network,
                                          const LinkOptions& options, Receiver& host) {
    Place* const place = parts_->find_network(network);
    if (place == nullptr) {
        return fail(ErrorCode::kBadConfig, "an interface must join a network that was added");
    }
    if (link.empty() || parts_->name_taken(link)) {
        return fail(ErrorCode::kBadConfig, "an access link needs a name of its own");
    }
    const auto v4 = place->v4.take();
    const auto v6 = place->v6 ? place->v6->take() : std::nullopt;
    if (!v4 || (place->v6 && !v6)) {
        if (v4) {
            place->v4.give_back(*v4);
        }
        return fail(ErrorCode::kBadConfig, "the network has no address left");
    }
    auto joined =
        std::make_unique<AccessLink>(scheduler_, parts_->stream(link), options, *place, host);
    joined->v4 = v4;
    joined->v6 = v6;
    Attachment attachment{network, net::Prefix(*v4, place->v4.prefix().length()), std::nullopt};
    place->router.add_host(*v4, joined->pipes.down);
    if (v6) {
        attachment.v6.emplace(*v6, place->v6->prefix().length());
        place->router.add_host(*v6, joined->pipes.down);
    }
    parts_->access.emplace(link, std::move(joined));
    return attachment;
}

void Topology::detach(const std::string& link) {
    const auto found = parts_->access.find(link);
    if (found == parts_->access.end()) {
        return;
    }
    std::unique_ptr<AccessLink> left = std::move(found->second);
    parts_->access.erase(found);
    Place& place = left->place;
    for (const auto& address : {left->v4, left->v6}) {
        if (address) {
            place.router.remove_address(*address);
            (address->is_v4() ? place.v4 : *place.v6).give_back(*address);
        }
    }
    left->end.leave();
    parts_->bury(std::move(left));
}

/// Frees links that were detached before and carry nothing any more; this one's turn comes later.
void Topology::Parts::bury(std::unique_ptr<AccessLink> link) {
    std::erase_if(detached, [this](const std::unique_ptr<AccessLink>& old) {
        if (!old->pipes.idle() || old->detached_at == scheduler.now()) {
            return false;
        }
        buried += old->pipes.counters();
        buried_lost += old->end.lost();
        return true;
    });
    link->detached_at = scheduler.now();
    detached.push_back(std::move(link));
}

Receiver& Topology::entry(const std::string& link) {
    const auto found = parts_->access.find(link);
    return found == parts_->access.end() ? static_cast<Receiver&>(parts_->nowhere)
                                         : found->second->pipes.up;
}

}  // namespace qe::sim
