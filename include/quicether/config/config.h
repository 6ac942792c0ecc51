// SPDX-License-Identifier: Apache-2.0
//
// Config: everything an operator can set, as plain validated values.
//
// `parse()` is pure: text in; out comes either a Config whose every field has been checked, alone
// and against the others, or the whole list of what is wrong. Nothing here reads a file, an
// environment variable or a clock. A Config that exists is valid: its users check nothing again.
//
// Unknown keys are errors, never ignored. Keys of features this version lacks are refused when
// ignoring them would weaken security, and otherwise listed by `unsupported_notes()`.
// Every key is described in docs/operations/configuration.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "quicether/base/log.h"
#include "quicether/base/time.h"
#include "quicether/config/diagnostic.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace qe::config {

enum class NodeRole : std::uint8_t { Full, Light, Gateway, Bootstrap };

/// What to do with a packet that a path cannot carry whole.
enum class OversizePolicy : std::uint8_t { Fragment, PacketTooBig };

/// With which members of its network a node keeps a session.
enum class ConnectPolicy : std::uint8_t {
    Auto,      ///< With all in a small network, else on demand.
    OnDemand,  ///< With some of them, and with others while there are packets for them.
    FullMesh,  ///< With all.
};

/// A class of traffic, by its Differentiated Services code point (RFC 2474), below 64.
struct TrafficClass {
    std::uint8_t dscp = 0;
    friend bool operator==(const TrafficClass&, const TrafficClass&) = default;
};

enum class CongestionControl : std::uint8_t { Bbr, Cubic };

/// The UDP port for QUIC, DHT and STUN alike, and the one a HostPort without a port means.
inline constexpr std::uint16_t kDefaultPort = 9000;
/// RFC 8200, section 5: a link that carries IPv6 must pass 1280 bytes.
inline constexpr std::uint16_t kMtuMin = 1280;
/// The largest common jumbo frame.
inline constexpr std::uint16_t kMtuMax = 9000;
/// IFNAMSIZ less the terminator.
inline constexpr std::size_t kInterfaceNameMax = 15;
/// Longer texts are refused before they are parsed.
inline constexpr std::size_t kConfigBytesMax = 1024 * 1024;

/// Where something can be reached. `host` is an IPv4 address, an IPv6 address (without brackets) or
/// a DNS name; `port` is never 0.
struct HostPort {
    std::string host;
    std::uint16_t port = kDefaultPort;

    [[nodiscard]] std::string to_string() const;  ///< "host:9000", "[fd00::1]:9000"
    friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// How a file pins a peer: by its NodeId, or by its full public key, which is the stronger form.
using PeerRef = std::variant<crypto::NodeId, crypto::PublicKey>;

/// The NodeId of either form.
[[nodiscard]] crypto::NodeId node_id_of(const PeerRef& ref);
/// 40 or 64 hex digits.
[[nodiscard]] std::string to_string(const PeerRef& ref);

/// One `[[peer]]`. Being listed means being trusted.
struct PeerConfig {
    PeerRef id;
    std::string name;                  ///< Empty: none. Unique.
    std::vector<HostPort> endpoints;   ///< Where to dial; empty: wait for it to dial us.
    std::vector<net::Prefix> subnets;  ///< What lies behind it; host bits clear.

    friend bool operator==(const PeerConfig&, const PeerConfig&) = default;
};

struct Config {
    struct Node {
        std::string name;  ///< Empty: the daemon uses the short NodeId.
        NodeRole role = NodeRole::Full;
        friend bool operator==(const Node&, const Node&) = default;
    };
    struct Network {
        std::string tun_name = "quicether0";
        std::optional<net::Prefix> tun_addr;   ///< IPv4. Absent: derived inside 100.64.0.0/16.
        std::optional<net::Prefix> tun_addr6;  ///< IPv6. Absent: derived inside the network's ULA.
        std::vector<net::Prefix> advertise_subnets;  ///< Ours; host bits clear.
        std::uint16_t mtu = 1420;                    ///< Bytes, of the TUN device.
        OversizePolicy oversize = OversizePolicy::Fragment;
        friend bool operator==(const Network&, const Network&) = default;
    };
    struct Discovery {
        std::vector<HostPort> bootstrap_nodes;
        bool bootstrap_mode = false;
        std::optional<net::IpAddress> public_ip;
        std::uint16_t dht_port = kDefaultPort;  ///< The one UDP port.
        bool dht = true;                        ///< Take part in the DHT.
        bool lan = true;                        ///< Find and be found by multicast.
        std::string swarm;  ///< Nodes with another text here are strangers to our DHT.
        friend bool operator==(const Discovery&, const Discovery&) = default;
    };
    struct Peers {
        std::vector<PeerRef> allowed;  ///< Besides every [[peer]]; names are resolved already.
        ConnectPolicy connect = ConnectPolicy::Auto;
        /// Without packets an unwanted session ends after it; zero: never.
        base::seconds idle_timeout{600};
        friend bool operator==(const Peers&, const Peers&) = default;
    };
    struct Multipath {
        bool enabled = false;
        std::vector<std::string> interfaces;
        std::string scheduler = "adaptive";
        std::string mode = "aggregate";
        base::milliseconds latency_threshold{0};  ///< Of scheduler "latency"; zero: none.
        std::map<std::string, double> weights;    ///< Interface or pattern → relative share, > 0.
        std::map<std::string, double> limits;     ///< Interface or pattern → Mbit/s to send, > 0.
        std::vector<std::string> metered;  ///< Interfaces and patterns: used for want of others.
        std::vector<TrafficClass> redundant_classes;  ///< Their packets go by all paths.
        bool accept = true;  ///< Peers may have several paths to us in any case.
        friend bool operator==(const Multipath&, const Multipath&) = default;
    };
    struct Security {
        std::string policy_file;
        std::string audit_log;
        bool require_2fa = false;
        friend bool operator==(const Security&, const Security&) = default;
    };
    struct Monitoring {
        std::string metrics_addr;  ///< "127.0.0.1:9090"; empty: off.
        std::string health_addr;
        base::LogLevel log_level = base::LogLevel::Info;
        std::map<std::string, base::LogLevel> log_levels;  ///< Module → its own level.
        std::string log_format = "auto";                   ///< "auto", "human" or "json".
        friend bool operator==(const Monitoring&, const Monitoring&) = default;
    };
    struct Performance {
        std::string io_backend = "epoll";
        std::vector<unsigned> cpu_affinity;
        bool segmentation_offload = true;  ///< Of UDP sends (GSO); switches itself off if it harms.
        CongestionControl congestion_control = CongestionControl::Bbr;
        friend bool operator==(const Performance&, const Performance&) = default;
    };

    Node node;
    Network network;
    Discovery discovery;
    Peers peers;
    std::vector<PeerConfig> peer;
    Multipath multipath;
    Security security;
    Monitoring monitoring;
    Performance performance;

    friend bool operator==(const Config&, const Config&) = default;
};

/// Parses and validates a TOML 1.0 text. `file_label` names it in diagnostics and is not opened.
/// An empty text is the default Config. On failure: every problem found, in line order; never an
/// empty list.
[[nodiscard]] Checked<Config> parse(std::string_view text, std::string_view file_label);

/// The full effective configuration as TOML; `parse()` of it gives an equal Config.
[[nodiscard]] std::string to_toml(const Config& config);

/// One sentence for each accepted setting that has no effect in this version. The daemon prints
/// them as warnings at start.
[[nodiscard]] std::vector<std::string> unsupported_notes(const Config& config);

/// The spellings used in files, flags and status: "full", "packet_too_big", "bbr" …
[[nodiscard]] std::string_view to_text(NodeRole role) noexcept;
[[nodiscard]] std::string_view to_text(OversizePolicy policy) noexcept;
[[nodiscard]] std::string_view to_text(ConnectPolicy policy) noexcept;
[[nodiscard]] std::string_view to_text(CongestionControl control) noexcept;

}  // namespace qe::config
