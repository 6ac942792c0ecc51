// SPDX-License-Identifier: Apache-2.0
#include "app/render_network.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "app/table.h"
#include "app/units.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

constexpr std::size_t kShortIdDigits = 12;
constexpr std::uint64_t kMicroseconds = 1'000'000;

Tint tint_of(const std::string& state) {
    if (state == "connected" || state == "this node") {
        return Tint::Good;
    }
    return state == "unreachable" ? Tint::Bad : Tint::Dim;
}

/// Nothing for an empty value.
std::string line(std::string_view label, const std::string& value) {
    return value.empty() ? std::string() : fmt::format("  {:<14}{}\n", label, value);
}

std::string render_found(const control::FoundReply& node) {
    std::string text = fmt::format("{} ({})\n", printable_name(node.name), node.node_id);
    text +=
        line("Is:", node.relation == node.state ? node.state
                                                : fmt::format("{}, {}", node.relation, node.state));
    text += line("Owns of that:", fmt::format("{}", fmt::join(node.matches, ", ")));
    text += line("Addresses:", fmt::format("{}", fmt::join(node.overlay_addresses, ", ")));
    text += line("Subnets:", fmt::format("{}", fmt::join(node.subnets, ", ")));
    text += line("Underlay:", fmt::format("{}", fmt::join(node.endpoints, ", ")));
    text += line("Last seen:", node.last_seen_us ? span_text(*node.last_seen_us) + " ago" : "");
    text += line("DHT record:",
                 node.published_s ? span_text(*node.published_s * kMicroseconds) + " old" : "");
    return text;
}

}  // namespace

std::string printable_name(std::string_view name) {
    return name.empty() ? std::string("unnamed") : config::printable(name);
}

std::string render_network(const control::NetworkReply& network) {
    std::string warnings;
    for (const std::string& conflict : network.conflicts) {
        warnings += fmt::format("Warning:      {}\n", config::printable(conflict));
    }
    return fmt::format(
               "Network:      {} ({})\n"
               "This node:    {}, {}\n"
               "Members:      {}, {} of them admins, {} revoked\n"
               "Addresses:    {}, {}\n"
               "Certificate:  valid for {}\n",
               printable_name(network.name), network.id.substr(0, kShortIdDigits),
               printable_name(network.member_name), network.is_admin ? "admin" : "member",
               network.members, network.admins, network.revoked, network.ipv4_prefix,
               network.ipv6_prefix, span_text(network.certificate_left_s * kMicroseconds)) +
           warnings;
}

std::string render_find(const control::FindReply& reply) {
    std::string text;
    for (const control::FoundReply& node : reply.found) {
        text += (text.empty() ? "" : "\n") + render_found(node);
    }
    return text;
}

std::string render_invite(const control::InviteReply& invite) {
    return fmt::format(
        "{}\n\n"
        "On the machine that shall join {}:  quicether join TOKEN\n"
        "Good for {} and {}. Whoever has it can join: treat it as a password.\n",
        invite.token, printable_name(invite.network),
        invite.uses == 1 ? "one node" : fmt::format("{} nodes", invite.uses),
        span_text(invite.lifetime_s * kMicroseconds));
}

std::string render_members(const control::MembersReply& reply, const Palette& palette) {
    Table table(
        {"Name", "NodeID", "Addresses", "Role", "Status", "May advertise", "Tags", "Certificate"});
    table.make_optional("May advertise");
    table.make_optional("Tags");
    for (const control::MemberReply& member : reply.members) {
        table.add({{printable_name(member.name)},
                   {member.node_id.substr(0, kShortIdDigits)},
                   {fmt::format("{}", fmt::join(member.overlay_addresses, ", "))},
                   {member.is_admin ? member.role + ", admin" : member.role},
                   {member.state, tint_of(member.state)},
                   {fmt::format("{}", fmt::join(member.entitled_subnets, ", "))},
                   {fmt::format("{}", fmt::join(member.tags, ", "))},
                   {span_text(member.certificate_left_s * kMicroseconds)}});
    }
    std::string text = table.to_string(palette);
    if (!reply.revoked.empty()) {
        Table revoked({"Revoked", "NodeID", "Since", "Reason"});
        revoked.make_optional("Reason");
        for (const control::RevokedReply& one : reply.revoked) {
            revoked.add({{printable_name(one.name)},
                         {one.node_id.substr(0, kShortIdDigits)},
                         {span_text(one.ago_s * kMicroseconds)},
                         {one.reason}});
        }
        text += "\n" + revoked.to_string(palette);
    }
    return text;
}

}  // namespace qe::app
