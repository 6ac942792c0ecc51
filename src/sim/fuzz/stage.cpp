// SPDX-License-Identifier: Apache-2.0
#include "sim/fuzz/stage.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/checkers/checkers.h"
#include "sim/checkers/convergence.h"
#include "sim/checkers/overlay_rights.h"
#include "sim/scenario/build.h"

namespace qe::sim {
namespace {

constexpr base::Duration kStep = base::milliseconds(500);
constexpr std::uint16_t kFirstPingPort = 30'000;
constexpr std::size_t kPings = 8;
constexpr base::Duration kPingInterval = base::milliseconds(500);
/// Beyond SessionSanity::kSettled and Bounds::kCalm.
constexpr base::Duration kQuiet = base::seconds(110);

}  // namespace

FuzzStage::FuzzStage(std::uint64_t seed)
    : plan_(make_plan(seed)),
      world_(seed),
      began_(world_.now()),
      trace_([this] { return world_.now(); }),
      director_(world_, plan_.scenario),
      meddler_(world_) {}

// --- Building ------------------------------------------------------------------------------------

tl::expected<void, std::string> FuzzStage::build() {
    if (auto built = build_world(world_, plan_.scenario); !built) {
        return built;
    }
    configure_subnets();
    for (const std::string& link : world_.topology().links()) {
        good_links_[link] = *world_.topology().link_options(link);
    }
    checkers_ = make_checkers(world_);
    world_.add_observer(trace_);
    for (const auto& checker : checkers_) {
        world_.add_observer(*checker);
    }
    world_.add_observer(meddler_);
    for (const FlowOptions& options : plan_.scenario.flows) {
        flows_.push_back(make_flow(world_, options));
        flows_.back()->arm();
    }
    for (const Fault& fault : plan_.faults) {
        world_.scheduler().after(fault.when, [this, &fault] { perform(fault); });
    }
    return {};
}

void FuzzStage::configure_subnets() {
    for (const ConfiguredSubnets& entry : plan_.subnets) {
        for (config::PeerConfig& peer : world_.host(entry.host).config().peer) {
            if (config::node_id_of(peer.id) == world_.host(entry.peer).node_id()) {
                peer.subnets.insert(peer.subnets.end(), entry.subnets.begin(), entry.subnets.end());
            }
        }
    }
}

std::vector<std::string> FuzzStage::host_names() const {
    std::vector<std::string> names;
    for (const HostPlan& host : plan_.scenario.hosts) {
        names.push_back(host.options.name);
    }
    return names;
}

// --- Faults --------------------------------------------------------------------------------------

void FuzzStage::say(const std::string& what) {
    world_.tell([&](Observer& o) { o.on_action(what); });
}

void FuzzStage::perform(const Fault& fault) {
    say(fault.what);
    if (const auto* change = std::get_if<Change>(&fault.deed)) {
        director_.perform(*change);
    } else {
        meddler_.perform(std::get<Meddling>(fault.deed));
    }
}

void FuzzStage::restore_links() {
    for (const auto& [link, options] : good_links_) {
        if (world_.topology().link_options(link)) {
            (void)world_.topology().set_link(link, options);
        }
    }
    // Those of hosts are as they were when the host last moved. Whose carrier did not go is told
    // nothing: the node has to find out by itself.
    for (HostId id = 0; id < world_.host_count(); ++id) {
        Host& host = world_.host(id);
        const auto seen = host.view().interfaces;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const InterfaceOptions& interface = host.interfaces()[i];
            const std::string link = host.link_name(interface.name);
            if (world_.topology().link_options(link)) {
                (void)world_.topology().set_link(link, interface.link);
            }
            if (!seen[i].up) {
                host.set_carrier(interface.name, true);
            }
        }
    }
}

void FuzzStage::stop_faults() {
    say("all faults end");
    world_.heal();
    restore_links();
    for (HostId id = 0; id < world_.host_count(); ++id) {
        Host& host = world_.host(id);
        host.disk().set_options({});
        host.resume();
        if (!host.running() && !plan_.stays_away[id]) {
            host.start();
        }
    }
}

// --- The run -------------------------------------------------------------------------------------

bool FuzzStage::objected() const {
    return !own_findings_.empty() ||
           std::any_of(checkers_.begin(), checkers_.end(),
                       [](const auto& checker) { return !checker->violations().empty(); });
}

bool FuzzStage::run_for(base::Duration duration) {
    const base::Instant end = world_.now() + duration;
    while (world_.now() < end && !objected()) {
        world_.run_for(std::min<base::Duration>(kStep, end - world_.now()));
    }
    return !objected();
}

void FuzzStage::run() {
    if (!run_for(plan_.faults_end)) {
        return;
    }
    stop_faults();
    wait_for_convergence();
    if (objected()) {
        return;
    }
    ping_everybody();
    if (run_for(kQuiet)) {
        judge_flows();
        for (const auto& checker : checkers_) {
            checker->finish(world_);
        }
    }
}

/// For a while a node takes a peer for connected that it cannot hear any more: the mesh must have
/// stayed whole for longer than that.
void FuzzStage::wait_for_convergence() {
    const base::Instant since = world_.now();
    base::Instant whole_since = base::Instant::never();
    // The checker of this name objects when it takes too long; a moment is left for it.
    while (world_.now() - since < Convergence::kBound + Convergence::kSilence + base::seconds(5)) {
        if (!run_for(kStep)) {
            return;
        }
        whole_since = Convergence::whole(world_) ? std::min(whole_since, world_.now())
                                                 : base::Instant::never();
        if (!whole_since.is_never() && world_.now() - whole_since >= Convergence::kSilence) {
            convergence_ = whole_since - since;
            return;
        }
    }
    object("convergence", "the mesh has not come together since the faults ended");
}

/// Directly, or over one gateway.
bool FuzzStage::can_talk(HostId a, HostId b) {
    if (world_.should_connect(a, b)) {
        return true;
    }
    for (HostId g = 0; g < world_.host_count(); ++g) {
        const bool between = g != a && g != b &&
                             world_.host(g).config().node.role == config::NodeRole::Gateway &&
                             world_.should_connect(a, g) && world_.should_connect(g, b);
        if (between) {
            return true;
        }
    }
    return false;
}

void FuzzStage::ping_everybody() {
    OverlayRights rights(world_);
    const auto hosts = static_cast<HostId>(world_.host_count());
    for (HostId a = 0; a < hosts; ++a) {
        for (HostId b = a + 1; b < hosts; ++b) {
            const auto from = world_.host(a).overlay_address(net::Family::V6);
            const auto to = world_.host(b).overlay_address(net::Family::V6);
            if (!from || !to || !can_talk(a, b) || !rights.forwards(a, b, *from, *to) ||
                !rights.forwards(b, a, *to, *from)) {
                continue;
            }
            FlowOptions ping;
            ping.name = fmt::format("ping {} {}", world_.host(a).name(), world_.host(b).name());
            ping.from = a;
            ping.to = b;
            ping.family = net::Family::V6;
            ping.port = static_cast<std::uint16_t>(kFirstPingPort + pings_.size());
            ping.interval = kPingInterval;
            ping.start = world_.elapsed();
            ping.stop = world_.elapsed() + kPingInterval * static_cast<std::int64_t>(kPings);
            pings_.push_back(make_flow(world_, ping));
            pings_.back()->arm();
        }
    }
}

void FuzzStage::judge_flows() {
    for (const auto& flow : flows_) {
        if (flow->record().altered > 0) {
            object("integrity", fmt::format("{} got {} packets with other bytes than were sent",
                                            flow->options().name, flow->record().altered));
        }
    }
    for (const auto& ping : pings_) {
        const auto& probes = ping->record().probes;
        if (std::none_of(probes.begin(), probes.end(),
                         [](const Probe& probe) { return probe.delivered(); })) {
            object("convergence",
                   fmt::format("{} and {} are connected, but none of {} echo requests was answered",
                               world_.host(ping->options().from).name(),
                               world_.host(ping->options().to).name(), probes.size()));
        }
    }
}

void FuzzStage::object(std::string checker, std::string what) {
    own_findings_.push_back({std::move(checker), world_.elapsed(), std::move(what)});
}

void FuzzStage::report(FuzzReport& out) const {
    out.shape = fmt::format("{} hosts, {} networks, {}", plan_.scenario.hosts.size(),
                            plan_.scenario.networks.size(), plan_.shape);
    out.faults = plan_.faults.size();
    out.duration = world_.elapsed();
    out.convergence = convergence_;
    out.trace_hash = trace_.hash_text();
    out.findings = own_findings_;
    for (const auto& checker : checkers_) {
        for (const Violation& violation : checker->violations()) {
            out.findings.push_back(
                {std::string(checker->name()), violation.when - began_, violation.what});
        }
    }
    std::stable_sort(out.findings.begin(), out.findings.end(),
                     [](const auto& a, const auto& b) { return a.when < b.when; });
}

}  // namespace qe::sim
