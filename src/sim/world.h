// SPDX-License-Identifier: Apache-2.0
//
// World: a virtual clock, an underlay, and hosts that run the real Node.
//
// One seed decides everything: each part draws from a stream of its own, key material included. Two
// worlds built alike and driven alike do the same, byte for byte, if the process began with
// make_process_deterministic() (determinism.h).
#pragma once

#include <cstdint>
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
    [[nodiscard]] Topology& topology() noexcept { return topology_; }
    /// A stream that depends on the seed and the label alone.
    [[nodiscard]] base::Rng stream(std::string_view label) const;

    /// Joins its interfaces to their networks; the node does not run yet.
    base::Result<HostId> add_host(HostOptions options);
    [[nodiscard]] Host& host(HostId id) noexcept { return *hosts_[id]; }
    [[nodiscard]] std::size_t host_count() const noexcept { return hosts_.size(); }
    [[nodiscard]] std::optional<HostId> find_host(std::string_view name) const;
    [[nodiscard]] std::optional<HostId> find_host(const crypto::NodeId& id) const;

    /// Adds `other` to the [[peer]] list of `host`, with its addresses if it can be dialled.
    void know(HostId host, HostId other);
    void know_each_other();
    /// Whether packets from outside its network may reach a host unasked: no NAT, no firewall.
    [[nodiscard]] bool dialable(HostId host) const;

    // --- Partitions: packets from one to the other vanish. --------------------------------------
    void block(HostId from, HostId to, bool blocked);
    [[nodiscard]] bool blocked(HostId from, HostId to) const {
        return blocked_.contains({from, to});
    }
    /// Within each group everything passes, between groups nothing.
    void partition(const std::vector<std::vector<HostId>>& groups);
    void heal() { blocked_.clear(); }
    /// Both are awake with carrier, know each other, no partition parts them, and one can dial.
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

  private:
    void every_second();

    std::uint64_t seed_;
    base::Rng::Seed root_{};
    Scheduler scheduler_;
    base::Instant began_;
    Topology topology_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::set<std::pair<HostId, HostId>> blocked_;
    std::vector<Observer*> observers_;
    std::uint64_t packets_ = 0;
};

}  // namespace qe::sim
