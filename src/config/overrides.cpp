// SPDX-License-Identifier: Apache-2.0
//
// Flags → Config: each flag becomes a tree value and goes through its key's own reader.
#include "quicether/config/overrides.h"

#include <algorithm>
#include <utility>

#include "config/check.h"
#include "config/schema.h"

namespace qe::config {
namespace {

Value to_value(const std::string& text) {
    Value value;
    value.kind = Value::Kind::String;
    value.text = text;
    return value;
}

Value to_value(std::int64_t number) {
    Value value;
    value.kind = Value::Kind::Integer;
    value.integer = number;
    return value;
}

Value to_value(bool truth) {
    Value value;
    value.kind = Value::Kind::Boolean;
    value.boolean = truth;
    return value;
}

Value to_value(const std::vector<std::string>& texts) {
    Value value;
    value.kind = Value::Kind::Array;
    for (const std::string& text : texts) {
        value.items.push_back(to_value(text));
    }
    return value;
}

class Applying {
  public:
    explicit Applying(Config config) : config_(std::move(config)) {}

    template <typename T>
    void set(std::string_view flag, std::string_view key, const std::optional<T>& given) {
        if (given) {
            read(flag, key, to_value(*given), config_);
        }
    }

    /// `--multipath MODE` switches it on, `--multipath off` switches it off.
    void set_multipath(const std::optional<std::string>& given) {
        if (!given) {
            return;
        }
        config_.multipath.enabled = *given != "off";
        if (config_.multipath.enabled) {
            read("--multipath", "multipath.mode", to_value(*given), config_);
        }
    }

    void allow(const std::vector<std::string>& given) {
        Config added;
        read("--peer-allow", "peers.allowed", to_value(given), added);
        std::vector<PeerRef>& allowed = config_.peers.allowed;
        for (PeerRef& ref : added.peers.allowed) {
            if (std::ranges::find(allowed, ref) == allowed.end()) {
                allowed.push_back(ref);
            }
        }
    }

    [[nodiscard]] Checked<Config> finish() {
        check(config_, places_, report_);
        if (!report_.empty()) {
            return tl::unexpected(report_.take());
        }
        return std::move(config_);
    }

  private:
    void read(std::string_view flag, std::string_view key, const Value& value, Config& into) {
        find_field(key)->read(In{value, flag, report_, config_.peer}, into);
        places_[std::string(key)] = {0, std::string(flag)};
    }

    Config config_;
    Places places_;
    Report report_{"command line"};
};

}  // namespace

Checked<Config> apply(Config config, const Overrides& o) {
    Applying applying(std::move(config));
    applying.set("--name", "node.name", o.name);
    applying.set("--role", "node.role", o.role);
    applying.set("--tun-name", "network.tun_name", o.tun_name);
    applying.set("--tun-addr", "network.tun_addr", o.tun_addr);
    applying.set("--tun-addr6", "network.tun_addr6", o.tun_addr6);
    applying.set("--mtu", "network.mtu", o.mtu);
    applying.set("--advertise-subnet", "network.advertise_subnets", o.advertise_subnets);
    applying.set("--public-ip", "discovery.public_ip", o.public_ip);
    applying.set("--bootstrap-mode", "discovery.bootstrap_mode", o.bootstrap_mode);
    applying.set("--port", "discovery.dht_port", o.port);
    applying.set("--bootstrap", "discovery.bootstrap_nodes", o.bootstrap_nodes);
    applying.allow(o.peer_allow);
    applying.set("--interfaces", "multipath.interfaces", o.interfaces);
    applying.set_multipath(o.multipath);
    applying.set("--scheduler", "multipath.scheduler", o.scheduler);
    applying.set("--accept-multipath", "multipath.accept", o.accept_multipath);
    applying.set("--policy", "security.policy_file", o.policy_file);
    applying.set("--audit-log", "security.audit_log", o.audit_log);
    applying.set("--require-2fa", "security.require_2fa", o.require_2fa);
    applying.set("--metrics-addr", "monitoring.metrics_addr", o.metrics_addr);
    applying.set("--health-addr", "monitoring.health_addr", o.health_addr);
    applying.set("--log-level", "monitoring.log_level", o.log_level);
    applying.set("--log-format", "monitoring.log_format", o.log_format);
    applying.set("--io-backend", "performance.io_backend", o.io_backend);
    applying.set("--congestion-control", "performance.congestion_control", o.congestion_control);
    return applying.finish();
}

}  // namespace qe::config
