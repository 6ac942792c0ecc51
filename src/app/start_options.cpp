// SPDX-License-Identifier: Apache-2.0
#include "app/start_options.h"

#include "app/values.h"

namespace qe::app {
namespace {

using Text = std::optional<std::string>;
using Texts = std::optional<std::vector<std::string>>;
using Number = std::optional<std::int64_t>;

/// Adds options to one verb, under one heading of its help at a time.
class Adder {
  public:
    explicit Adder(CLI::App& verb) : verb_(&verb) {}

    void heading(std::string name) { heading_ = std::move(name); }

    void text(const char* flag, Text& target, const char* type, const char* description) {
        finish(verb_->add_option_function<std::string>(
                   flag, [&target](const std::string& value) { target = value; }, description),
               type);
    }

    void number(const char* flag, Number& target, const char* description) {
        finish(verb_->add_option_function<std::int64_t>(
                   flag, [&target](std::int64_t value) { target = value; }, description),
               "N")
            ->check(any_whole_number());
    }

    void flag(const char* flag, std::optional<bool>& target, const char* description) {
        verb_
            ->add_flag_callback(
                flag, [&target] { target = true; }, description)
            ->group(heading_);
    }

    /// May be repeated, and may hold several values between commas.
    void list(const char* flag, Texts& target, const char* type, const char* description) {
        verb_
            ->add_option_function<std::vector<std::string>>(
                flag, [&target](const std::vector<std::string>& values) { target = values; },
                description)
            ->type_name(type)
            ->delimiter(',')
            ->allow_extra_args(false)
            ->group(heading_);
    }

  private:
    CLI::Option* finish(CLI::Option* option, const char* type) {
        return option->type_name(type)->take_last()->group(heading_);
    }

    CLI::App* verb_;
    std::string heading_ = "Options";
};

void add_process_options(CLI::App& verb, StartOptions& options) {
    verb.add_option("--config", options.config_file,
                    "Default: /etc/quicether/config.toml, else ~/.config/quicether/config.toml")
        ->type_name("FILE")
        ->take_last();
    verb.add_option("--state-dir", options.state_dir, "Where the node keeps its key and state")
        ->type_name("DIR")
        ->take_last()
        ->capture_default_str();
    verb.add_flag("--daemon", options.daemon, "Go to the background once the overlay is up");
}

void add_network_options(Adder& add, config::Overrides& overrides) {
    add.heading("Node and network");
    add.text("--name", overrides.name, "NAME", "What peers call this node");
    add.text("--role", overrides.role, "ROLE", "full, light, gateway or bootstrap");
    add.text("--tun-name", overrides.tun_name, "NAME", "The TUN interface");
    add.text("--tun-addr", overrides.tun_addr, "PREFIX", "IPv4 overlay address");
    add.text("--tun-addr6", overrides.tun_addr6, "PREFIX", "IPv6 overlay address");
    add.number("--mtu", overrides.mtu, "Of the TUN interface, in bytes");
    add.list("--advertise-subnet", overrides.advertise_subnets, "PREFIX",
             "A network behind this node; may be repeated");
}

void add_peer_options(Adder& add, config::Overrides& overrides) {
    add.heading("Peers and discovery");
    add.number("--port", overrides.port, "The one UDP port");
    add.text("--public-ip", overrides.public_ip, "ADDRESS", "Where the Internet reaches us");
    add.flag("--bootstrap-mode", overrides.bootstrap_mode, "Help others to find each other");
    add.list("--bootstrap", overrides.bootstrap_nodes, "HOST:PORT",
             "Whom to ask first; may be repeated");
}

void add_path_options(Adder& add, config::Overrides& overrides) {
    add.heading("Paths");
    add.list("--interfaces", overrides.interfaces, "NAME,NAME", "Underlay interfaces to use");
    add.text("--multipath", overrides.multipath, "MODE", "aggregate or failover");
    add.text("--scheduler", overrides.scheduler, "NAME", "How packets are spread over paths");
    add.flag("--accept-multipath", overrides.accept_multipath,
             "Let peers have several paths to this node, whatever the file says");
    add.text("--congestion-control", overrides.congestion_control, "NAME", "bbr or cubic");
    add.text("--io-backend", overrides.io_backend, "NAME", "epoll or io_uring");
}

void add_operation_options(Adder& add, config::Overrides& overrides) {
    add.heading("Security and monitoring");
    add.text("--policy", overrides.policy_file, "FILE", "Who may talk to whom");
    add.text("--audit-log", overrides.audit_log, "FILE", "Record of decisions");
    add.flag("--require-2fa", overrides.require_2fa, "Ask for a second factor");
    add.text("--metrics-addr", overrides.metrics_addr, "ADDRESS:PORT", "Prometheus metrics");
    add.text("--health-addr", overrides.health_addr, "ADDRESS:PORT", "Health endpoint");
    add.text("--log-level", overrides.log_level, "LEVEL", "trace, debug, info, warn, error, off");
    add.text("--log-format", overrides.log_format, "FORMAT", "auto, human or json");
}

}  // namespace

void add_start_options(CLI::App& verb, StartOptions& options) {
    add_process_options(verb, options);
    Adder add(verb);
    add_network_options(add, options.overrides);
    add_peer_options(add, options.overrides);
    verb.add_option("--peer-allow", options.overrides.peer_allow,
                    "A peer to trust: node id, public key or name; may be repeated")
        ->type_name("PEER")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group("Peers and discovery");
    add_path_options(add, options.overrides);
    add_operation_options(add, options.overrides);
}

}  // namespace qe::app
