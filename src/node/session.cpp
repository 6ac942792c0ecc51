// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <algorithm>

namespace qe::node {
namespace {

bool dialled_by_smaller_id(const Link& link, bool we_have_smaller_id) noexcept {
    return (link.role == quic::Role::Client) == we_have_smaller_id;
}

}  // namespace

Link* Session::find(quic::ConnectionHandle connection) noexcept {
    const auto it = std::find_if(links.begin(), links.end(), [connection](const Link& link) {
        return link.connection == connection;
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
    const Link& newer = contest.new_link;
    const bool superseded = newer.supersedes || (newer.hello && newer.hello->supersede);
    if (contest.peer_restarted || superseded) {
        return LinkChoice::TakeNew;
    }
    const bool crossed = contest.old_link.role != newer.role &&
                         newer.established_at - contest.old_link.established_at < kCrossingWindow;
    if (crossed && dialled_by_smaller_id(contest.old_link, contest.we_have_smaller_id)) {
        return LinkChoice::KeepOld;
    }
    return LinkChoice::TakeNew;
}

}  // namespace qe::node
