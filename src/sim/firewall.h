// SPDX-License-Identifier: Apache-2.0
//
// Firewall: lets UDP of both families pass, or only what answers packets from the inside, or none.
//
// It remembers each pair of endpoints that an insider used, for `reply_lifetime` after the last
// packet from the inside; entries are forgotten when room is needed. A packet that would begin a
// flow while there is no room is lost and counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"
#include "sim/middlebox.h"
#include "sim/scheduler.h"

namespace qe::sim {

enum class UdpPolicy : std::uint8_t {
    Allow,
    RepliesOnly,  ///< In from exactly those endpoints to which an insider sent a short while ago.
    Block,        ///< In neither direction.
};

struct FirewallOptions {
    UdpPolicy udp = UdpPolicy::RepliesOnly;
    base::Duration reply_lifetime = base::seconds(30);
    std::size_t flows_max = 16384;

    friend bool operator==(const FirewallOptions&, const FirewallOptions&) = default;
};

struct FirewallCounters {
    std::uint64_t outbound = 0;       ///< Passed.
    std::uint64_t inbound = 0;        ///< Passed.
    std::uint64_t lost_outbound = 0;  ///< Blocked, or no room for another flow.
    std::uint64_t lost_inbound = 0;   ///< Blocked, or nobody's reply.

    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_outbound + lost_inbound; }
};

class Firewall final : public Middlebox {
  public:
    Firewall(Scheduler& scheduler, const FirewallOptions& options)
        : scheduler_(scheduler), options_(options) {}

    [[nodiscard]] const FirewallCounters& counters() const noexcept { return counters_; }
    /// Expired ones that nobody asked for included.
    [[nodiscard]] std::size_t flows() const noexcept { return flows_.size(); }

  private:
    struct Flow {
        net::SocketAddress inside;
        net::SocketAddress outside;
        friend bool operator==(const Flow&, const Flow&) = default;
    };
    struct FlowHash {
        std::size_t operator()(const Flow& flow) const noexcept;
    };

    void handle_outbound(Packet packet) override;
    void handle_inbound(Packet packet) override;
    [[nodiscard]] bool remember(const Flow& flow);
    [[nodiscard]] bool is_reply(const Flow& flow) const;
    void forget_expired();

    Scheduler& scheduler_;
    FirewallOptions options_;
    std::unordered_map<Flow, base::Instant, FlowHash> flows_;  ///< When an insider last sent.
    base::Instant swept_;
    FirewallCounters counters_;
};

}  // namespace qe::sim
