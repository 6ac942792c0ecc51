// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "app/render.h"
#include "app/table.h"
#include "app/units.h"

namespace qe::app {
namespace {

/// As many hex digits as crypto::NodeId::short_text() shows.
constexpr std::size_t kShortIdDigits = 12;

/// The path a peer's table row speaks of: a direct one before a relayed one.
const control::PathReply* main_path(const control::PeerReply& peer) {
    const auto direct = std::ranges::find(peer.paths, "direct", &control::PathReply::kind);
    if (direct != peer.paths.end()) {
        return &*direct;
    }
    return peer.paths.empty() ? nullptr : &peer.paths.front();
}

std::string address_of(const control::PeerReply& peer, const control::PathReply* path) {
    if (path != nullptr) {
        return path->remote;
    }
    return peer.endpoints.empty() ? "-" : peer.endpoints.front();
}

Cell status_of(const control::PeerReply& peer, const control::PathReply* path) {
    constexpr std::array<std::pair<std::string_view, Tint>, 4> kTints{{{"connected", Tint::Good},
                                                                       {"connecting", Tint::Warn},
                                                                       {"unreachable", Tint::Bad},
                                                                       {"idle", Tint::Dim}}};
    const auto* const known =
        std::ranges::find(kTints, peer.state, &std::pair<std::string_view, Tint>::first);
    Cell cell{peer.state, known == kTints.end() ? Tint::Plain : known->second};
    if (!cell.text.empty() && cell.text[0] >= 'a' && cell.text[0] <= 'z') {
        cell.text[0] = static_cast<char>(cell.text[0] - 'a' + 'A');
    }
    if (peer.state == "connected" && path != nullptr && path->kind == "relayed") {
        cell.text += " (gateway)";
    }
    return cell;
}

std::string first_overlay_address(const control::PeerReply& peer) {
    return peer.overlay_addresses.empty() ? "" : peer.overlay_addresses.front();
}

std::string loss_text(const control::PathReply& path) {
    if (path.packets_sent == 0) {
        return "-";
    }
    return fmt::format("{:.1f}%", 100.0 * static_cast<double>(path.packets_lost) /
                                      static_cast<double>(path.packets_sent));
}

}  // namespace

std::string render_peers(const control::PeersReply& reply, const Palette& palette) {
    if (reply.peers.empty()) {
        return "No peers: allow one with \"quicether start --peer-allow ID\" or a [[peer]] in the "
               "configuration.\n";
    }
    Table table({"NodeID", "Address", "RTT", "Status", "Name", "Overlay", "Last error"});
    table.make_optional("Name");
    table.make_optional("Overlay");
    table.make_optional("Last error");
    for (const control::PeerReply& peer : reply.peers) {
        const control::PathReply* const path = main_path(peer);
        table.add({{peer.node_id.substr(0, kShortIdDigits)},
                   {address_of(peer, path)},
                   {rtt_text(path == nullptr ? std::nullopt : path->rtt_us)},
                   status_of(peer, path),
                   {peer.name},
                   {first_overlay_address(peer)},
                   {peer.state == "connected" ? "" : peer.last_error}});
    }
    return table.to_string(palette);
}

std::string render_paths(const control::PeersReply& reply, const Palette& palette) {
    Table table({"NodeID", "Local", "Remote", "RTT", "Kind", "Loss", "Sent", "Received", "Payload",
                 "Security"});
    bool any = false;
    for (const control::PeerReply& peer : reply.peers) {
        for (const control::PathReply& path : peer.paths) {
            any = true;
            table.add({{peer.node_id.substr(0, kShortIdDigits)},
                       {path.local},
                       {path.remote},
                       {rtt_text(path.rtt_us)},
                       {path.kind + ", " + path.direction},
                       {loss_text(path)},
                       {count_text(path.packets_sent)},
                       {count_text(path.packets_received)},
                       {std::to_string(path.udp_payload_bytes)},
                       {path.cipher + ", " + path.key_exchange}});
        }
    }
    return any ? table.to_string(palette) : "No paths: no peer is connected.\n";
}

}  // namespace qe::app
