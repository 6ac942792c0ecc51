// SPDX-License-Identifier: Apache-2.0
//
// Daemon: everything run_daemon() owns, brought up and taken down in order.
//
// start() does all that can fail, touching the host only after every check has passed; run() is the
// loop; the destructor undoes what start() did. Members stand in the order in which they depend on
// each other. All of it on one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/clock.h"
#include "host/clock_watch.h"
#include "host/control_server.h"
#include "host/event_loop.h"
#include "host/host_configurator.h"
#include "host/lan_port.h"
#include "host/log_sink.h"
#include "host/network_watcher.h"
#include "host/node_driver.h"
#include "host/readiness.h"
#include "host/request_router.h"
#include "host/resolver.h"
#include "host/sd_notify.h"
#include "host/state_directory.h"
#include "host/state_writer.h"
#include "host/udp_port.h"
#include "quicether/host/daemon.h"

namespace qe::host {

class Daemon final : private NodeListener {
  public:
    /// `log` outlives this.
    Daemon(DaemonOptions options, DaemonLog& log);
    ~Daemon() override;
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// The failing side is the one sentence for the operator.
    [[nodiscard]] Checked<void> start();
    /// Until told to stop. Returns the exit code. Call shut_down() next.
    [[nodiscard]] int run();
    /// Undoes every change to the host, then lets go of sockets, state and clients, in this order.
    void shut_down();
    /// True when a DNS lookup still runs: nothing can cancel it, and the destructor would wait.
    [[nodiscard]] bool lookup_hangs() const noexcept;

  private:
    // --- Start, in this order ---
    [[nodiscard]] Checked<void> make_node();
    void restore_state();
    /// Listening already tells a second daemon off; clients are served once the loop runs.
    [[nodiscard]] Checked<void> open_control();
    [[nodiscard]] Checked<void> open_netlink();
    [[nodiscard]] Checked<void> open_devices();
    [[nodiscard]] Checked<void> open_driver();
    void watch_signals();

    // --- NodeListener ---
    void handle_effect(node::Effect effect) override;
    void handle_reply(node::ControlReply reply) override;
    void handle_lan(const node::LanDatagram& datagram) override;
    void handle_plan(const node::HostPlan& plan) override;
    void handle_tun_lost() override;

    // --- Reactions ---
    void on_network(const HostNetwork& network);
    /// Every so often, and when the wall clock jumps, as it does after a suspend.
    void on_tick();
    void repair_plan();
    /// The node got input: let its outputs be taken. Harmless once the driver is gone.
    void wake();
    void on_signal(int signal);
    void on_ready();
    void show_problems(const HostProblems& problems);
    [[nodiscard]] control::Reply reload();
    void log_lines(std::string_view prefix, std::string_view lines) const;
    void stop(std::string_view reason);
    void complete_status(control::StatusReply& status) const;

    DaemonOptions options_;
    DaemonLog& sink_;
    base::Log log_;
    FileDescriptor ready_;  ///< DaemonOptions::ready_fd
    ServiceManager service_manager_ = ServiceManager::from_environment();
    EventLoop loop_;
    std::optional<StateDirectory> directory_;
    std::unique_ptr<node::Node> node_;
    std::optional<Netlink> netlink_;
    std::optional<HostConfigurator> configurator_;
    std::optional<UdpPort> udp_;
    std::optional<LanPort> lan_;
    std::optional<TunDevice> tun_;
    std::optional<NodeDriver> driver_;
    std::optional<NetworkWatcher> network_watcher_;
    std::optional<RequestRouter> router_;
    std::unique_ptr<ControlServer> control_;
    std::optional<Resolver> resolver_;
    std::optional<Readiness> readiness_;
    std::vector<std::unique_ptr<SignalWatch>> signals_;
    LazyTimer tick_;
    std::optional<ClockWatch> clock_watch_;
    CoarseTimer repair_timer_;  ///< Runs while the host may have left the plan.
    CoarseTimer drain_timer_;
    std::optional<StateWriter> writer_;

    SuspendDetector suspend_;
    node::NetworkView view_;
    HostProblems problems_;
    bool stopping_ = false;
    int exit_code_ = 0;
};

}  // namespace qe::host
