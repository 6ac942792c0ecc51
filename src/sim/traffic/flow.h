// SPDX-License-Identifier: Apache-2.0
//
// Flow: an application on two hosts that talks through the overlay, and keeps a record of it.
//
// A flow begins to work when both hosts have their overlay addresses, and asks every second until
// then. A host that sleeps does not send; one whose node is gone does, in vain.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "quicether/net/ip_address.h"
#include "sim/host.h"
#include "sim/traffic/flow_record.h"
#include "sim/world.h"

namespace qe::sim {

enum class FlowKind : std::uint8_t { Ping, Udp, Tcp };
enum class TcpControl : std::uint8_t { Cubic, Reno };

struct FlowOptions {
    FlowKind kind = FlowKind::Ping;
    std::string name;
    HostId from = 0;
    HostId to = 0;
    net::Family family = net::Family::V4;
    std::uint16_t port = 0;              ///< Of both ends, or the echo's identifier; one per flow.
    base::Duration start{0};             ///< Since the world began.
    std::optional<base::Duration> stop;  ///< Likewise; nothing is sent from then on.
    std::size_t packet_bytes = 84;       ///< Ping and UDP: whole IP packet.
    base::Duration interval = base::seconds(1);  ///< Ping and UDP: between packets.
    std::uint64_t bytes = 0;                     ///< TCP: to send; 0: without end.
    TcpControl control = TcpControl::Cubic;
    bool ecn = true;             ///< TCP: ask for marks instead of losses.
    bool super_packets = false;  ///< TCP: hand several segments over as one (TSO).
};

class Flow {
  public:
    Flow(World& world, FlowOptions options);
    virtual ~Flow();
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;

    /// Schedules its beginning. The flow must outlive the world's last run.
    void arm();

    [[nodiscard]] const FlowOptions& options() const noexcept { return options_; }
    [[nodiscard]] const FlowRecord& record() const noexcept { return record_; }

  protected:
    /// Both addresses are known now, and listening may begin.
    virtual void begin() = 0;

    [[nodiscard]] base::Instant now() const noexcept { return world_.now(); }
    [[nodiscard]] Host& sender() { return world_.host(options_.from); }
    [[nodiscard]] Host& receiver() { return world_.host(options_.to); }
    [[nodiscard]] Scheduler& scheduler() noexcept { return world_.scheduler(); }
    [[nodiscard]] bool over() const noexcept;
    /// For payloads: differs between flows and seeds.
    [[nodiscard]] std::uint64_t key() const noexcept { return key_; }
    [[nodiscard]] const net::IpAddress& source() const noexcept { return source_; }
    [[nodiscard]] const net::IpAddress& destination() const noexcept { return destination_; }

    FlowRecord record_;

  private:
    void try_to_begin();

    World& world_;
    FlowOptions options_;
    base::Instant began_;  ///< Of the world.
    std::uint64_t key_ = 0;
    net::IpAddress source_;
    net::IpAddress destination_;
};

[[nodiscard]] std::unique_ptr<Flow> make_flow(World& world, const FlowOptions& options);

}  // namespace qe::sim
