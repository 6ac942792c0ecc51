// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <algorithm>
#include <array>

#include "config/encode.h"

namespace qe::config {
namespace {

using C = Config;

Leaf<net::Prefix> parse_tun4(std::string_view text) {
    return parse_tun_address(text, net::Family::V4);
}
Leaf<net::Prefix> parse_tun6(std::string_view text) {
    return parse_tun_address(text, net::Family::V6);
}

/// A row: `kSection.*kMember`, read by `kRead`.
template <auto kSection, auto kMember, auto kRead>
constexpr Field row(std::string_view key, Takes takes, Shape shape) {
    const std::size_t dot = key.find('.');
    return {key.substr(0, dot),
            key.substr(dot + 1),
            key,
            takes,
            shape,
            [](const In& in, Config& c) { kRead(in, (c.*kSection).*kMember); },
            [](const Config& c) { return encode((c.*kSection).*kMember); },
            [](Config& to, const Config& from) {
                (to.*kSection).*kMember = (from.*kSection).*kMember;
            }};
}

template <auto kMember, auto kRead>
constexpr auto node = row<&C::node, kMember, kRead>;
template <auto kMember, auto kRead>
constexpr auto network = row<&C::network, kMember, kRead>;
template <auto kMember, auto kRead>
constexpr auto discovery = row<&C::discovery, kMember, kRead>;
template <auto kMember, auto kRead>
constexpr auto multipath = row<&C::multipath, kMember, kRead>;
template <auto kMember, auto kRead>
constexpr auto security = row<&C::security, kMember, kRead>;
template <auto kMember, auto kRead>
constexpr auto monitoring = row<&C::monitoring, kMember, kRead>;
template <auto kMember, auto kRead>
constexpr auto performance = row<&C::performance, kMember, kRead>;

template <auto kParse>
constexpr auto text = [](const In& in, auto& out) { read_text<kParse>(in, out); };
template <auto kParse>
constexpr auto text_or_none = [](const In& in, auto& out) { read_text_or_none<kParse>(in, out); };
template <auto kParse>
constexpr auto list = [](const In& in, auto& out) { read_list<kParse>(in, out); };

constexpr Takes kLive = Takes::Live;
constexpr Takes kRestart = Takes::Restart;

constexpr auto kSchema = std::to_array<Field>({
    node<&C::Node::name, text_or_none<parse_name>>("node.name", kLive, Shape::Text),
    node<&C::Node::role, text<parse_role>>("node.role", kRestart, Shape::Text),

    network<&C::Network::tun_name, text<parse_interface_name>>("network.tun_name", kRestart,
                                                               Shape::Text),
    network<&C::Network::tun_addr, text<parse_tun4>>("network.tun_addr", kRestart, Shape::Text),
    network<&C::Network::tun_addr6, text<parse_tun6>>("network.tun_addr6", kRestart, Shape::Text),
    network<&C::Network::advertise_subnets, list<parse_subnet>>("network.advertise_subnets", kLive,
                                                                Shape::TextList),
    network<&C::Network::mtu, read_mtu>("network.mtu", kRestart, Shape::Number),
    network<&C::Network::oversize, text<parse_oversize>>("network.oversize", kLive, Shape::Text),

    discovery<&C::Discovery::bootstrap_nodes, list<parse_host_port>>("discovery.bootstrap_nodes",
                                                                     kRestart, Shape::TextList),
    discovery<&C::Discovery::bootstrap_mode, read_truth>("discovery.bootstrap_mode", kRestart,
                                                         Shape::Truth),
    discovery<&C::Discovery::public_ip, text<parse_public_address>>("discovery.public_ip", kRestart,
                                                                    Shape::Text),
    discovery<&C::Discovery::dht_port, read_port>("discovery.dht_port", kRestart, Shape::Number),
    discovery<&C::Discovery::dht, read_truth>("discovery.dht", kRestart, Shape::Truth),
    discovery<&C::Discovery::lan, read_truth>("discovery.lan", kRestart, Shape::Truth),
    discovery<&C::Discovery::swarm, text_or_none<parse_swarm>>("discovery.swarm", kRestart,
                                                               Shape::Text),

    row<&C::peers, &C::Peers::allowed, read_allowed>("peers.allowed", kLive, Shape::TextList),
    row<&C::peers, &C::Peers::connect, text<parse_connect_policy>>("peers.connect", kLive,
                                                                   Shape::Text),
    row<&C::peers, &C::Peers::idle_timeout, text<parse_idle_timeout>>("peers.idle_timeout", kLive,
                                                                      Shape::Text),

    multipath<&C::Multipath::enabled, read_truth>("multipath.enabled", kRestart, Shape::Truth),
    multipath<&C::Multipath::interfaces, list<parse_interface_name>>("multipath.interfaces",
                                                                     kRestart, Shape::TextList),
    multipath<&C::Multipath::scheduler, text<parse_scheduler>>("multipath.scheduler", kRestart,
                                                               Shape::Text),
    multipath<&C::Multipath::mode, text<parse_multipath_mode>>("multipath.mode", kRestart,
                                                               Shape::Text),
    multipath<&C::Multipath::latency_threshold, text<parse_latency_threshold>>(
        "multipath.latency_threshold", kRestart, Shape::Text),
    multipath<&C::Multipath::weights, read_weights>("multipath.weights", kRestart, Shape::Map),
    multipath<&C::Multipath::limits, read_limits>("multipath.limits", kRestart, Shape::Map),
    multipath<&C::Multipath::metered, list<parse_interface_name>>("multipath.metered", kRestart,
                                                                  Shape::TextList),
    multipath<&C::Multipath::redundant_classes, list<parse_traffic_class>>(
        "multipath.redundant_classes", kRestart, Shape::TextList),
    multipath<&C::Multipath::accept, read_truth>("multipath.accept", kRestart, Shape::Truth),

    security<&C::Security::policy_file, read_unsupported_text>("security.policy_file", kRestart,
                                                               Shape::Text),
    security<&C::Security::audit_log, read_unsupported_text>("security.audit_log", kRestart,
                                                             Shape::Text),
    security<&C::Security::require_2fa, read_unsupported_truth>("security.require_2fa", kRestart,
                                                                Shape::Truth),

    monitoring<&C::Monitoring::metrics_addr, text_or_none<parse_listen_address>>(
        "monitoring.metrics_addr", kRestart, Shape::Text),
    monitoring<&C::Monitoring::health_addr, text_or_none<parse_listen_address>>(
        "monitoring.health_addr", kRestart, Shape::Text),
    monitoring<&C::Monitoring::log_level, text<parse_level>>("monitoring.log_level", kLive,
                                                             Shape::Text),
    monitoring<&C::Monitoring::log_levels, read_module_levels>("monitoring.log_levels", kLive,
                                                               Shape::Map),
    monitoring<&C::Monitoring::log_format, text<parse_log_format>>("monitoring.log_format",
                                                                   kRestart, Shape::Text),

    performance<&C::Performance::io_backend, text<parse_io_backend>>("performance.io_backend",
                                                                     kRestart, Shape::Text),
    performance<&C::Performance::cpu_affinity, read_cpu_list>("performance.cpu_affinity", kRestart,
                                                              Shape::NumberList),
    performance<&C::Performance::segmentation_offload, read_truth>(
        "performance.segmentation_offload", kRestart, Shape::Truth),
    performance<&C::Performance::congestion_control, text<parse_congestion_control>>(
        "performance.congestion_control", kRestart, Shape::Text),
});

constexpr std::array<std::string_view, 9> kTableNames = {"node",     "network",    "discovery",
                                                         "peers",    "peer",       "multipath",
                                                         "security", "monitoring", "performance"};

}  // namespace

std::span<const Field> schema() noexcept { return kSchema; }

const Field* find_field(std::string_view key) noexcept {
    const auto* found = std::ranges::find(kSchema, key, &Field::key);
    return found == kSchema.end() ? nullptr : found;
}

std::span<const std::string_view> table_names() noexcept { return kTableNames; }

}  // namespace qe::config
