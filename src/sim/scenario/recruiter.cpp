// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/recruiter.h"

#include <functional>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace qe::sim {
namespace {

/// As many as one invite may have.
constexpr std::uint32_t kUsesMax = 100;
constexpr base::Duration kPause = base::milliseconds(200);

const std::string* failure_in(const control::Reply& reply) {
    const auto* const error = std::get_if<control::ErrorReply>(&reply);
    return error == nullptr ? nullptr : &error->message;
}

}  // namespace

void Recruiter::say(const std::string& what) {
    world_.tell([&](Observer& o) { o.on_action(what); });
}

void Recruiter::later(base::Duration pause, std::function<void()> what) {
    world_.scheduler().after(pause, std::move(what));
}

void Recruiter::begin() {
    if (!scenario_.overlay) {
        return;
    }
    later(base::Duration(0), [this] { found(); });
    for (const HostId host : scenario_.overlay->members) {
        if (host != scenario_.overlay->founder) {
            later(scenario_.hosts[host].start,
                  [this, host] { join(host, scenario_.overlay->founder, ""); });
        }
    }
}

void Recruiter::found() {
    const OverlayPlan& plan = *scenario_.overlay;
    Host& host = world_.host(plan.founder);
    if (!host.awake()) {
        later(kPause, [this] { found(); });
        return;
    }
    host.request(control::NetworkCreateRequest{plan.name, plan.prefix},
                 [this, &host](const control::Reply& reply) {
                     if (const std::string* const why = failure_in(reply)) {
                         say(fmt::format("{} cannot make the network: {}", host.name(), *why));
                         return;
                     }
                     world_.memberships().add(host.id());
                     say(host.name() + " has made the network");
                 });
}

std::string Recruiter::invite_of(HostId admin) {
    Invite& invite = invites_[admin];
    if (invite.left == 0) {
        control::InviteRequest wanted;
        wanted.uses = kUsesMax;
        world_.host(admin).request(wanted, [&invite](const control::Reply& reply) {
            if (const auto* const made = std::get_if<control::InviteReply>(&reply)) {
                invite = {made->token, kUsesMax};
            }
        });
    }
    if (invite.left == 0) {
        return {};
    }
    --invite.left;
    return invite.token;
}

void Recruiter::join(HostId id, HostId by, const std::string& wished_name) {
    Host& host = world_.host(id);
    if (world_.memberships().has(id)) {
        return;
    }
    const auto again = [this, id, by, wished_name] { join(id, by, wished_name); };
    const bool ready = host.awake() && world_.host(by).awake() && world_.memberships().has(by);
    if (ready && tokens_[id].empty()) {
        tokens_[id] = invite_of(by);
    }
    if (!ready || tokens_[id].empty()) {
        later(kPause, again);
        return;
    }
    host.request(control::JoinRequest{tokens_[id], wished_name},
                 [this, &host, again](const control::Reply& reply) {
                     if (failure_in(reply) != nullptr) {
                         later(kPause, again);
                         return;
                     }
                     world_.memberships().add(host.id());
                     say(host.name() + " has joined the network");
                 });
}

/// As the admin knows it, which may have given it another name than it wished.
std::string Recruiter::member_name(HostId admin, HostId host) {
    const control::Reply reply = world_.host(admin).ask(control::MembersRequest{});
    const auto* const members = std::get_if<control::MembersReply>(&reply);
    const std::string id = world_.host(host).node_id().to_string();
    if (members != nullptr) {
        for (const control::MemberReply& member : members->members) {
            if (member.node_id == id) {
                return member.name;
            }
        }
    }
    return {};
}

void Recruiter::promote(HostId host, HostId by) {
    world_.host(by).request(control::PromoteRequest{member_name(by, host)},
                            [this, host, by](const control::Reply& reply) {
                                if (failure_in(reply) != nullptr) {  // it has to be connected
                                    later(kPause, [this, host, by] { promote(host, by); });
                                }
                            });
}

void Recruiter::revoke(HostId host, HostId by) {
    const std::string name = member_name(by, host);
    world_.host(by).request(
        control::RevokeRequest{name, false}, [this, host, by](const control::Reply& reply) {
            if (const std::string* const why = failure_in(reply)) {
                say(fmt::format("{} cannot revoke {}: {}", world_.host(by).name(),
                                world_.host(host).name(), *why));
                return;
            }
            world_.memberships().revoke(host, world_.now());
        });
}

}  // namespace qe::sim
