// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/membership.h"

#include <algorithm>
#include <optional>
#include <variant>

#include <fmt/format.h>

namespace qe::sim {
namespace {

/// What a node says of its network; nothing when it is in none.
std::optional<control::MembersReply> members_of(Host& host) {
    control::Reply reply = host.ask(control::MembersRequest{});
    auto* const members = std::get_if<control::MembersReply>(&reply);
    return members == nullptr ? std::nullopt : std::optional(std::move(*members));
}

/// Who is in it, under which name and addresses: what must be the same everywhere.
std::map<std::string, std::string> essence(const control::MembersReply& members) {
    std::map<std::string, std::string> all;
    for (const control::MemberReply& member : members.members) {
        std::vector<std::string> addresses = member.overlay_addresses;
        std::ranges::sort(addresses);
        std::string text = member.name;
        for (const std::string& address : addresses) {
            text += " " + address;
        }
        all.emplace(member.node_id, std::move(text));
    }
    return all;
}

/// One difference, for people.
std::string difference(const std::map<std::string, std::string>& a,
                       const std::map<std::string, std::string>& b) {
    for (const auto& [id, text] : a) {
        const auto found = b.find(id);
        if (found == b.end()) {
            return fmt::format("{} is only a member for the first", text);
        }
        if (found->second != text) {
            return fmt::format("the first says \"{}\", the second \"{}\"", text, found->second);
        }
    }
    return "the second knows more members";
}

}  // namespace

void Membership::disturb() {
    calm_since_ = now();
    is_judged_ = false;
}

void Membership::on_host(HostId /*host*/, HostChange /*change*/) { disturb(); }

void Membership::on_action(std::string_view /*what*/) { disturb(); }

void Membership::on_second() {
    if (world().memberships().empty() || full()) {
        return;
    }
    judge_revoked();
    if (!is_judged_ && now() - calm_since_ >= kBound) {
        is_judged_ = true;
        judge_directories();
    }
}

void Membership::finish(World& /*world*/) {
    if (!world().memberships().empty() && now() - calm_since_ >= kBound) {
        judge_directories();
    }
}

void Membership::judge_directories() {
    std::vector<HostId> awake;
    for (const HostId id : world().memberships().members()) {
        if (world().memberships().is_valid(id) && world().host(id).awake()) {
            awake.push_back(id);
        }
    }
    for (const HostId a : awake) {
        for (const HostId b : awake) {
            if (world().blocked(a, b)) {
                return;  // they cannot know of each other what they do not hear
            }
        }
    }
    std::optional<std::map<std::string, std::string>> first;
    for (const HostId id : awake) {
        const auto members = members_of(world().host(id));
        if (!members) {
            object(fmt::format("{} has joined the network and is in none", name_of(id)));
            continue;
        }
        const auto known = essence(*members);
        if (!first) {
            judge_unique(id, *members);
            first = known;
        } else if (known != *first) {
            object(fmt::format("{} and {} differ about the network {} s after the last change: {}",
                               name_of(awake.front()), name_of(id),
                               std::chrono::duration_cast<base::seconds>(kBound).count(),
                               difference(*first, known)));
        }
        judge_own_address(id, *members);
    }
}

void Membership::judge_unique(HostId host, const control::MembersReply& members) {
    std::map<std::string, std::string> holders;
    const auto take = [&](const std::string& what, const std::string& holder) {
        const auto [at, is_new] = holders.try_emplace(what, holder);
        if (!is_new && at->second != holder) {
            object(fmt::format("{} says that {} and {} both have {}", name_of(host), at->second,
                               holder, what));
        }
    };
    for (const control::MemberReply& member : members.members) {
        take("the name " + member.name, member.node_id);
        for (const std::string& address : member.overlay_addresses) {
            take(address, member.node_id);
        }
    }
}

void Membership::judge_own_address(HostId host, const control::MembersReply& members) {
    const auto own = world().host(host).overlay_address(net::Family::V4);
    const std::string id = world().host(host).node_id().to_string();
    const auto self = std::ranges::find(members.members, id, &control::MemberReply::node_id);
    const bool is_named = self != members.members.end() && own &&
                          std::ranges::find(self->overlay_addresses, own->to_string()) !=
                              self->overlay_addresses.end();
    if (!is_named) {
        object(fmt::format("{} has {}, which is not what its network says", name_of(host),
                           own ? own->to_string() : "no IPv4 address"));
    }
}

void Membership::judge_revoked() {
    for (const auto& [revoked, at] : world().memberships().revoked()) {
        if (now() - std::max(at, calm_since_) <= kShutOut) {
            continue;
        }
        for (const HostId id : world().host(revoked).connected()) {
            object(fmt::format(
                "{} was revoked {} s ago and has a session with {}", name_of(revoked),
                std::chrono::duration_cast<base::seconds>(now() - at).count(), name_of(id)));
        }
        for (const HostId id : world().memberships().members()) {
            const auto connected = world().host(id).connected();
            if (std::ranges::find(connected, revoked) != connected.end()) {
                object(fmt::format("{} has a session with {}, which was revoked {} s ago",
                                   name_of(id), name_of(revoked),
                                   std::chrono::duration_cast<base::seconds>(now() - at).count()));
            }
        }
    }
}

}  // namespace qe::sim
