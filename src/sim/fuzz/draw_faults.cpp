// SPDX-License-Identifier: Apache-2.0
//
// A random schedule of everything that may happen to a world.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "sim/fuzz/plan_parts.h"

namespace qe::sim {
namespace {

constexpr base::Duration kFirstFault = base::seconds(3);

/// Draws one fault after another for one plan.
class FaultDice {
  public:
    FaultDice(Dice& dice, FuzzPlan& plan) : dice_(dice), plan_(plan) {}

    void draw(base::Duration when) {
        when_ = when;
        using Draw = void (FaultDice::*)();
        static const std::vector<Draw> kAll = {
            &FaultDice::bad_link,   &FaultDice::bad_link,   &FaultDice::bad_link,
            &FaultDice::dead_link,  &FaultDice::flap,       &FaultDice::carrier,
            &FaultDice::partition,  &FaultDice::block,      &FaultDice::heal,
            &FaultDice::crash,      &FaultDice::crash,      &FaultDice::torn_crash,
            &FaultDice::leave,      &FaultDice::suspend,    &FaultDice::suspend,
            &FaultDice::move,       &FaultDice::move,       &FaultDice::rebind,
            &FaultDice::disk,       &FaultDice::replay,     &FaultDice::replay,
            &FaultDice::handshakes, &FaultDice::handshakes, &FaultDice::flip,
            &FaultDice::garbage,    &FaultDice::stray,      &FaultDice::stray,
            &FaultDice::visit,      &FaultDice::visit,      &FaultDice::drop_peer,
        };
        (this->*dice_.pick(kAll))();
    }

  private:
    [[nodiscard]] HostId any_host() {
        return static_cast<HostId>(dice_.between(0, plan_.scenario.hosts.size() - 1));
    }
    [[nodiscard]] HostId any_other(HostId than) {
        const std::size_t hosts = plan_.scenario.hosts.size();
        return static_cast<HostId>((than + dice_.between(1, hosts - 1)) % hosts);
    }
    /// At either end of a flow.
    [[nodiscard]] HostId busy_host() {
        const FlowOptions& flow = dice_.pick(plan_.scenario.flows);
        return dice_.chance(50) ? flow.from : flow.to;
    }
    [[nodiscard]] const std::string& name(HostId id) const {
        return plan_.scenario.hosts[id].options.name;
    }
    /// At most until the faults end.
    [[nodiscard]] base::Duration lasting(std::uint64_t least_ms, std::uint64_t most_ms) {
        return std::min(dice_.millis(least_ms, most_ms), plan_.faults_end - when_);
    }
    void add(std::string what, Change change) {
        plan_.faults.push_back({when_, std::move(what), std::move(change)});
    }
    void add(std::string what, Meddling meddling) {
        plan_.faults.push_back({when_, std::move(what), std::move(meddling)});
    }

    [[nodiscard]] std::string any_link() {
        const Scenario& scenario = plan_.scenario;
        const std::uint64_t kind = dice_.between(0, 3);
        if (kind == 0) {
            return dice_.pick(scenario.networks).name;
        }
        if (kind == 1 && !scenario.region_links.empty()) {
            const RegionLink& way = dice_.pick(scenario.region_links);
            return way.a + "-" + way.b;
        }
        const HostId id = dice_.chance(50) ? busy_host() : any_host();
        const HostOptions& host = scenario.hosts[id].options;
        return host.name + "/" + dice_.pick(host.interfaces).name;
    }

    [[nodiscard]] PipeChange bad_pipe() {
        PipeChange pipe;
        if (dice_.chance(50)) {
            LossModel loss;
            loss.good = dice_.share(0.3);
            if (dice_.chance(50)) {
                loss = {0, 1, 0.01 + dice_.share(0.05), 0.05 + dice_.share(0.4)};
            }
            pipe.loss = loss;
        }
        if (dice_.chance(30)) {
            pipe.delay = dice_.millis(1, 500);
            pipe.jitter = dice_.millis(0, 200);
        }
        if (dice_.chance(30)) {
            pipe.rate_bps = dice_.between(100, 20'000) * 1000;
            // What waits must not outlive its sender for long: at most 0.3 s of the rate.
            pipe.queue_bytes = 3000 + dice_.between(*pipe.rate_bps / 800, *pipe.rate_bps / 27);
        }
        if (dice_.chance(30)) {
            pipe.reorder = dice_.share(0.3);
            pipe.reorder_by = dice_.millis(1, 300);
        }
        if (dice_.chance(30)) {
            pipe.duplicate = dice_.share(0.5);
        }
        if (dice_.chance(20)) {
            pipe.corrupt = dice_.share(0.2);
        }
        if (dice_.chance(15)) {
            pipe.mtu = dice_.between(1280, 1500);
        }
        return pipe;
    }

    void bad_link() {
        SetLink change;
        change.links = {any_link()};
        if (dice_.chance(60)) {
            change.change.both = bad_pipe();
        } else {
            (dice_.chance(50) ? change.change.up : change.change.down) = bad_pipe();
        }
        if (dice_.chance(20)) {
            change.over = lasting(100, 5000);
        }
        add(fmt::format("conditions of {} change", change.links.front()), change);
    }

    /// It comes back when the faults end.
    void dead_link() {
        SetLink change;
        change.links = {any_link()};
        PipeChange dead;
        dead.up = false;
        if (dice_.chance(50)) {
            change.change.both = dead;
        } else {
            (dice_.chance(50) ? change.change.up : change.change.down) = dead;
        }
        add(fmt::format("{} is cut", change.links.front()), change);
    }

    void flap() {
        const HostId host = any_host();
        const auto& interfaces = plan_.scenario.hosts[host].options.interfaces;
        const std::string interface = dice_.chance(50) ? "" : dice_.pick(interfaces).name;
        add(fmt::format("{} flaps", name(host)), Flap{{host}, interface, lasting(10, 8000)});
    }

    void carrier() {
        const HostId host = any_host();
        const auto& interfaces = plan_.scenario.hosts[host].options.interfaces;
        add(fmt::format("{} loses a cable", name(host)),
            Carrier{{host}, dice_.pick(interfaces).name, false});
    }

    void partition() {
        Partition change;
        change.groups.resize(dice_.between(2, 3));
        for (HostId id = 0; id < plan_.scenario.hosts.size(); ++id) {
            change.groups[dice_.between(0, change.groups.size() - 1)].push_back(id);
        }
        add("partition", change);
    }

    void block() {
        const HostId from = any_host();
        const HostId to = any_other(from);
        add(fmt::format("block {} to {}", name(from), name(to)), Block{{from}, {to}});
    }

    void heal() { add("heal", Heal{}); }

    void crash() {
        const HostId host = any_host();
        Crash change{{host}, std::nullopt};
        if (dice_.chance(75)) {
            change.restart_after = lasting(0, 20'000);
        }
        add(fmt::format("crash {}", name(host)), change);
    }

    void torn_crash() {
        const HostId host = any_host();
        DiskOptions disk;
        disk.write_time = dice_.millis(10, 5000);
        disk.torn_on_crash = true;
        add(fmt::format("writes of {} may tear", name(host)), SetDisk{{host}, disk});
        when_ = std::min(when_ + dice_.millis(0, 5000), plan_.faults_end);
        add(fmt::format("crash {}", name(host)), Crash{{host}, lasting(0, 5000)});
    }

    void leave() {
        const HostId host = any_host();
        add(fmt::format("{} leaves", name(host)), Leave{{host}});
        if (dice_.chance(75)) {
            when_ = std::min(when_ + dice_.millis(500, 20'000), plan_.faults_end);
            add(fmt::format("start {}", name(host)), Start{{host}});
        }
    }

    void suspend() {
        const HostId host = any_host();
        add(fmt::format("suspend {}", name(host)), Suspend{{host}, lasting(10, 30'000)});
    }

    void move() {
        Move change;
        change.host = any_host();
        const auto& interfaces = plan_.scenario.hosts[change.host].options.interfaces;
        change.interface = dice_.pick(interfaces).name;
        change.network = dice_.pick(plan_.scenario.networks).name;
        change.link = draw_good_link(dice_);
        add(fmt::format("{}/{} moves to {}", name(change.host), change.interface, change.network),
            change);
    }

    void rebind() {
        for (const NetworkOptions& network : plan_.scenario.networks) {
            if (network.nat && dice_.chance(60)) {
                add(fmt::format("NAT of {} is rebound", network.name),
                    RebindNat{network.name, dice_.chance(50)});
                return;
            }
        }
        suspend();
    }

    void disk() {
        const HostId host = any_host();
        DiskOptions disk;
        disk.write_time = dice_.millis(0, 5000);
        disk.full = dice_.chance(50);
        disk.torn_on_crash = dice_.chance(50);
        add(fmt::format("disk of {} changes", name(host)), SetDisk{{host}, disk});
    }

    void replay() {
        Replay replay;
        replay.count = dice_.between(1, 100);
        replay.from_stranger = dice_.chance(40);
        replay.through = any_host();
        add(fmt::format("replay {} datagrams{}", replay.count,
                        replay.from_stranger ? " from a stranger's address" : ""),
            replay);
    }

    void handshakes() {
        Replay replay;
        replay.count = dice_.between(1, 20);
        replay.handshakes = true;
        replay.from_stranger = dice_.chance(70);
        replay.through = any_host();
        add(fmt::format("replay {} datagrams of handshakes{}", replay.count,
                        replay.from_stranger ? " from a stranger's address" : ""),
            replay);
    }

    void flip() {
        Replay replay;
        replay.count = dice_.between(1, 50);
        replay.handshakes = dice_.chance(50);
        replay.from_stranger = dice_.chance(20);
        replay.flipped_bits = dice_.between(1, 8);
        replay.through = any_host();
        add(fmt::format("replay {} datagrams with {} bits flipped", replay.count,
                        replay.flipped_bits),
            replay);
    }

    void garbage() {
        Garbage garbage;
        garbage.count = dice_.between(1, 50);
        garbage.to = any_host();
        garbage.through = any_other(garbage.to);
        add(fmt::format("garbage to {}", name(garbage.to)), garbage);
    }

    void stray() {
        StrayPackets stray;
        stray.count = dice_.between(1, 20);
        stray.from = any_host();
        stray.to = any_other(stray.from);
        stray.foreign_source = dice_.chance(70);
        add(fmt::format("{} sends packets {} to {}", name(stray.from),
                        stray.foreign_source ? "of others" : "for nobody", name(stray.to)),
            stray);
    }

    void visit() {
        const HostId from = any_host();
        const HostId to = any_other(from);
        add(fmt::format("{} visits the subnet of {}", name(from), name(to)), VisitSubnet{from, to});
    }

    /// Not of gateways: what they forwarded may be under way when they have forgotten the sender.
    void drop_peer() {
        const HostId host = any_host();
        const auto& peers = plan_.scenario.hosts[host].knows;
        const bool gateway =
            plan_.scenario.hosts[host].options.config.node.role == config::NodeRole::Gateway;
        if (gateway || peers.empty()) {
            crash();
            return;
        }
        const HostId peer = dice_.pick(peers);
        add(fmt::format("{} drops {} from its list", name(host), name(peer)),
            DropPeer{host, peer, lasting(100, 20'000)});
    }

    Dice& dice_;
    FuzzPlan& plan_;
    base::Duration when_{0};
};

}  // namespace

void draw_faults(Dice& dice, FuzzPlan& plan) {
    const auto end = static_cast<std::uint64_t>(plan.faults_end / base::milliseconds(1));
    const auto first = static_cast<std::uint64_t>(kFirstFault / base::milliseconds(1));
    FaultDice faults(dice, plan);
    const std::size_t count = dice.between(4, 24);
    base::Duration when = kFirstFault;
    for (std::size_t i = 0; i < count; ++i) {
        if (!dice.chance(25)) {  // else together with the one before
            when = dice.millis(first, end - 1);
        }
        faults.draw(when);
    }
    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.when < b.when; });
    for (std::size_t i = 0; i < plan.scenario.hosts.size(); ++i) {
        plan.stays_away.push_back(dice.chance(10));
    }
}

}  // namespace qe::sim
