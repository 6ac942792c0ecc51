// SPDX-License-Identifier: Apache-2.0
#include "app/render.h"
#include "app/table.h"

namespace qe::app {
namespace {

constexpr std::size_t kShortIdDigits = 12;

std::string via_text(const std::string& via) {
    if (via == "direct") {
        return "Direct";
    }
    if (via == "gateway") {
        return "Gateway";
    }
    return via == "local" ? "Local" : via;
}

}  // namespace

std::string render_routes(const control::RoutesReply& reply, const Palette& palette) {
    if (reply.routes.empty()) {
        return "No routes.\n";
    }
    Table table({"Destination", "Next Hop", "Interface", "Origin", "Status", "Name"});
    table.make_optional("Name");
    for (const control::RouteReply& route : reply.routes) {
        const bool is_local = route.next_hop_id.empty();
        table.add({{route.destination},
                   {is_local ? "this node" : route.next_hop_id.substr(0, kShortIdDigits)},
                   {via_text(route.via)},
                   {route.origin},
                   {route.active ? "Active" : "Inactive", route.active ? Tint::Good : Tint::Dim},
                   {route.next_hop_name}});
    }
    return table.to_string(palette);
}

}  // namespace qe::app
