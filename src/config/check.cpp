// SPDX-License-Identifier: Apache-2.0
#include "config/check.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "config/text.h"
#include "quicether/config/pattern.h"

namespace qe::config {
namespace {

/// Reports at the place where `key` was set.
struct Complaints {
    const Places& places;
    Report& report;

    void at(std::string_view key, std::string message) const {
        const auto found = places.find(key);
        if (found != places.end()) {
            report.add(found->second.line, found->second.shown, std::move(message));
        } else {
            report.add(0, key, std::move(message));
        }
    }
};

/// How a message calls a peer.
std::string called(const PeerConfig& peer) {
    return peer.name.empty() ? "peer " + node_id_of(peer.id).short_text()
                             : "peer " + quoted(peer.name);
}

std::string peer_key(std::size_t index, std::string_view name) {
    return fmt::format("peer[{}].{}", index, name);
}

std::string folded(std::string_view name) {
    std::string out(name);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

void check_peers_differ(const Config& config, const Complaints& complain) {
    std::unordered_map<crypto::NodeId, std::size_t> ids;
    std::unordered_map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < config.peer.size(); ++i) {
        const PeerConfig& peer = config.peer[i];
        if (peer.id == PeerRef{}) {
            continue;  // reported as missing or malformed
        }
        if (const auto [seen, is_new] = ids.emplace(node_id_of(peer.id), i); !is_new) {
            complain.at(peer_key(i, "id"), fmt::format("is the id of {} as well; keep one [[peer]]",
                                                       called(config.peer[seen->second])));
        }
        if (!peer.name.empty() && !names.emplace(folded(peer.name), i).second) {
            complain.at(
                peer_key(i, "name"),
                fmt::format("{} names two peers; give each its own name", quoted(peer.name)));
        }
    }
}

/// A subnet and who claims it; no peer index: this node.
struct Claim {
    net::Prefix subnet;
    std::optional<std::size_t> peer;
};

/// All claims, every prefix before those inside it. The default route is left out: it means
/// "everything that nobody else claims".
std::vector<Claim> sorted_claims(const Config& config) {
    std::vector<Claim> claims;
    for (const net::Prefix& subnet : config.network.advertise_subnets) {
        claims.push_back({subnet, std::nullopt});
    }
    for (std::size_t i = 0; i < config.peer.size(); ++i) {
        for (const net::Prefix& subnet : config.peer[i].subnets) {
            claims.push_back({subnet, i});
        }
    }
    std::erase_if(claims, [](const Claim& claim) { return claim.subnet.length() == 0; });
    std::ranges::stable_sort(claims, {}, [](const Claim& claim) {
        return std::tuple(claim.subnet.address(), claim.subnet.length());
    });
    return claims;
}

void report_overlap(const Config& config, const Claim& one, const Claim& other,
                    const Complaints& complain) {
    // A conflict with our own subnets is blamed on them; one between peers on the later peer.
    const bool is_one_blamed = !one.peer || (other.peer && *one.peer > *other.peer);
    const Claim& blamed = is_one_blamed ? one : other;
    const Claim& rival = is_one_blamed ? other : one;
    complain.at(blamed.peer ? peer_key(*blamed.peer, "subnets") : "network.advertise_subnets",
                fmt::format("{} overlaps {} of {}; leave it to one node", blamed.subnet.to_string(),
                            rival.subnet.to_string(), called(config.peer[*rival.peer])));
}

void check_subnets_apart(const Config& config, const Complaints& complain) {
    std::vector<Claim> around;  // the claims that contain the current one, outermost first
    for (const Claim& claim : sorted_claims(config)) {
        while (!around.empty() && !around.back().subnet.contains(claim.subnet)) {
            around.pop_back();
        }
        if (!around.empty() && around.back().peer != claim.peer) {
            report_overlap(config, around.back(), claim, complain);
        }
        around.push_back(claim);
    }
}

void check_one_default_route(const Config& config, const Complaints& complain) {
    for (const net::Family family : {net::Family::V4, net::Family::V6}) {
        const net::Prefix everything(net::IpAddress::any(family), 0);
        const PeerConfig* first = nullptr;
        for (std::size_t i = 0; i < config.peer.size(); ++i) {
            const PeerConfig& peer = config.peer[i];
            if (std::ranges::find(peer.subnets, everything) == peer.subnets.end()) {
                continue;
            }
            if (first != nullptr) {
                complain.at(peer_key(i, "subnets"),
                            fmt::format("{} is {}'s as well; one peer can be the default route",
                                        everything.to_string(), called(*first)));
            }
            first = &peer;
        }
    }
}

void check_own_address(const Config& config, std::string_view key,
                       const std::optional<net::Prefix>& address, const Complaints& complain) {
    if (!address) {
        return;
    }
    for (const PeerConfig& peer : config.peer) {
        for (const net::Prefix& subnet : peer.subnets) {
            if (subnet.length() > 0 && subnet.contains(address->address())) {
                complain.at(key, fmt::format("{} lies in {} of {}; choose another address",
                                             address->address().to_string(), subnet.to_string(),
                                             called(peer)));
            }
        }
    }
}

/// `name` is one of `interfaces`, or matches one.
bool is_listed(const std::vector<std::string>& interfaces, const std::string& name) {
    return std::ranges::any_of(interfaces, [&name](const std::string& listed) {
        return listed == name || matches_pattern(listed, name);
    });
}

void check_by_interface(const Config::Multipath& multipath, std::string_view key,
                        const std::map<std::string, double>& table, const Complaints& complain) {
    if (multipath.interfaces.empty()) {
        return;
    }
    for (const auto& [name, value] : table) {
        if (!is_listed(multipath.interfaces, name)) {
            complain.at(fmt::format("multipath.{}s", key),
                        fmt::format("{} is not in multipath.interfaces; add it there or remove "
                                    "its {}",
                                    quoted(name), key));
        }
    }
}

void check_roles(const Config& config, const Complaints& complain) {
    if (config.node.role == NodeRole::Light && config.discovery.bootstrap_mode) {
        complain.at("discovery.bootstrap_mode",
                    "a light node cannot serve others as a bootstrap node; choose another "
                    "node.role or set it to false");
    }
}

void check_listeners(const Config::Monitoring& monitoring, const Complaints& complain) {
    if (!monitoring.health_addr.empty() && monitoring.health_addr == monitoring.metrics_addr) {
        complain.at("monitoring.health_addr",
                    "is the same as metrics_addr; give it a port of its own");
    }
}

}  // namespace

void check(const Config& config, const Places& places, Report& report) {
    const Complaints complain{places, report};
    check_peers_differ(config, complain);
    check_subnets_apart(config, complain);
    check_one_default_route(config, complain);
    check_own_address(config, "network.tun_addr", config.network.tun_addr, complain);
    check_own_address(config, "network.tun_addr6", config.network.tun_addr6, complain);
    check_by_interface(config.multipath, "weight", config.multipath.weights, complain);
    check_by_interface(config.multipath, "limit", config.multipath.limits, complain);
    check_roles(config, complain);
    check_listeners(config.monitoring, complain);
}

}  // namespace qe::config
