// SPDX-License-Identifier: Apache-2.0
#include "app/render_multipath.h"

#include <algorithm>

#include <fmt/core.h>

#include "app/render_network.h"
#include "app/table.h"
#include "app/units.h"

namespace qe::app {
namespace {

constexpr std::size_t kShortIdDigits = 12;

std::optional<std::uint64_t> microseconds(std::optional<double> ms) {
    constexpr double kPerMs = 1000;
    return ms ? std::optional(static_cast<std::uint64_t>(*ms * kPerMs)) : std::nullopt;
}

/// "192.168.1.5" of "192.168.1.5:9000", "2001:db8::5" of "[2001:db8::5]:9000".
std::string without_port(const std::string& endpoint) {
    const std::string address = endpoint.substr(0, endpoint.rfind(':'));
    return address.starts_with('[') && address.ends_with(']')
               ? address.substr(1, address.size() - 2)
               : address;
}

Cell status_of(const control::SessionPathReply& path) {
    if (path.state == "active") {
        return path.used ? Cell{"Active", Tint::Good} : Cell{"Active, not used", Tint::Dim};
    }
    if (path.state == "probing") {
        return {"Probing", Tint::Warn};
    }
    return path.state == "degraded" ? Cell{"Degraded", Tint::Warn} : Cell{"Failed", Tint::Bad};
}

/// Why the path is not used; of one that is used though it should not be, what is wrong with it.
std::string remark_on(const control::SessionPathReply& path) {
    return path.used ? path.cause : path.reason;
}

bool has_path(const control::PeerPathsReply& peer, const std::string& interface) {
    return std::ranges::find(peer.paths, interface, &control::SessionPathReply::interface) !=
           peer.paths.end();
}

std::string paths_table(const control::PeerPathsReply& peer,
                        const std::vector<control::UplinkReply>& uplinks, const Palette& palette) {
    Table table({"Interface", "Address", "RTT", "Bandwidth", "Packets", "Status", "Loss", "Peer at",
                 "Remark"});
    table.make_optional("Remark");
    for (const control::SessionPathReply& path : peer.paths) {
        table.add({{path.interface.empty() ? "-" : path.interface},
                   {without_port(path.local)},
                   {rtt_text(microseconds(path.rtt_ms))},
                   {rate_text(path.rate_bps)},
                   {count_text(path.packets_sent)},
                   status_of(path),
                   {share_text(path.loss)},
                   {path.remote},
                   {remark_on(path)}});
    }
    for (const control::UplinkReply& uplink : uplinks) {
        if (!has_path(peer, uplink.interface)) {
            const bool up = uplink.state == "up";
            table.add({{uplink.interface},
                       {uplink.addresses.empty() ? "-" : uplink.addresses.front()},
                       {"-"},
                       {"-"},
                       {"-"},
                       {up ? "No path" : "Down", up ? Tint::Warn : Tint::Bad},
                       {"-"},
                       {"-"},
                       {""}});
        }
    }
    return table.to_string(palette);
}

std::string heading(const control::PeerPathsReply& peer) {
    return fmt::format("{} ({}): {}{}\n", printable_name(peer.name),
                       peer.node_id.substr(0, kShortIdDigits),
                       peer.scheduler.empty() ? "" : peer.scheduler + ", ", peer.decision);
}

}  // namespace

std::string render_multipath(const control::MultipathReply& reply, const Palette& palette) {
    if (reply.peers.empty()) {
        return "No paths: no peer is connected.\n";
    }
    std::string text;
    for (const control::PeerPathsReply& peer : reply.peers) {
        text += (text.empty() ? "" : "\n") + (reply.peers.size() > 1 ? heading(peer) : "") +
                paths_table(peer, reply.uplinks, palette);
    }
    return text;
}

}  // namespace qe::app
