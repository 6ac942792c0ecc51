// SPDX-License-Identifier: Apache-2.0
//
// Host: a machine of the simulated world that runs the real Node, as the daemon's shell would:
// interfaces into the topology, a TUN device, a disk for what must survive, a clock that may jump.
//
// The host's processor is infinitely fast: work costs no virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/log.h"
#include "quicether/config/config.h"
#include "quicether/control/messages.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/offload.h"
#include "quicether/node/node.h"
#include "sim/disk.h"
#include "sim/observer.h"
#include "sim/topology.h"

namespace qe::sim {

class World;

struct InterfaceOptions {
    std::string name = "eth0";
    std::string network;
    LinkOptions link;
    std::uint32_t metric = 0;  ///< Of its default routes; lower wins.
};

struct HostOptions {
    std::string name;
    std::vector<InterfaceOptions> interfaces;
    /// `node.name` is set from `name`, the rest is used as it is.
    config::Config config;
    DiskOptions disk;
};

/// Names an IP flow's end for the traffic of a host: protocol number and local port (ICMP: the
/// identifier).
struct FlowKey {
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;
    friend auto operator<=>(const FlowKey&, const FlowKey&) = default;
};

class Host final : private base::LogSink {
  public:
    /// Made by World::add_host.
    Host(World& world, HostId id, HostOptions options);
    ~Host() override;

    [[nodiscard]] HostId id() const noexcept { return id_; }
    [[nodiscard]] const std::string& name() const noexcept { return options_.name; }
    [[nodiscard]] crypto::NodeId node_id() const { return identity_.node_id(); }
    /// Read when the node starts.
    [[nodiscard]] config::Config& config() noexcept { return options_.config; }
    [[nodiscard]] Disk& disk() noexcept { return disk_; }

    // --- Life -----------------------------------------------------------------------------------
    [[nodiscard]] bool running() const noexcept { return node_ != nullptr; }
    [[nodiscard]] bool suspended() const noexcept { return suspended_; }
    [[nodiscard]] bool awake() const noexcept { return running() && !suspended_; }
    /// Precondition: !running().
    void start();
    /// The process is killed; what the disk had not finished writing is torn.
    void crash();
    /// Asks the node to leave; the host stops when it has drained.
    void leave();
    /// The machine sleeps: no time passes for it, what arrives is lost.
    void suspend();
    /// Wakes; the node is told of the jump.
    void resume();

    // --- Underlay --------------------------------------------------------------------------------
    [[nodiscard]] const std::vector<InterfaceOptions>& interfaces() const noexcept {
        return options_.interfaces;
    }
    /// Name of the access link of an interface: "alice/eth0".
    [[nodiscard]] std::string link_name(std::string_view interface) const;
    /// Leaves the interface's network and joins another (or the same, with another address).
    base::Result<void> move(std::string_view interface, const std::string& network,
                            const LinkOptions& link);
    /// Carrier of an interface.
    void set_carrier(std::string_view interface, bool up);
    [[nodiscard]] std::vector<net::IpAddress> addresses() const;

    // --- Overlay ---------------------------------------------------------------------------------
    /// First overlay address of the family, if it has one now.
    [[nodiscard]] std::optional<net::IpAddress> overlay_address(net::Family family) const;
    /// Gives the TUN device an IP packet or super-packet. Lost when the node does not run.
    void send_ip(base::MutableBytes packet, const net::Offload& offload = {});
    /// What the TUN device brings for this flow goes to `take`; null stops that. Echo requests are
    /// answered by the host itself, as a kernel does.
    void listen(FlowKey flow, std::function<void(base::ByteView packet)> take);

    // --- Questions -------------------------------------------------------------------------------
    /// Answered by the node at once; an error reply when it does not run.
    [[nodiscard]] control::Reply ask(const control::Request& request);
    [[nodiscard]] control::StatusReply status();
    /// Hosts to whose nodes this one has a session that carries packets.
    [[nodiscard]] std::vector<HostId> connected();
    [[nodiscard]] std::uint64_t counter(std::string_view name);

  private:
    friend class World;
    class Nic;  // hands what arrives at an interface to the host

    bool enabled(base::LogLevel level, std::string_view module) const noexcept override;
    void write(base::LogLevel level, std::string_view module, std::string_view message) override;

    void receive(Packet packet);
    void handle_arrivals();
    void pump();
    void transmit();
    void take_tun_frames();
    void take_effects();
    void deliver_ip(base::ByteView packet);
    void schedule_wake();
    void wake();
    [[nodiscard]] node::NetworkView view() const;
    void tell_network(bool clock_jump);

    World& world_;
    HostId id_;
    HostOptions options_;
    crypto::Identity identity_;
    Disk disk_;
    std::vector<std::unique_ptr<Nic>> nics_;
    std::unique_ptr<node::Node> node_;
    bool suspended_ = false;
    bool leaving_ = false;
    std::uint64_t starts_ = 0;
    std::vector<Packet> arrivals_;  ///< Of this instant, for one batch.
    base::Instant wake_at_ = base::Instant::never();
    std::uint64_t wake_number_ = 0;
    std::map<FlowKey, std::function<void(base::ByteView)>> listeners_;
    std::vector<node::ControlReply> replies_;
    node::RequestId requests_ = 0;
};

}  // namespace qe::sim
