// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <algorithm>

namespace qe::node {
namespace {

bool dialled_by_smaller_id(const Link& link, bool we_have_smaller_id) noexcept {
    return (link.role == quic::Role::Client) == we_have_smaller_id;
}

/// quic::EndpointOptions::keep_alive, which the peer has too.
constexpr base::Duration kKeepAlive = quic::EndpointOptions{}.keep_alive;
constexpr base::Duration kSilenceBound = base::seconds(10);
constexpr std::uint32_t kReserveMax = 32;

}  // namespace

base::Duration silence_max(base::Duration pto) noexcept {
    return std::clamp(kKeepAlive + 3 * pto, kSilenceMax, kSilenceBound);
}

std::uint32_t Link::standing() const noexcept {
    const std::uint32_t spare = reserve + hello->reserve;
    switch (monitor->state()) {
        case multipath::PathState::Active:
            return std::min(spare, kReserveMax);
        case multipath::PathState::Degraded:
            return kReserveMax + 1;
        case multipath::PathState::Probing:
            return kReserveMax + 2;
        case multipath::PathState::Failed:
            break;
    }
    return kReserveMax + 3;
}

Link* Session::find(quic::ConnectionHandle connection) noexcept {
    const auto it = std::find_if(links.begin(), links.end(), [connection](const Link& link) {
        return link.connection == connection;
    });
    return it == links.end() ? nullptr : &*it;
}

Link* Session::find_path(multipath::PathIndex index) noexcept {
    const auto it = std::find_if(links.begin(), links.end(), [index](const Link& link) {
        return link.usable() && link.index == index;
    });
    return it == links.end() ? nullptr : &*it;
}

void Session::erase(quic::ConnectionHandle connection) {
    std::erase_if(links, [connection](const Link& l) { return l.connection == connection; });
    if (active == connection) {
        active = {};
    }
}

LinkChoice choose_link(const LinkContest& contest) noexcept {
    const Link& older = contest.old_link;
    const Link& newer = contest.new_link;
    const auto take_new_if = [](bool condition) {
        return condition ? LinkChoice::TakeNew : LinkChoice::KeepOld;
    };
    if (contest.peer_restarted || newer.established_at - older.established_at >= kCrossingWindow) {
        return LinkChoice::TakeNew;
    }
    if (older.established_at - newer.established_at >= kCrossingWindow) {
        return LinkChoice::KeepOld;
    }
    if (older.supersedes != newer.supersedes) {
        return take_new_if(newer.supersedes);
    }
    if (older.role == newer.role) {
        return take_new_if(newer.dial_number >= older.dial_number);
    }
    return take_new_if(dialled_by_smaller_id(newer, contest.we_have_smaller_id));
}

}  // namespace qe::node
