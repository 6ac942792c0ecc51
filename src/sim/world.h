// SPDX-License-Identifier: Apache-2.0
//
// World: a virtual clock, an underlay, and hosts that run the real Node.
//
// One seed decides everything: each part draws from a stream of its own, key material included. Two
// worlds built alike and driven alike do the same, byte for byte, if the process began with
// make_process_deterministic() (determinism.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/config/config.h"
#include "sim/host.h"
#include "sim/memberships.h"
#include "sim/observer.h"
#include "sim/scheduler.h"
#include "sim/topology.h"

namespace qe::sim {

class World {
  public:
    explicit World(std::uint64_t seed);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    [[nodiscard]] Scheduler& scheduler() noexcept { return scheduler_; }
    [[nodiscard]] base::Instant now() const noexcept { return scheduler_.now(); }
    /// Since the world began.
    [[nodiscard]] base::Duration elapsed() const noexcept { return now() - began_; }
    [[nodiscard]] base::UnixTime wall_now() const noexcept;
    /// Makes time() and gettimeofday() answer with this world's time (determinism.h).
    void show_wall_clock() const noexcept;
    [[nodiscard]] Topology& topology() noexcept { return topology_; }
    /// A stream that depends on the seed and the label alone.
    [[nodiscard]] base::Rng stream(std::string_view label) const;

    /// Joins its interfaces to their networks; the node does not run yet. Errors: those of
    /// Topology::attach, kAlreadyExists for the name.
    base::Result<HostId> add_host(HostOptions options);
    [[nodiscard]] Host& host(HostId id) noexcept { return *hosts_[id]; }
    [[nodiscard]] std::size_t host_count() const noexcept { return hosts_.size(); }
    [[nodiscard]] std::optional<HostId> find_host(std::string_view name) const;
    [[nodiscard]] std::optional<HostId> find_host(const crypto::NodeId& id) const;

    /// Of the network that hosts have made, if they have.
    [[nodiscard]] Memberships& memberships() noexcept { return memberships_; }

    /// What DNS answers for a name from now on; nothing for an empty list.
    void set_dns(const std::string& name, std::vector<net::IpAddress> addresses);
    [[nodiscard]] const std::vector<net::IpAddress>& resolve(const std::string& name) const;

    /// Adds `other` to the [[peer]] list of `host` (or renews its entry), with those addresses at
    /// which it can be dialled from there or from anywhere, or with none unless it `dials`.
    void know(HostId host, HostId other, bool dials = true);
    /// All pairs. With `one_dials`, of two that can dial each other only the one added later may:
    /// half the handshakes, for large worlds.
    void know_each_other(bool one_dials = false);
    /// Whether packets from outside its network may reach a host unasked at some address: no NAT
    /// (IPv4), no firewall.
    [[nodiscard]] bool dialable(HostId host) const;
    /// Whether packets of a family get from one network to a host of the other unasked, as things
    /// are now: NAT boxes, firewalls, uplinks and ways between regions; not partitions.
    [[nodiscard]] bool open_way(const std::string& from, const std::string& to,
                                net::Family family) const;

    // --- Partitions: packets from one to the other vanish. --------------------------------------
    void block(HostId from, HostId to, bool blocked);
    [[nodiscard]] bool blocked(HostId from, HostId to) const {
        return blocked_.contains({from, to});
    }
    /// Within each group everything passes, between groups nothing.
    void partition(const std::vector<std::vector<HostId>>& groups);
    void heal() { blocked_.clear(); }
    /// Both are awake with carrier, no partition parts them, and they either know each other and
    /// one can dial an address that it was configured with, or are members of a network that
    /// connects all with all, and one can dial the other. A lower bound: nodes also learn
    /// addresses.
    [[nodiscard]] bool should_connect(HostId a, HostId b);

    /// Must outlive the world or its last run.
    void add_observer(Observer& observer) { observers_.push_back(&observer); }
    template <typename Call>
    void tell(Call&& call) {
        for (Observer* observer : observers_) {
            call(*observer);
        }
    }

    void run_for(base::Duration duration);
    /// Until `done`, asked after each event, or for `limit`. True when done.
    bool run_until(const std::function<bool()>& done, base::Duration limit);

    [[nodiscard]] std::uint64_t next_packet_number() noexcept { return ++packets_; }

    /// Room for what a node sends, shared by all hosts: nothing lasts longer than one call.
    [[nodiscard]] base::MutableBytes transmit_buffer() noexcept { return transmit_buffer_; }

  private:
    void every_second();
    /// From a host's network up to the one that hangs on a region.
    [[nodiscard]] std::vector<const NetworkOptions*> way_up(const std::string& network) const;
    [[nodiscard]] bool regions_joined(const std::string& a, const std::string& b) const;
    [[nodiscard]] bool lets_out(const NetworkOptions& network) const;
    [[nodiscard]] bool lets_in(const NetworkOptions& network, net::Family family) const;
    /// By everybody, at this address of it.
    [[nodiscard]] bool can_be_dialled(const Host& host, const net::IpAddress& address) const;
    /// Whether `host` has some interface from which the other's address can be dialled.
    [[nodiscard]] bool is_neighbour(const Host& host, const Host& other,
                                    const net::IpAddress& address) const;
    /// From the source address that the node would choose.
    [[nodiscard]] bool reaches(const Host& from, const Host& to,
                               const net::IpAddress& address) const;
    [[nodiscard]] bool can_dial(HostId from, HostId to) const;
    [[nodiscard]] bool trusts(HostId host, HostId other) const;
    /// Members of the network who shall be connected, and can be.
    [[nodiscard]] bool mesh(HostId a, HostId b) const;

    std::uint64_t seed_;
    base::Rng::Seed root_;
    Scheduler scheduler_;
    base::Instant began_;
    Topology topology_;
    std::vector<Observer*> observers_;  ///< Hosts still tell them while they end.
    std::vector<std::unique_ptr<Host>> hosts_;
    std::map<std::string, HostId, std::less<>> by_name_;
    std::map<crypto::NodeId, HostId> by_node_;
    std::map<std::string, std::vector<net::IpAddress>> dns_;
    std::set<std::pair<HostId, HostId>> blocked_;
    Memberships memberships_;
    std::uint64_t packets_ = 0;
    base::Bytes transmit_buffer_;
};

}  // namespace qe::sim
