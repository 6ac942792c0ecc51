// SPDX-License-Identifier: Apache-2.0
#include "app/render_dht.h"

#include <fmt/format.h>

#include "app/table.h"
#include "app/units.h"
#include "quicether/config/diagnostic.h"

namespace qe::app {
namespace {

using config::printable;

constexpr std::size_t kTextBytesMax = 2000;

std::string list_text(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : ", ") + printable(item);
    }
    return text.empty() ? "-" : text;
}

std::string plural(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string record_text(const control::DhtStatusReply& reply) {
    if (!reply.published_ago_us) {
        return "not published yet";
    }
    return fmt::format("{}, published {} ago on {}", list_text(reply.published),
                       span_text(*reply.published_ago_us), plural(reply.published_nodes, "node"));
}

std::string nodes_table(const std::vector<control::DhtNodeReply>& nodes, const Palette& palette) {
    Table table({"NodeID", "Endpoint", "RTT", "Status", "Heard", "Shared bits"});
    table.make_optional("RTT");
    table.make_optional("Heard");
    for (const control::DhtNodeReply& node : nodes) {
        table.add({{node.node_id},
                   {node.endpoint},
                   {node.rtt_us ? rtt_text(node.rtt_us) : std::string()},
                   {node.good ? "Good" : "Questionable", node.good ? Tint::Good : Tint::Dim},
                   {node.silent_us > 0 ? span_text(node.silent_us) + " ago" : std::string()},
                   {std::to_string(node.prefix_bits)}});
    }
    return table.to_string(palette);
}

}  // namespace

std::string discovery_text(std::string_view state, std::uint32_t contacts) {
    if (state.empty() || state == "off") {
        return std::string(state);
    }
    if (state == "alone") {
        return "no contacts";
    }
    return fmt::format("{}, {}", plural(contacts, "contact"), printable(state));
}

std::string render_dht_status(const control::DhtStatusReply& reply) {
    const std::uint32_t contacts = reply.contacts_v4 + reply.contacts_v6;
    std::string text = fmt::format("Discovery: {}\n", discovery_text(reply.state, contacts));
    auto out = std::back_inserter(text);
    fmt::format_to(out, "Swarm: {}\n", printable(reply.swarm));
    fmt::format_to(out, "LAN: {}\n",
                   reply.lan ? plural(reply.lan_neighbours, "neighbour") : std::string("off"));
    if (!reply.enabled) {
        return text;
    }
    fmt::format_to(out, "Contacts: {} on IPv4, {} on IPv6, in {}\n", reply.contacts_v4,
                   reply.contacts_v6, plural(reply.buckets, "bucket"));
    fmt::format_to(out, "Round trip: {}\n", rtt_text(reply.rtt_us));
    fmt::format_to(out, "Seen as: {}\n", reply.external.empty() ? "-" : printable(reply.external));
    fmt::format_to(out, "Record: {}\n", record_text(reply));
    fmt::format_to(out, "Bootstrap: {}\n", list_text(reply.bootstrap_nodes));
    fmt::format_to(out, "Stored: {} ({} bytes), {}\n", plural(reply.items_stored, "item"),
                   reply.item_bytes_stored, plural(reply.peers_stored, "peer"));
    fmt::format_to(out, "Under way: {}, looking for {}\n", plural(reply.operations, "operation"),
                   plural(reply.searches, "peer"));
    fmt::format_to(out,
                   "Dropped: {} of floods, {} beyond the rate of answers, {} with a wrong MAC, "
                   "{} malformed, {} unexpected\n",
                   reply.dropped_flood, reply.dropped_rate, reply.dropped_mac,
                   reply.dropped_malformed, reply.dropped_unexpected);
    return text;
}

std::string render_dht_nodes(const control::DhtNodesReply& reply, const Palette& palette) {
    return reply.nodes.empty() ? std::string("No contacts.\n") : nodes_table(reply.nodes, palette);
}

std::string render_dht_get(const control::DhtGetReply& reply) {
    if (!reply.found) {
        return fmt::format("Nothing lies at {}.\n", printable(reply.target));
    }
    if (reply.text) {
        return printable(*reply.text, kTextBytesMax) + "\n";
    }
    return fmt::format("bencode {}\n", printable(reply.value_hex, kTextBytesMax));
}

std::string render_dht_put(const control::DhtPutReply& reply) {
    if (reply.accepted == 0) {
        return fmt::format("No node stored it; {} refused.\n", reply.refused);
    }
    return fmt::format("{}\nStored on {}.\n", printable(reply.target),
                       plural(reply.accepted, "node"));
}

std::string render_dht_lookup(const control::DhtLookupReply& reply, const Palette& palette) {
    std::string text;
    if (reply.has_record) {
        text = fmt::format("Record {} of {}: {}\n", reply.seq.value_or(0), printable(reply.target),
                           list_text(reply.addresses));
    } else {
        text = fmt::format("No record of {}.\n", printable(reply.target));
    }
    text += fmt::format("Nearest nodes, after {} queries and {}:\n", reply.queries,
                        plural(reply.hops, "hop"));
    return text + (reply.nearest.empty() ? "none answered\n" : nodes_table(reply.nearest, palette));
}

std::string render_dht_announce(const control::DhtAnnounceReply& reply) {
    if (reply.accepted == 0) {
        return fmt::format("No node stored it; {} refused.\n", reply.refused);
    }
    return fmt::format("Stored on {}.\n", plural(reply.accepted, "node"));
}

std::string render_dht_peers(const control::DhtPeersReply& reply) {
    if (reply.peers.empty()) {
        return fmt::format("Nobody is announced at {}.\n", printable(reply.info_hash));
    }
    std::string text;
    for (const std::string& peer : reply.peers) {
        text += printable(peer) + "\n";
    }
    return text;
}

}  // namespace qe::app
