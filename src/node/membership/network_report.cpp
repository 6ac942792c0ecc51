// SPDX-License-Identifier: Apache-2.0
#include "node/membership/network_report.h"

#include <algorithm>

#include "node/reports.h"

namespace qe::node {
namespace {

std::uint64_t seconds_until(base::UnixTime end, base::UnixTime now) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(end.seconds - now.seconds, 0));
}

std::string state_of(const network::Member& member, const NodeState& state) {
    if (member.facts.node_id == state.id) {
        return "this node";
    }
    const Peer* const peer = state.peers.get(state.peers.find(member.facts.node_id));
    return peer == nullptr ? "idle" : std::string(state_text(*peer));
}

std::vector<std::string> addresses_of(const crypto::NodeId& id, const NodeState& state) {
    std::vector<std::string> texts;
    if (id == state.id) {
        for (const net::Prefix& prefix : state.own.overlay) {
            texts.push_back(prefix.address().to_string());
        }
        return texts;
    }
    if (const auto peer = state.grants.peers.find(id); peer != state.grants.peers.end()) {
        for (const net::Prefix& prefix : peer->second.addresses) {
            texts.push_back(prefix.address().to_string());
        }
    }
    return texts;
}

}  // namespace

control::NetworkReply network_report(const OwnMembership& own, const NodeState& state) {
    control::NetworkReply reply;
    const network::Directory& directory = own.directory;
    reply.id = directory.id().to_string();
    reply.name = directory.document().name;
    reply.ipv4_prefix = directory.document().ipv4.to_string();
    reply.ipv6_prefix = network::overlay_ipv6_network(directory.id()).to_string();
    reply.is_admin = own.authority.has_value();
    reply.members = static_cast<std::uint32_t>(directory.members().size());
    reply.admins = static_cast<std::uint32_t>(std::ranges::count_if(
        directory.members(), [](const auto& entry) { return entry.second.attributes.admin; }));
    reply.revoked = static_cast<std::uint32_t>(directory.revocations().size());
    if (const network::Member* self = directory.find(state.id)) {
        reply.member_name = self->attributes.name;
        reply.certificate_left_s = seconds_until(self->facts.validity.not_after, state.wall_now);
    }
    reply.conflicts = state.network_conflicts;
    return reply;
}

control::MembersReply members_report(const OwnMembership& own, const NodeState& state) {
    control::MembersReply reply;
    for (const auto& [id, member] : own.directory.members()) {
        control::MemberReply one;
        one.node_id = id.to_string();
        one.name = member.attributes.name;
        one.role = network::to_text(member.attributes.role);
        one.is_admin = member.attributes.admin;
        one.state = state_of(member, state);
        one.overlay_addresses = addresses_of(id, state);
        for (const net::Prefix& subnet : member.attributes.subnets) {
            one.entitled_subnets.push_back(subnet.to_string());
        }
        one.tags = member.attributes.tags;
        one.certificate_left_s = seconds_until(member.facts.validity.not_after, state.wall_now);
        reply.members.push_back(std::move(one));
    }
    std::ranges::sort(reply.members, {}, &control::MemberReply::name);
    for (const auto& [id, revocation] : own.directory.revocations()) {
        control::RevokedReply one;
        one.node_id = id.to_string();
        if (const auto name = own.former_names.find(id); name != own.former_names.end()) {
            one.name = name->second;
        }
        one.reason = network::to_text(revocation.value.reason);
        one.ago_s = seconds_until(state.wall_now, revocation.value.at);
        reply.revoked.push_back(std::move(one));
    }
    return reply;
}

}  // namespace qe::node
