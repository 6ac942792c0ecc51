// SPDX-License-Identifier: Apache-2.0
#include "node/membership/network_requests.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

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

ErrorReply no_member(const std::string& text) {
    return {ErrorKind::UnknownPeer, fmt::format("no member is called \"{}\"", text)};
}

/// What the new network's IPv4 prefix is. The default if nothing is asked.
std::variant<net::Prefix, ErrorReply> ipv4_prefix_of(const std::string& text) {
    if (text.empty()) {
        return network::NewNetwork{}.ipv4;
    }
    const auto prefix = net::parse_prefix(text);
    if (!prefix || prefix->family() != net::Family::V4 || prefix->length() < 8 ||
        prefix->length() > 30) {
        return ErrorReply{ErrorKind::BadRequest,
                          fmt::format("\"{}\" is not an IPv4 prefix from /8 to /30", text)};
    }
    return prefix->network();
}

std::variant<network::InviteTerms, ErrorReply> terms_of(const control::InviteRequest& request) {
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
    return terms;
}

}  // namespace

std::string wished_name(const std::string& asked, const NodeState& state) {
    if (!asked.empty()) {
        return asked;
    }
    return state.config.node.name.empty() ? "node-" + state.id.to_string().substr(0, 8)
                                          : state.config.node.name;
}

ErrorReply already_member(const OwnMembership& own) {
    return {ErrorKind::Failed,
            fmt::format("this node is a member of {} already; `quicether network leave` first",
                        own.directory.document().name)};
}

bool is_network_request(const control::Request& request) noexcept {
    return std::holds_alternative<control::NetworkCreateRequest>(request) ||
           std::holds_alternative<control::NetworkRequest>(request) ||
           std::holds_alternative<control::NetworkLeaveRequest>(request) ||
           std::holds_alternative<control::InviteRequest>(request) ||
           std::holds_alternative<control::JoinRequest>(request) ||
           std::holds_alternative<control::MembersRequest>(request) ||
           std::holds_alternative<control::RevokeRequest>(request) ||
           std::holds_alternative<control::PromoteRequest>(request);
}

std::variant<OwnMembership, ErrorReply> found_network(
    NodeState& state, const control::NetworkCreateRequest& request) {
    auto ipv4 = ipv4_prefix_of(request.ipv4_prefix);
    if (auto* const error = std::get_if<ErrorReply>(&ipv4)) {
        return std::move(*error);
    }
    network::NewNetwork wanted;
    wanted.name = request.name;
    wanted.mesh = network::MeshMode::Full;
    wanted.ipv4 = std::get<net::Prefix>(ipv4);
    auto founded = network::Authority::found(wanted, state.wall_now, state.rng);
    if (!founded) {
        return failed(founded.error());
    }
    OwnMembership membership{network::Directory(std::move(founded->document)),
                             std::move(founded->secret),
                             {},
                             std::move(founded->authority),
                             {}};
    network::MemberAttributes attributes;
    attributes.name = wished_name({}, state);
    attributes.admin = true;
    attributes.role =
        role_of(std::string(config::to_text(state.config.node.role))).value_or(attributes.role);
    attributes.subnets = state.config.network.advertise_subnets;
    auto certificate = membership.authority->certify(
        membership.directory, state.key, std::move(attributes), state.wall_now, state.rng);
    if (!certificate) {
        return failed(certificate.error());
    }
    membership.certificate = std::move(*certificate);
    return membership;
}

control::Reply NetworkRequests::handle(const control::Request& request) {
    if (!network_) {
        return no_network();
    }
    if (const auto* wanted = std::get_if<control::NetworkLeaveRequest>(&request)) {
        return leave(*wanted);
    }
    if (const auto* wanted = std::get_if<control::InviteRequest>(&request)) {
        return invite(*wanted);
    }
    if (const auto* wanted = std::get_if<control::RevokeRequest>(&request)) {
        return revoke(*wanted);
    }
    if (const auto* wanted = std::get_if<control::PromoteRequest>(&request)) {
        return promote(*wanted);
    }
    if (std::holds_alternative<control::MembersRequest>(request)) {
        return members_report(*network_, state_);
    }
    return network_report(*network_, state_);
}

control::Reply NetworkRequests::leave(const control::NetworkLeaveRequest& request) {
    const auto& directory = network_->directory;
    const auto admins = std::ranges::count_if(
        directory.members(), [](const auto& entry) { return entry.second.attributes.admin; });
    if (network_.is_admin() && admins == 1 && directory.members().size() > 1 && !request.force) {
        return ErrorReply{ErrorKind::Denied,
                          "this node is the only admin: `quicether promote` another member first, "
                          "or add --force"};
    }
    control::NetworkLeaveReply reply{directory.document().name};
    if (network_.is_admin()) {
        const auto revoked = network_->authority->revoke(
            network_->directory, state_.id, network::RevocationReason::Left, state_.wall_now);
        if (revoked) {
            network_.tell({network::ItemKind::Revocation, revoked->encoded});
        }
    }
    return reply;
}

control::Reply NetworkRequests::invite(const control::InviteRequest& request) {
    if (!network_.is_admin()) {
        return no_admin();
    }
    auto terms = terms_of(request);
    if (auto* const error = std::get_if<ErrorReply>(&terms)) {
        return std::move(*error);
    }
    const network::SwarmSeed swarm = network::swarm_seed_of(network_->secret);
    auto issued =
        network_->invites.issue(std::get<network::InviteTerms>(terms),
                                {network_->directory.id(), state_.id, swarm, own_addresses(state_)},
                                state_.wall_now, state_.rng);
    if (!issued) {
        return failed(issued.error());
    }
    network_.note_trust();
    network_.store_now();
    return control::InviteReply{network::encode_invite(*issued),
                                network_->directory.document().name, request.lifetime_s,
                                request.uses};
}

control::Reply NetworkRequests::revoke(const control::RevokeRequest& request) {
    if (!network_.is_admin()) {
        return no_admin();
    }
    const network::Member* const member = find_member(request.member);
    if (member == nullptr) {
        return no_member(request.member);
    }
    const crypto::NodeId id = member->facts.node_id;
    if (id == state_.id) {
        return ErrorReply{ErrorKind::BadRequest,
                          "this node cannot revoke itself; use `quicether network leave`"};
    }
    control::MemberChangeReply reply{id.to_string(), member->attributes.name};
    const auto reason = request.key_compromised ? network::RevocationReason::KeyCompromised
                                                : network::RevocationReason::Removed;
    const auto revoked =
        network_->authority->revoke(network_->directory, id, reason, state_.wall_now);
    if (!revoked) {
        return failed(revoked.error());
    }
    network_.note(id);
    network_.tell({network::ItemKind::Revocation, revoked->encoded});
    network_.store_now();
    return reply;
}

control::Reply NetworkRequests::promote(const control::PromoteRequest& request) {
    if (!network_.is_admin()) {
        return no_admin();
    }
    const network::Member* const member = find_member(request.member);
    if (member == nullptr) {
        return no_member(request.member);
    }
    const crypto::NodeId id = member->facts.node_id;
    control::MemberChangeReply reply{id.to_string(), member->attributes.name};
    const PeerHandle peer = state_.peers.find(id);
    const Peer* const connected = state_.peers.get(peer);
    if (connected == nullptr || !connected->connected()) {
        return ErrorReply{
            ErrorKind::NotConnected,
            fmt::format("{} is not connected: it must be, to get the network's key", reply.name)};
    }
    auto granted =
        network_->authority->promote(network_->directory, id, state_.wall_now, state_.rng);
    if (!granted) {
        return failed(granted.error());
    }
    network_.note(id);
    network_.tell({network::ItemKind::Certificate, granted->certificate});
    network_.store_now();
    outbox_.send(peer, std::move(*granted));
    return reply;
}

const network::Member* NetworkRequests::find_member(const std::string& text) const {
    if (const network::Member* member = network_->directory.find(std::string_view(text))) {
        return member;
    }
    const auto found = state_.peers.find(std::string_view(text));
    if (const auto* handle = std::get_if<PeerHandle>(&found)) {
        return network_->directory.find(state_.peers.get(*handle)->id);
    }
    return nullptr;
}

}  // namespace qe::node
