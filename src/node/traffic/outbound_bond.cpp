// SPDX-License-Identifier: Apache-2.0
//
// Outbound's way over several paths: the scheduler of each group of paths says again and again
// whose turn it is, until it says nobody's.
#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>

#include "node/traffic/outbound.h"
#include "node/traffic/path_groups.h"
#include "quicether/overlay/datagram.h"

namespace qe::node {
namespace {

using multipath::Discipline;
using multipath::GroupIndex;
using multipath::PathView;

/// How long a flow that filled several paths is kept in order, besides what its packets may wait.
constexpr base::Duration kOrderKept = base::seconds(1);
/// Between copies for a degraded path: as many as a verdict on it takes
/// (PathMonitor::kWindowPackets in kWindowMin).
constexpr base::Duration kTrialPause = base::milliseconds(2);
/// How long bulk may stand before several paths. Each of them is filled in bursts, as the
/// acknowledgements of what was put in order come: a shorter queue runs empty between them. Other
/// flows do not wait behind it.
constexpr base::Duration kSeveralPathsTarget = base::milliseconds(20);
/// Copies that wait for a path: for longer they would be of no use.
constexpr std::size_t kCopiesWaitMax = 32U << 10;

/// Bytes per second that a path's congestion window lets leave. What a path was seen to deliver
/// would not do for shares: who is given little delivers little.
double allowed_rate(const quic::PathMetrics& metrics) noexcept {
    const double rtt = std::chrono::duration<double>(metrics.smoothed_rtt).count();
    return rtt > 0 ? static_cast<double>(metrics.congestion_window_bytes) / rtt : 0;
}

}  // namespace

/// Those of the best rank and state there is: a spare path waits for the others to fail, and what
/// is doubtful or unproven carries packets only when nothing else does.
PathViews Outbound::views_of(Session& session) {
    std::uint32_t best = UINT32_MAX;
    for (const Link& link : session.links) {
        best = link.usable() ? std::min(best, link.standing()) : best;
    }
    std::array<Link*, multipath::kPathsMax> by_index{};
    for (Link& link : session.links) {
        if (link.usable() && link.standing() == best) {
            by_index[link.index] = &link;
        }
    }
    PathViews found;
    for (Link* link : by_index) {
        const auto metrics =
            link != nullptr ? state_.endpoint->metrics(link->connection) : std::nullopt;
        if (metrics) {
            found.links[found.count] = link;
            found.floors[found.count] = metrics->min_rtt;
            found.bytes_delivered[found.count] = metrics->bytes_delivered;
            found.views[found.count++] = {.path = link->index,
                                          .room = room_of(*link),
                                          .rtt = metrics->smoothed_rtt,
                                          .rate = allowed_rate(*metrics),
                                          .weight = link->weight,
                                          .copies_may_wait = copies_may_wait(*link)};
        }
    }
    return found;
}

void Outbound::drain_bond(base::Instant now, Backlog& backlog, Peer& peer) {
    Session& session = *peer.session;
    Bond& bond = *session.bond;
    PathViews views = views_of(session);
    if (views.count == 0) {
        return;
    }
    if (now >= bond.regroup_at || bond.grouped != multipath::set_of(views.span())) {
        regroup(now, bond, views);
    }
    send_repairs(peer, views);
    everywhere_ = 0;
    for (const PathView& view : views.span()) {
        everywhere_ |= view.room != 0 || view.copies_may_wait ? multipath::set_of(view.path)
                                                              : multipath::PathSet{0};
    }
    for (GroupIndex group = 0; group < multipath::kGroupsMax; ++group) {
        if (backlog.has_queue(group) && !backlog.queue(group).empty()) {
            drain_group(now, backlog, peer, group, views);
        }
    }
    if (!backlog.empty()) {
        await_limits(backlog.peer(), session);
    }
}

void Outbound::send_repairs(Peer& peer, PathViews& views) {
    Bond& bond = *peer.session->bond;
    while (const auto repair = bond.repair.next(now_)) {
        PathView* best = nullptr;
        Link* way = nullptr;
        for (std::size_t i = 0; i < views.count; ++i) {
            PathView& view = views.views[i];
            const std::size_t limit =
                state_.endpoint->datagram_bytes_max(views.links[i]->connection);
            if (view.room != 0 && repair->bytes.size() <= limit &&
                (best == nullptr || view.rtt < best->rtt)) {
                best = &view;
                way = views.links[i];
            }
        }
        if (best == nullptr) {
            return;
        }
        const std::array<base::ByteView, 1> parts = {repair->bytes};
        const multipath::RepairToken token = repair->token;
        if (state_.endpoint->send_datagram(way->connection, parts, token)) {
            charge(*way, repair->bytes.size());
            bond.repair.handle_sent_again(token, best->path);
        } else {
            bond.repair.handle_given_up(token);
        }
        best->room = room_of(*way);
    }
}

// What waits for a group that is gone leaves by the first one.
void Outbound::drain_group(base::Instant now, Backlog& backlog, Peer& peer, GroupIndex group,
                           const PathViews& views) {
    Bond& bond = *peer.session->bond;
    const GroupIndex way = group < bond.group_count ? group : GroupIndex{0};
    Bond::Group& state = bond.groups[way];
    PathViews mine = views.of_group(way);
    state.quickest = quickest_of(mine, state.quickest);
    // What fills more than the quickest path goes by all of them, or by the one that carries more.
    std::span<PathView> chosen = mine.span();
    base::Duration rtt = state.rtt;
    const std::size_t alone = mine.find(state.judge.alone());
    if (alone < mine.count) {
        chosen = chosen.subspan(alone, 1);
        rtt = mine.floors[alone];
    }
    const bool is_quickest = alone < mine.count && chosen.front().path == state.quickest;
    state.paths = is_quickest ? 1 : mine.count;
    FlowQueue& queue = backlog.queue(group);
    // Where every packet counts a queue that stands for a moment is the lesser evil.
    const bool copies = state.scheduler->discipline() == Discipline::Copies;
    queue.set_round_trip(rtt, state.paths > 1 || copies ? kSeveralPathsTarget : base::Duration(0));
    while (!queue.empty()) {
        for (std::size_t i = 0; i < mine.count; ++i) {
            mine.views[i].quickest = mine.views[i].path == state.quickest;
            mine.views[i].room = room_of(*mine.links[i]);
            mine.views[i].copies_may_wait = copies_may_wait(*mine.links[i]);
        }
        multipath::Grant grant = state.scheduler->next(chosen);
        if (grant.paths == 0) {
            state.filled_at = now;
            return;
        }
        std::size_t used = fill_grant(now, queue, peer, way, grant);
        if (used == 0) {
            // What waits has no backlog: it is for the quickest path, whosever turn it is.
            const auto quickest =
                std::find_if(mine.span().begin(), mine.span().end(),
                             [](const PathView& view) { return view.quickest && view.room != 0; });
            if (quickest == mine.span().end() || multipath::contains(grant.paths, quickest->path)) {
                return;
            }
            grant = {multipath::set_of(quickest->path), quickest->room};
            used = fill_grant(now, queue, peer, way, grant);
            if (used == 0) {
                return;
            }
        }
        for (const PathView& view : mine.span()) {
            if (multipath::contains(grant.paths, view.path)) {
                state.scheduler->handle_sent(view.path, used);
            }
        }
    }
}

/// Of the flow whose segment left the queue just now.
void Outbound::note_bulk(base::Instant now, const FlowQueue& queue, Bond& bond, GroupIndex group,
                         std::size_t bytes) {
    bond.groups[group].carried_bulk |= queue.is_backlogged() || queue.is_in_order(now);
    if (bond.group_count > 1) {
        bond.placer.handle_sent(now, queue.popped(), bytes);
        if (queue.is_backlogged()) {
            bond.placer.handle_bulk(now, queue.popped());
        }
    }
}

std::size_t Outbound::fill_grant(base::Instant now, FlowQueue& queue, Peer& peer, GroupIndex group,
                                 const multipath::Grant& grant) {
    Bond& bond = *peer.session->bond;
    std::size_t limit = SIZE_MAX;
    for (const Link& link : peer.session->links) {
        if (link.usable() && multipath::contains(grant.paths, link.index)) {
            limit = std::min(limit, state_.endpoint->datagram_bytes_max(link.connection));
        }
    }
    if (limit == SIZE_MAX || limit <= overlay::kFragmentHeader + overlay::kSequenceSize) {
        return 0;
    }
    limit -= overlay::kSequenceSize;
    departure_ = {.paths = grant.paths};
    packer_.set_datagram_bytes_max(limit);
    queue.set_quantum(quantum_of(grant.bytes));
    // What is not the quickest path carries what fills more than that one; the rest waits for it.
    const Bond::Group& state = bond.groups[group];
    const Discipline discipline = state.scheduler->discipline();
    const bool spills = discipline >= Discipline::QuickestFirst &&
                        !multipath::contains(grant.paths, state.quickest);
    const auto from = spills ? FlowQueue::From::BulkFlows : FlowQueue::From::AllFlows;
    std::size_t used = 0;
    do {
        const auto segment = queue.pop(now, limit - overlay::kPacketsHeader, from);
        if (!segment) {
            break;
        }
        const bool copied = is_redundant(*segment);
        if (copied) {
            // Such a flow takes any path that has room. It goes by the loose lane all the same.
            queue.keep_in_order(now + kOrderKept);
        } else {
            note_bulk(now, queue, bond, group, segment->size());
            // A path by itself keeps the order of what it does not lose, and of the rest TCP learns
            // sooner when nothing waits for it.
            const bool begins_to_spill = spills && !queue.is_in_order(now);
            if (state.paths > 1 &&
                (begins_to_spill || discipline == Discipline::Turns || queue.is_backlogged())) {
                queue.keep_in_order(now + 2 * state.patience + kOrderKept);
            }
        }
        const Departure departure = {
            .paths = static_cast<multipath::PathSet>(grant.paths | (copied ? everywhere_ : 0U)),
            .lane = queue.is_in_order(now) && !copied ? ordered_lane(group) : loose_lane(group)};
        if (departure != departure_) {
            used += send_packed(peer);
            departure_ = departure;
        }
        used += put(peer, *segment, limit);
    } while (used + packer_.bytes() < grant.bytes);
    used += send_packed(peer);
    return used;
}

/// In the connection's own queue, for the pacer or the congestion window.
bool Outbound::copies_may_wait(const Link& link) {
    RateCap* const cap = cap_of(link);
    return (cap == nullptr || cap->room(now_) != 0) &&
           state_.endpoint->datagram_bytes_max(link.connection) != 0 &&
           state_.endpoint->datagram_bytes_waiting(link.connection) < kCopiesWaitMax;
}

bool Outbound::is_redundant(const net::Segment& segment) const noexcept {
    return redundant_classes_ != 0 &&
           (redundant_classes_ >>
                net::dscp_of(segment.header.empty() ? segment.payload : segment.header) &
            1U) != 0;
}

// A datagram that leaves by one path is kept until that path acknowledges it; copies on several
// paths repair each other. A degraded path gets a copy now and then to prove itself with.
bool Outbound::send_numbered(Peer& peer, overlay::DatagramHeader header,
                             std::span<const base::ByteView> payload) {
    Bond& bond = *peer.session->bond;
    multipath::Sequence& next = bond.next[departure_.lane];
    header.sequence = multipath::encode({.lane = departure_.lane, .sequence = next});
    next = next.next();
    const overlay::EncodedHeader encoded = overlay::encode_datagram_header(header);
    std::array<base::ByteView, 3> all = {encoded.view()};
    std::copy(payload.begin(), payload.end(), all.begin() + 1);
    const auto parts = std::span<const base::ByteView>(all).first(1 + payload.size());
    const bool alone = std::has_single_bit(departure_.paths);
    bool sent = false;
    for (Link& link : peer.session->links) {
        if (!link.usable()) {
            continue;
        }
        if (multipath::contains(departure_.paths, link.index)) {
            sent |= send_copy(bond, link, parts, alone);
            link.last_used = now_;
        } else if (link.monitor->state() == multipath::PathState::Degraded &&
                   now_ >= link.trial_at) {
            link.trial_at = now_ + kTrialPause;
            static_cast<void>(send_copy(bond, link, parts, false));
        }
    }
    return sent;
}

bool Outbound::send_copy(Bond& bond, const Link& link, std::span<const base::ByteView> parts,
                         bool keeps) {
    const multipath::RepairToken token = keeps ? bond.repair.keep(now_, link.index, parts) : 0;
    if (state_.endpoint->send_datagram(link.connection, parts, token)) {
        std::size_t bytes = 0;
        for (const base::ByteView part : parts) {
            bytes += part.size();
        }
        charge(link, bytes);
        return true;
    }
    if (token != 0) {
        bond.repair.handle_given_up(token);
    }
    return false;
}

}  // namespace qe::node
