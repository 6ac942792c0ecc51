// SPDX-License-Identifier: Apache-2.0
//
// Host: a machine of the simulated world that runs the real Node, as the daemon's shell would:
// interfaces into the topology, a TUN device, a disk for what must survive, a clock that may jump.
//
// The host's processor is infinitely fast: work costs no virtual time. What arrives at one instant
// is handed to the node as one batch. Packets leave by the interface that has their source address,
// as they do on a host with a routing rule for each of its addresses.
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
#include "sim/ip_stack.h"
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

/// The daemon's defaults without DHT and LAN discovery, which a world turns on where it wants them.
[[nodiscard]] inline config::Config default_config() {
    config::Config config;
    config.discovery.dht = false;
    config.discovery.lan = false;
    return config;
}

struct HostOptions {
    std::string name;
    std::vector<InterfaceOptions> interfaces;
    /// `node.name` is set from `name`, the rest is used as it is.
    config::Config config = default_config();
    DiskOptions disk;
    /// What its TUN device takes; with any of it, super-packets come out and are cut here.
    net::TunOffloads tun_offloads;
    base::Duration dns_time = base::milliseconds(20);  ///< Until a name is resolved, or is not.
};

class Host final : private base::LogSink {
  public:
    /// Made by World::add_host.
    Host(World& world, HostId id, HostOptions options);
    ~Host() override;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] HostId id() const noexcept { return id_; }
    [[nodiscard]] const std::string& name() const noexcept { return options_.name; }
    [[nodiscard]] const crypto::NodeId& node_id() const { return identity_.node_id(); }
    /// Must be valid when the node starts, which is when it is read.
    [[nodiscard]] config::Config& config() noexcept { return options_.config; }
    [[nodiscard]] Disk& disk() noexcept { return disk_; }

    // --- Life -----------------------------------------------------------------------------------
    [[nodiscard]] bool running() const noexcept { return node_ != nullptr; }
    [[nodiscard]] bool suspended() const noexcept { return suspended_; }
    [[nodiscard]] bool awake() const noexcept { return running() && !suspended_; }
    /// Precondition: !running().
    void start();
    /// The process is killed; what the disk had not finished writing is torn. No effect when the
    /// node does not run; so with the next three.
    void crash();
    /// Asks the node to leave; the host stops when it has drained, at the latest after a second.
    void leave();
    /// The machine sleeps: no time passes for it, what arrives is lost.
    void suspend();
    /// Wakes; the node is told of the jump.
    void resume();
    /// Gives the running node config() again.
    control::ReloadReply reload();

    // --- Underlay --------------------------------------------------------------------------------
    [[nodiscard]] const std::vector<InterfaceOptions>& interfaces() const noexcept {
        return options_.interfaces;
    }
    /// Name of the access link of an interface: "alice/eth0".
    [[nodiscard]] std::string link_name(std::string_view interface) const;
    /// Leaves the interface's network and joins another (or the same, with another address). When
    /// that fails the interface is without a network. Errors: those of Topology::attach, kNotFound
    /// for an interface it does not have.
    base::Result<void> move(std::string_view interface, const std::string& network,
                            const LinkOptions& link);
    /// Carrier of an interface, which the node is told of. Precondition: it has this interface.
    void set_carrier(std::string_view interface, bool up);
    /// Of all interfaces, with or without carrier.
    [[nodiscard]] std::vector<net::IpAddress> addresses() const;
    /// As the node is told of it.
    [[nodiscard]] node::NetworkView view() const;
    /// Name of the network in which an address of this host is, if its interface has carrier.
    [[nodiscard]] std::optional<std::string> network_of(const net::IpAddress& address) const;

    // --- Overlay ---------------------------------------------------------------------------------
    /// First overlay address of the family, if it has one now.
    [[nodiscard]] std::optional<net::IpAddress> overlay_address(net::Family family) const;
    /// Gives the TUN device an IP packet or super-packet. Lost when the node does not run.
    void send_ip(base::MutableBytes packet, const net::Offload& offload = {});
    /// What the TUN device brings for this flow goes to `take`, one IP packet at a time; null stops
    /// that. Either may be called from within `take`. Echo requests for its own addresses and
    /// subnets are answered by the host itself, as a kernel does.
    /// `take` must not end a host's life.
    void listen(FlowKey flow, std::function<void(base::ByteView packet)> take);

    // --- Questions -------------------------------------------------------------------------------
    /// Answered by the node at once; an error reply when it does not run or needs time (ping).
    /// Changes nothing in the world, ping apart.
    [[nodiscard]] control::Reply ask(const control::Request& request);
    /// For what changes things: `done` gets the answer, now or later, or an error reply when the
    /// node stops before it has answered.
    void request(const control::Request& request,
                 std::function<void(const control::Reply& reply)> done);
    [[nodiscard]] control::StatusReply status();
    /// The answer to a PeersRequest, asked for once in an instant however many want it: in a large
    /// world it is dear. No peers when the node does not run. Until the node's next event.
    [[nodiscard]] const control::PeersReply& peers();
    /// Hosts to whose nodes this one has a session that carries packets.
    [[nodiscard]] std::vector<HostId> connected();
    /// Their number, which is much cheaper to ask for.
    [[nodiscard]] std::size_t connected_count();
    /// Of the node that runs; 0 when none does or it has no such counter.
    [[nodiscard]] std::uint64_t counter(std::string_view name);

  private:
    friend class World;
    class Nic;    // hands what arrives at an interface to the host
    class Scope;  // around whatever may make the node draw or look at the clock
    struct Outgoing {
        base::Bytes packet;
        net::Offload offload;
    };

    bool enabled(base::LogLevel level, std::string_view module) const noexcept override;
    void write(base::LogLevel level, std::string_view module, std::string_view message) override;

    // Of World::add_host, and each ten seconds (as the daemon does).
    base::Result<void> join_networks();
    void tell_wall_clock();

    void stop(HostChange change);
    [[nodiscard]] base::Result<void> join(Nic& nic);
    [[nodiscard]] Nic* find_nic(std::string_view interface) const;
    void tell_network(bool clock_jump);

    void receive(Packet packet);
    void handle_arrivals();
    void pump();
    void transmit();
    void take_tun_frames();
    void take_effects();
    void take_replies();
    void give_replies();
    void perform(node::Effect effect);
    void store(node::PersistState state);
    void resolve(const std::string& name);
    void deliver_ip(base::ByteView packet);
    [[nodiscard]] bool answers_for(const net::IpAddress& address) const;
    void send_waiting_ip();
    void schedule_wake();
    void wake();

    World& world_;
    HostId id_;
    HostOptions options_;
    crypto::Identity identity_;
    Disk disk_;
    std::vector<std::unique_ptr<Nic>> nics_;
    std::unique_ptr<base::Rng> tls_rng_;  ///< Of this run of the node.
    std::unique_ptr<node::Node> node_;
    bool suspended_ = false;
    bool leaving_ = false;
    bool pumping_ = false;
    std::uint64_t starts_ = 0;
    std::vector<Packet> arrivals_;      ///< Of this instant, for one batch.
    std::vector<Outgoing> outgoing_;    ///< Given by listeners while the node is busy.
    std::vector<base::Instant> wakes_;  ///< Scheduled ones, the earliest last.
    base::Instant woken_at_;
    unsigned wakes_at_once_ = 0;
    std::map<FlowKey, std::function<void(base::ByteView)>> listeners_;
    node::RequestId requests_ = 0;
    std::map<node::RequestId, std::function<void(const control::Reply&)>> waiting_;
    std::vector<node::ControlReply> replies_;  ///< To those who wait.
    control::PeersReply peers_;                ///< As of then, if the node has done nothing since.
    base::Instant peers_asked_at_ = base::Instant::never();
};

}  // namespace qe::sim
