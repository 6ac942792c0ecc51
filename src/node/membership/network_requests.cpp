// SPDX-License-Identifier: Apache-2.0
//
// NetworkKeeper, part of: what the operator asks for.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "node/links/close_text.h"
#include "node/membership/network_keeper.h"
#include "node/membership/network_report.h"
#include "node/own_addresses.h"

namespace qe::node {
namespace {

using control::ErrorKind;
using control::ErrorReply;

ErrorReply no_network() {
    return {ErrorKind::Failed,
            "this node is in no network: make one with `quicether network create NAME`, or join "
            "one with `quicether join TOKEN`"};
}

ErrorReply in_a_network(const OwnMembership& own) {
    return {ErrorKind::Failed,
            fmt::format("this node is a member of {} already; `quicether network leave` first",
                        own.directory.document().name)};
}

ErrorReply no_admin() {
    return {ErrorKind::Denied, "this node is no admin of the network; ask one who is"};
}

ErrorReply failed(const base::Error& error) { return {ErrorKind::Failed, std::string(error.text)}; }

std::optional<network::MemberRole> role_of(const std::string& text) {
    using network::MemberRole;
    for (const MemberRole role :
         {MemberRole::Full, MemberRole::Light, MemberRole::Gateway, MemberRole::Bootstrap}) {
        if (network::to_text(role) == text) {
            return role;
        }
    }
    return std::nullopt;
}

/// Our name as wished, or as configured, or from the node id.
std::string wished_name(const std::string& asked, const NodeState& state) {
    if (!asked.empty()) {
        return asked;
    }
    return state.config.node.name.empty() ? "node-" + state.id.to_string().substr(0, 8)
                                          : state.config.node.name;
}

}  // namespace

bool NetworkKeeper::handles(const control::Request& request) const {
    return std::holds_alternative<control::NetworkCreateRequest>(request) ||
           std::holds_alternative<control::NetworkRequest>(request) ||
           std::holds_alternative<control::NetworkLeaveRequest>(request) ||
           std::holds_alternative<control::InviteRequest>(request) ||
           std::holds_alternative<control::JoinRequest>(request) ||
           std::holds_alternative<control::MembersRequest>(request) ||
           std::holds_alternative<control::RevokeRequest>(request) ||
           std::holds_alternative<control::PromoteRequest>(request);
}

std::optional<control::Reply> NetworkKeeper::handle_request(base::Instant now, RequestId id,
                                                            const control::Request& request) {
    if (const auto* wanted = std::get_if<control::NetworkCreateRequest>(&request)) {
        return create(now, *wanted);
    }
    if (const auto* wanted = std::get_if<control::JoinRequest>(&request)) {
        return join(now, id, *wanted);
    }
    if (!own_) {
        return no_network();
    }
    if (const auto* wanted = std::get_if<control::NetworkLeaveRequest>(&request)) {
        return leave(now, *wanted);
    }
    if (const auto* wanted = std::get_if<control::InviteRequest>(&request)) {
        return invite(now, *wanted);
    }
    if (const auto* wanted = std::get_if<control::RevokeRequest>(&request)) {
        return revoke(now, *wanted);
    }
    if (const auto* wanted = std::get_if<control::PromoteRequest>(&request)) {
        return promote(now, *wanted);
    }
    if (std::holds_alternative<control::MembersRequest>(request)) {
        return members_report(*own_, state_);
    }
    return network_report(*own_, state_);
}

control::Reply NetworkKeeper::create(base::Instant now,
                                     const control::NetworkCreateRequest& request) {
    if (own_ || joining_) {
        return own_ ? in_a_network(*own_)
                    : ErrorReply{ErrorKind::Failed, "this node is about to join a network"};
    }
    network::NewNetwork wanted;
    wanted.name = request.name;
    wanted.mesh = network::MeshMode::Full;
    if (!request.ipv4_prefix.empty()) {
        const auto prefix = net::parse_prefix(request.ipv4_prefix);
        if (!prefix || prefix->family() != net::Family::V4 || prefix->length() < 8 ||
            prefix->length() > 30) {
            return ErrorReply{
                ErrorKind::BadRequest,
                fmt::format("\"{}\" is not an IPv4 prefix from /8 to /30", request.ipv4_prefix)};
        }
        wanted.ipv4 = prefix->network();
    }
    auto founded = network::Authority::found(wanted, state_.wall_now, state_.rng);
    if (!founded) {
        return failed(founded.error());
    }
    OwnMembership membership{network::Directory(std::move(founded->document)),
                             std::move(founded->secret),
                             {},
                             std::move(founded->authority),
                             {}};
    network::MemberAttributes attributes;
    attributes.name = wished_name({}, state_);
    attributes.admin = true;
    attributes.role =
        role_of(std::string(config::to_text(state_.config.node.role))).value_or(attributes.role);
    attributes.subnets = state_.config.network.advertise_subnets;
    auto certificate = membership.authority->certify(
        membership.directory, state_.key, std::move(attributes), state_.wall_now, state_.rng);
    if (!certificate) {
        return failed(certificate.error());
    }
    membership.certificate = std::move(*certificate);
    enter(now, std::move(membership));
    return network_report(*own_, state_);
}

control::Reply NetworkKeeper::leave(base::Instant now,
                                    const control::NetworkLeaveRequest& request) {
    const auto admins = std::ranges::count_if(
        own_->directory.members(), [](const auto& entry) { return entry.second.attributes.admin; });
    if (own_->authority && admins == 1 && own_->directory.members().size() > 1 && !request.force) {
        return ErrorReply{ErrorKind::Denied,
                          "this node is the only admin: `quicether promote` another member first, "
                          "or add --force"};
    }
    control::NetworkLeaveReply reply{own_->directory.document().name};
    if (own_->authority) {
        const auto revoked = own_->authority->revoke(
            own_->directory, state_.id, network::RevocationReason::Left, state_.wall_now);
        if (revoked) {
            news_.push_back({network::ItemKind::Revocation, revoked->encoded});
            spread(now, {});
        }
    }
    forget(now);
    return reply;
}

control::Reply NetworkKeeper::invite(base::Instant now, const control::InviteRequest& request) {
    if (!own_->authority) {
        return no_admin();
    }
    network::InviteTerms terms;
    const auto role = role_of(request.role);
    if (!role) {
        return ErrorReply{
            ErrorKind::BadRequest,
            fmt::format("\"{}\" is not a role: full, light, gateway or bootstrap", request.role)};
    }
    terms.role = *role;
    terms.tags = request.tags;
    for (const std::string& text : request.subnets) {
        const auto subnet = net::parse_prefix(text);
        if (!subnet) {
            return ErrorReply{ErrorKind::BadRequest, fmt::format("\"{}\" is not a prefix", text)};
        }
        terms.subnets.push_back(subnet->network());
    }
    terms.uses = request.uses;
    terms.life = base::seconds(static_cast<std::int64_t>(request.lifetime_s));
    const network::SwarmSeed swarm = network::swarm_seed_of(own_->secret);
    auto issued =
        own_->invites.issue(terms, {own_->directory.id(), state_.id, swarm, own_addresses(state_)},
                            state_.wall_now, state_.rng);
    if (!issued) {
        return failed(issued.error());
    }
    refresh(now);
    return control::InviteReply{network::encode_invite(*issued), own_->directory.document().name,
                                request.lifetime_s, request.uses};
}

std::optional<control::Reply> NetworkKeeper::join(base::Instant now, RequestId id,
                                                  const control::JoinRequest& request) {
    if (own_) {
        return in_a_network(*own_);
    }
    if (joining_) {
        return ErrorReply{ErrorKind::Failed, "this node is about to join a network already"};
    }
    auto invite = network::parse_invite(request.token, state_.wall_now);
    if (!invite) {
        return failed(invite.error());
    }
    if (invite->admin == state_.id) {
        return ErrorReply{ErrorKind::BadRequest, "this invite is of this very node"};
    }
    const crypto::MacKey swarm = network::swarm_mac_key(invite->swarm);
    joining_.emplace(
        Joining{id, std::move(*invite), wished_name(request.name, state_), now + kJoinPatience});
    show_credential();
    discovery_.set_swarm(now, swarm);
    grant();
    membership_.apply(now);
    return std::nullopt;
}

control::Reply NetworkKeeper::revoke(base::Instant now, const control::RevokeRequest& request) {
    if (!own_->authority) {
        return no_admin();
    }
    const network::Member* const member = find_member(request.member);
    if (member == nullptr) {
        return ErrorReply{ErrorKind::UnknownPeer,
                          fmt::format("no member is called \"{}\"", request.member)};
    }
    if (member->facts.node_id == state_.id) {
        return ErrorReply{ErrorKind::BadRequest,
                          "this node cannot revoke itself; use `quicether network leave`"};
    }
    control::MemberChangeReply reply{member->facts.node_id.to_string(), member->attributes.name};
    const auto reason = request.key_compromised ? network::RevocationReason::KeyCompromised
                                                : network::RevocationReason::Removed;
    const auto revoked =
        own_->authority->revoke(own_->directory, member->facts.node_id, reason, state_.wall_now);
    if (!revoked) {
        return failed(revoked.error());
    }
    news_.push_back({network::ItemKind::Revocation, revoked->encoded});
    spread(now, {});  // while the revoked one is still connected: it learns why
    refresh(now);
    return reply;
}

control::Reply NetworkKeeper::promote(base::Instant now, const control::PromoteRequest& request) {
    if (!own_->authority) {
        return no_admin();
    }
    const network::Member* const member = find_member(request.member);
    if (member == nullptr) {
        return ErrorReply{ErrorKind::UnknownPeer,
                          fmt::format("no member is called \"{}\"", request.member)};
    }
    control::MemberChangeReply reply{member->facts.node_id.to_string(), member->attributes.name};
    const PeerHandle peer = state_.peers.find(member->facts.node_id);
    const Peer* const connected = state_.peers.get(peer);
    if (connected == nullptr || !connected->connected()) {
        return ErrorReply{
            ErrorKind::NotConnected,
            fmt::format("{} is not connected: it must be, to get the network's key", reply.name)};
    }
    auto granted = own_->authority->promote(own_->directory, member->facts.node_id, state_.wall_now,
                                            state_.rng);
    if (!granted) {
        return failed(granted.error());
    }
    news_.push_back({network::ItemKind::Certificate, granted->certificate});
    send(peer, std::move(*granted));
    refresh(now);
    spread(now, {});
    return reply;
}

const network::Member* NetworkKeeper::find_member(const std::string& text) const {
    if (const network::Member* member = own_->directory.find(std::string_view(text))) {
        return member;
    }
    const auto found = state_.peers.find(std::string_view(text));
    if (const auto* handle = std::get_if<PeerHandle>(&found)) {
        return own_->directory.find(state_.peers.get(*handle)->id);
    }
    return nullptr;
}

}  // namespace qe::node
