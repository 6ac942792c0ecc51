// SPDX-License-Identifier: Apache-2.0
//
// Overrides: what command-line flags set on top of a Config.
//
// Values are the flags' texts as typed; they go through the same checks as the file's, so a bad one
// is reported as `command line: --mtu: …`. Absent fields change nothing. A list replaces the list
// in the file, except `peer_allow`, which adds to it: a flag never takes trust away unseen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quicether/config/config.h"

namespace qe::config {

struct Overrides {
    std::optional<std::string> name;                            ///< --name
    std::optional<std::string> role;                            ///< --role
    std::optional<std::string> tun_name;                        ///< --tun-name
    std::optional<std::string> tun_addr;                        ///< --tun-addr
    std::optional<std::string> tun_addr6;                       ///< --tun-addr6
    std::optional<std::int64_t> mtu;                            ///< --mtu
    std::optional<std::vector<std::string>> advertise_subnets;  ///< --advertise-subnet
    std::optional<std::string> public_ip;                       ///< --public-ip
    std::optional<bool> bootstrap_mode;                         ///< --bootstrap-mode
    std::optional<std::int64_t> port;                           ///< --port
    std::optional<std::vector<std::string>> bootstrap_nodes;    ///< --bootstrap
    std::vector<std::string> peer_allow;                        ///< --peer-allow: id, key or name
    std::optional<std::vector<std::string>> interfaces;         ///< --interfaces
    std::optional<std::string> multipath;                       ///< --multipath: mode; enables it
    std::optional<std::string> scheduler;                       ///< --scheduler
    std::optional<bool> accept_multipath;                       ///< --accept-multipath
    std::optional<std::string> policy_file;                     ///< --policy
    std::optional<std::string> audit_log;                       ///< --audit-log
    std::optional<bool> require_2fa;                            ///< --require-2fa
    std::optional<std::string> metrics_addr;                    ///< --metrics-addr
    std::optional<std::string> health_addr;                     ///< --health-addr
    std::optional<std::string> log_level;                       ///< --log-level
    std::optional<std::string> log_format;                      ///< --log-format
    std::optional<std::string> io_backend;                      ///< --io-backend
    std::optional<std::string> congestion_control;              ///< --congestion-control

    friend bool operator==(const Overrides&, const Overrides&) = default;
};

/// `config` with the flags on top, validated as a whole again.
[[nodiscard]] Checked<Config> apply(Config config, const Overrides& overrides);

}  // namespace qe::config
