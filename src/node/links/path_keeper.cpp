// SPDX-License-Identifier: Apache-2.0
#include "node/links/path_keeper.h"

#include <algorithm>
#include <array>

#include "node/links/close_text.h"
#include "node/uplinks.h"

namespace qe::node {
namespace {

using multipath::PathState;

/// A path that has failed for this long is dialled anew.
constexpr base::Duration kRedialAfter = base::seconds(1);
/// Acknowledgements that are delayed (RFC 9000, 13.2.1), and timers.
constexpr base::Duration kPatienceSlack = base::milliseconds(30);
constexpr base::Duration kPatienceMax = base::seconds(2);
/// TCP still wants what the receiver waits for no longer.
constexpr base::Duration kRepairAgeMin = base::milliseconds(500);

bool contains(std::span<const std::uint32_t> list, std::uint32_t value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

void add_unique(std::vector<std::uint32_t>& list, std::uint32_t value) {
    if (!contains(list, value) && list.size() < kUplinksMax) {
        list.push_back(value);
    }
}

/// The peer's uplinks; 0 alone when it tells none apart.
std::vector<std::uint32_t> uplinks_of(const Link& active) {
    std::vector<std::uint32_t> found = {active.hello->uplink};
    if (active.hello->uplink != 0) {
        for (const std::uint32_t uplink : active.hello->underlay_uplinks) {
            if (uplink != 0) {
                add_unique(found, uplink);
            }
        }
    }
    return found;
}

/// Where the peer's uplink can be dialled, the active link's family first.
std::vector<net::SocketAddress> addresses_of(const Link& active, std::uint32_t uplink) {
    const Hello& hello = *active.hello;
    std::vector<net::SocketAddress> found;
    if (uplink == hello.uplink) {
        found.push_back(active.flow.remote);
    }
    for (std::size_t i = 0; i < hello.underlay.size() && i < hello.underlay_uplinks.size(); ++i) {
        const net::SocketAddress& address = hello.underlay[i];
        if (uplink != 0 && hello.underlay_uplinks[i] == uplink && address.port != 0 &&
            std::find(found.begin(), found.end(), address) == found.end()) {
            found.push_back(address);
        }
    }
    std::stable_partition(found.begin(), found.end(), [&](const net::SocketAddress& address) {
        return address.ip.family() == active.flow.remote.ip.family();
    });
    return found;
}

bool alive(base::Instant now, const Link& link) {
    return link.usable() && !(link.monitor->state() == PathState::Failed &&
                              now - link.monitor->since() >= kRedialAfter);
}

multipath::PathSample sample_of(const quic::PathMetrics& metrics) {
    return {.smoothed_rtt = metrics.smoothed_rtt,
            .min_rtt = metrics.min_rtt,
            .pto = metrics.pto,
            .bytes_in_flight = metrics.bytes_in_flight,
            .bytes_delivered = metrics.bytes_delivered,
            .packets_sent = metrics.packets_sent,
            .packets_lost = metrics.packets_lost,
            .last_acknowledged_at = metrics.last_acknowledged_at};
}

/// A datagram of the slowest path may come half the spread after one of the quickest. One that is
/// lost there is noticed after nine eighths of its round trip (RFC 9002, 6.1.2), one of many that
/// are lost when there is doubt about the path, and takes half a round trip to come again.
base::Duration patience_of(base::Duration shortest, base::Duration longest, base::Duration doubt) {
    const base::Duration noticed = std::max(longest * 9 / 8, doubt);
    const base::Duration wait = (longest - shortest) / 2 + noticed + longest / 2 + kPatienceSlack;
    return std::min(wait, kPatienceMax);
}

/// The paths that carry packets now, or did a moment ago.
struct ActivePaths {
    std::array<base::Duration, multipath::kPathsMax> floors{};  ///< Round trips without queues.
    std::array<base::Duration, multipath::kPathsMax> shortest{};
    std::array<base::Duration, multipath::kPathsMax> longest{};
    std::array<base::Duration, multipath::kPathsMax> doubt{};  ///< Without acknowledgements.
    std::size_t count = 0;
};

/// The groups that the sender makes of these paths too, going by the same round trips.
void set_patience(Bond& bond, const ActivePaths& paths) {
    std::array<multipath::GroupIndex, multipath::kPathsMax> groups{};
    std::size_t count = 1;
    if (bond.scheduler().discipline() == multipath::Discipline::Groups) {
        count = multipath::make_groups(std::span(paths.floors).first(paths.count),
                                       std::span(groups).first(paths.count));
    }
    base::Duration most{0};
    for (std::size_t group = 0; group < count; ++group) {
        base::Duration shortest = base::Duration::max();
        base::Duration longest{0};
        base::Duration doubt{0};
        for (std::size_t i = 0; i < paths.count; ++i) {
            if (groups[i] == group) {
                shortest = std::min(shortest, paths.shortest[i]);
                longest = std::max(longest, paths.longest[i]);
                doubt = std::max(doubt, paths.doubt[i]);
            }
        }
        const auto index = static_cast<multipath::GroupIndex>(group);
        bond.groups[group].patience = patience_of(shortest, longest, doubt);
        bond.lanes[ordered_lane(index)].set_patience(bond.groups[group].patience);
        most = std::max(most, bond.groups[group].patience);
    }
    bond.repair.set_age_max(std::max(2 * most, kRepairAgeMin));
}

}  // namespace

std::vector<PathPair> missing_paths(std::span<const std::uint32_t> ours,
                                    std::span<const std::uint32_t> theirs,
                                    std::span<const PathPair> existing) {
    std::vector<std::uint32_t> our_rest;
    std::vector<std::uint32_t> their_rest;
    for (const std::uint32_t uplink : ours) {
        if (std::none_of(existing.begin(), existing.end(),
                         [uplink](const PathPair& pair) { return pair.ours == uplink; })) {
            our_rest.push_back(uplink);
        }
    }
    for (const std::uint32_t uplink : theirs) {
        if (std::none_of(existing.begin(), existing.end(),
                         [uplink](const PathPair& pair) { return pair.theirs == uplink; })) {
            their_rest.push_back(uplink);
        }
    }
    // Pairs of two that are both missing first; the rest goes to the others in turn, so that no
    // uplink of the richer end shares more than it must.
    std::vector<PathPair> missing;
    for (std::size_t i = 0; i < std::max(our_rest.size(), their_rest.size()); ++i) {
        missing.push_back({i < our_rest.size() ? our_rest[i] : ours[i % ours.size()],
                           i < their_rest.size() ? their_rest[i] : theirs[i % theirs.size()]});
    }
    return missing;
}

void PathKeeper::handle_network(base::Instant now) {
    for (const PeerHandle handle : state_.peers.handles()) {
        Peer& peer = *state_.peers.get(handle);
        if (!peer.session) {
            continue;
        }
        for (Link& link : peer.session->links) {
            const bool up = state_.view.has_address(link.flow.local.ip);
            if (link.usable() && link.monitor->handle_link(now, up)) {
                on_verdict(now, handle, peer, link);
            }
        }
        for (PathWish& wish : peer.wishes) {
            wish.next_at = now;
            wish.pause = base::Duration::zero();
        }
        links_.choose_active(now, handle, peer);
        state_.look_at(handle, now);
    }
}

void PathKeeper::handle_addresses(base::Instant now, PeerHandle handle, Peer& peer,
                                  const AddressUpdate& update) {
    for (Link& link : peer.session->links) {
        if (!link.hello) {
            continue;
        }
        // An uplink without an address to tell, as one of link-local ones, is never named.
        const bool was_named = contains(link.hello->underlay_uplinks, link.hello->uplink);
        const bool named = contains(update.underlay_uplinks, link.hello->uplink);
        link.hello->underlay = update.underlay;
        link.hello->underlay_uplinks = update.underlay_uplinks;
        const bool up = named && state_.view.has_address(link.flow.local.ip);
        if (named != was_named && link.usable() && link.monitor->handle_link(now, up)) {
            on_verdict(now, handle, peer, link);
        }
    }
    links_.choose_active(now, handle, peer);
    state_.look_at(handle, now);
}

void PathKeeper::observe(base::Instant now) {
    std::erase_if(several_, [this, now](PeerHandle handle) {
        Peer* peer = state_.peers.get(handle);
        if (peer == nullptr || !peer->session || peer->session->links.size() < 2) {
            return true;
        }
        observe(now, handle, *peer);
        return false;
    });
}

void PathKeeper::observe(base::Instant now, PeerHandle handle, Peer& peer) {
    bool changed = false;
    ActivePaths active;
    for (Link& link : peer.session->links) {
        const auto metrics =
            link.usable() ? state_.endpoint->metrics(link.connection) : std::nullopt;
        if (!metrics) {
            continue;
        }
        if (link.monitor->observe(now, sample_of(*metrics))) {
            changed = true;
            on_verdict(now, handle, peer, link);
        }
        // What left by a path that is doubtful since a moment ago is still to come, or its copies.
        const bool counts = link.monitor->state() == PathState::Active ||
                            now - link.monitor->since() < kPatienceMax;
        if (counts && active.count < multipath::kPathsMax) {
            active.doubt[active.count] = link.monitor->doubtful_after();
            active.floors[active.count] = metrics->min_rtt;
            active.shortest[active.count] = metrics->smoothed_rtt;
            active.longest[active.count++] = metrics->smoothed_rtt + 2 * metrics->rtt_variation;
        }
    }
    if (peer.session->bond && active.count != 0) {
        set_patience(*peer.session->bond, active);
    }
    if (changed) {
        links_.choose_active(now, handle, peer);
        state_.look_at(handle, now);
    }
}

void PathKeeper::on_verdict(base::Instant now, PeerHandle handle, Peer& peer, const Link& link) {
    const bool failed = link.monitor->state() == PathState::Failed;
    if (failed) {
        state_.look_at(handle, now + kRedialAfter);
    }
    // What is on its way there goes again by others as soon as there is doubt. If it arrives all
    // the same, the receiver drops the copies.
    const bool doubtful = link.monitor->cause() == multipath::PathMonitor::Cause::Overdue;
    if ((failed || doubtful) && peer.session->bond) {
        peer.session->bond->repair.handle_path_failed(link.index);
        state_.to_repair.push_back(handle);
    }
    if (const auto held_back = peer.path_log.admit(now)) {
        state_.log.info("path to {} over {} → {} is {}{}{}", describe(peer),
                        link.flow.local.ip.to_string(), link.flow.remote.to_string(),
                        multipath::to_text(link.monitor->state()),
                        multipath::explain(link.monitor->cause()), held_back_text(*held_back));
    }
}

base::Instant PathKeeper::handle_deadline(base::Instant now, PeerHandle handle) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->session) {
        if (peer != nullptr) {
            peer->wishes.clear();
        }
        return base::Instant::never();
    }
    plan(now, *peer);
    dial_due(now, handle, *peer);
    base::Instant next = base::Instant::never();
    for (const PathWish& wish : peer->wishes) {
        next = std::min(next, wish.next_at);
    }
    if (peer->session->links.size() < 2) {
        return next;
    }
    if (std::find(several_.begin(), several_.end(), handle) == several_.end()) {
        several_.push_back(handle);
    }
    observe(now, handle, *peer);
    for (Link& link : peer->session->links) {
        if (!link.usable()) {
            continue;
        }
        if (link.monitor->probe_at() <= now) {
            state_.endpoint->probe(now, link.connection);
            link.monitor->handle_probed(now);
        }
        next = std::min({next, link.monitor->next_deadline(), link.monitor->probe_at()});
    }
    return next;
}

void PathKeeper::plan(base::Instant now, Peer& peer) {
    const Link* active = peer.session->active_link();
    std::vector<std::uint32_t> ours;
    for (const Interface* interface : uplinks(state_)) {
        ours.push_back(interface->index);
    }
    // The end that could dial once can dial again; the other one may be behind a NAT.
    if (active == nullptr || !active->usable() || active->role != quic::Role::Client ||
        active->hello->single || ours.empty() || peer.session->unreachable) {
        peer.wishes.clear();
        return;
    }
    std::vector<PathPair> existing;
    for (const Link& link : peer.session->links) {
        if (alive(now, link)) {
            existing.push_back(link.pair());
        }
    }
    const std::vector<std::uint32_t> theirs = uplinks_of(*active);
    std::vector<PathWish> wishes;
    for (const PathPair& pair : missing_paths(ours, theirs, existing)) {
        const auto known =
            std::find_if(peer.wishes.begin(), peer.wishes.end(),
                         [&pair](const PathWish& wish) { return wish.pair == pair; });
        wishes.push_back(known != peer.wishes.end()
                             ? *known
                             : PathWish{.pair = pair, .attempt = {}, .next_at = now});
    }
    peer.wishes = std::move(wishes);
}

void PathKeeper::dial_due(base::Instant now, PeerHandle handle, Peer& peer) {
    for (PathWish& wish : peer.wishes) {
        if (wish.next_at > now) {
            continue;
        }
        const bool under_way =
            std::any_of(peer.dial.attempts.begin(), peer.dial.attempts.end(),
                        [&wish](const DialAttempt& a) { return a.connection == wish.attempt; });
        if (!under_way) {
            dial(now, handle, peer, wish);
        }
        wish.pause = std::clamp(wish.pause * 2, kPathPauseFirst, kPathPauseMax);
        wish.next_at = now + wish.pause;
    }
}

bool PathKeeper::dial(base::Instant now, PeerHandle handle, Peer& peer, PathWish& wish) {
    const Link& active = *peer.session->active_link();
    const std::uint16_t port = state_.config.discovery.dht_port;
    for (const net::SocketAddress& remote : addresses_of(active, wish.pair.theirs)) {
        if (const auto source = choose_source_on(state_.view, wish.pair.ours, remote)) {
            const net::FlowAddresses flow{.local = {*source, port, remote.scope}, .remote = remote};
            if (const auto connection = dialer_.dial(now, handle, flow)) {
                wish.attempt = *connection;
                return true;
            }
        }
    }
    return false;
}

}  // namespace qe::node
