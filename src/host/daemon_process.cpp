// SPDX-License-Identifier: Apache-2.0
//
// How the running daemon reacts, and how it goes down. How it comes up: daemon_start.cpp.
#include "host/daemon_process.h"

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "host/config_file.h"
#include "host/shell_counters.h"

namespace qe::host {
namespace {

/// How long closing messages may take to leave.
constexpr base::milliseconds kDrain(1000);
constexpr base::milliseconds kRepairDelay(1000);

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

Daemon::Daemon(DaemonOptions options, DaemonLog& log)
    : options_(std::move(options)),
      sink_(log),
      log_(log, "host"),
      ready_(options_.ready_fd),
      tick_(loop_, [this] { on_tick(); }),
      repair_timer_(loop_, [this] { repair_plan(); }),
      drain_timer_(loop_, [this] { loop_.stop(); }) {}

Daemon::~Daemon() { shut_down(); }

int Daemon::run() {
    loop_.run();
    return exit_code_;
}

void Daemon::shut_down() {
    if (configurator_) {
        configurator_->undo();
    }
    network_watcher_.reset();
    readiness_.reset();
    driver_.reset();
    tun_.reset();
    lan_.reset();
    udp_.reset();
    writer_.reset();
    directory_.reset();
    // Last: who waits for the daemon's end sees its connection close.
    if (router_) {
        router_->attach(nullptr);
    }
    control_.reset();
}

bool Daemon::lookup_hangs() const noexcept { return resolver_ && resolver_->busy(); }

void Daemon::handle_effect(node::Effect effect) {
    std::visit(Overloaded{[this](const node::ResolveName& name) { resolver_->resolve(name.host); },
                          [this](const node::Finished&) { loop_.stop(); },
                          [this](node::PersistState& state) { writer_->write(std::move(state)); }},
               effect);
}

void Daemon::handle_reply(node::ControlReply reply) { router_->handle_reply(std::move(reply)); }

void Daemon::handle_lan(const node::LanDatagram& datagram) {
    if (lan_) {
        lan_->send(datagram);
    }
}

void Daemon::handle_plan(const node::HostPlan& plan) {
    if (!stopping_) {
        show_problems(configurator_->apply(plan));
        wake();
    }
}

void Daemon::handle_tun_lost() {
    log_.error("interface {} was removed by somebody else: the daemon stops, start it again",
               tun_->name());
    exit_code_ = 1;
    stop("the TUN device is gone");
}

void Daemon::on_network(const HostNetwork& network) {
    if (stopping_) {
        return;
    }
    node::NetworkView view = to_network_view(network, tun_->index());
    if (same_view(view, view_)) {
        // Only our own device: our doing, or somebody's meddling. Who insists on it must not make
        // us spin.
        if (!repair_timer_.active()) {
            repair_timer_.start_once(kRepairDelay);
        }
        return;
    }
    log_.debug("the network has changed: {} interfaces, {} routes", view.interfaces.size(),
               view.routes.size());
    view_ = std::move(view);
    if (lan_) {
        lan_->follow(view_);
    }
    if (options_.config.multipath.enabled) {
        udp_->follow(view_);
    }
    node_->handle_network(boottime_now(), view_);
    // A route that was fine may overlap a network that has just appeared, or the other way round.
    handle_plan(node_->host_plan());
}

void Daemon::on_tick() {
    if (stopping_) {
        return;
    }
    const base::Instant now = boottime_now();
    node_->handle_wall_clock(wall_now());
    if (suspend_.observe(now, monotonic_now())) {
        log_.info("the host was suspended: everything is looked at afresh");
        node_->handle_network(now, view_, true);
        network_watcher_->look_again();
    }
    wake();
}

void Daemon::repair_plan() { handle_plan(node_->host_plan()); }

void Daemon::wake() {
    if (driver_) {
        driver_->wake();
    }
}

void Daemon::on_signal(int signal) {
    if (signal == SIGHUP) {
        // The outcome is in the log; there is nobody to hand it to.
        [[maybe_unused]] const control::Reply reply = reload();
        return;
    }
    stop(signal == SIGTERM ? "stopped by SIGTERM" : "stopped by SIGINT");
}

void Daemon::on_ready() {
    std::string addresses;
    for (const net::Prefix& address : node_->host_plan().addresses) {
        addresses += (addresses.empty() ? "" : ", ") + address.to_string();
    }
    log_.info("ready: {} on {}, UDP port {}", addresses, tun_->name(), udp_->port());
    service_manager_.ready(fmt::format("{} on {}", addresses, tun_->name()));
    if (ready_.valid()) {
        [[maybe_unused]] const auto size = ::write(ready_.get(), "1", 1);
        ready_.reset();
    }
}

void Daemon::show_problems(const HostProblems& problems) {
    for (const auto& [key, sentence] : problems_) {
        if (!problems.contains(key)) {
            node_->set_host_problem(key, "");
            log_.info("no longer: {}", sentence);
        }
    }
    for (const auto& [key, sentence] : problems) {
        const auto before = problems_.find(key);
        if (before == problems_.end() || before->second != sentence) {
            node_->set_host_problem(key, sentence);
            log_.warn("{}", sentence);
        }
    }
    problems_ = problems;
}

control::Reply Daemon::reload() {
    if (stopping_) {
        return control::ErrorReply{control::ErrorKind::Failed, "the daemon is stopping"};
    }
    service_manager_.reloading();
    const auto config = load_config(options_.config_file, options_.overrides);
    control::Reply reply;
    if (config) {
        reply = node_->handle_reload(boottime_now(), *config);
        const auto& monitoring = node_->config().monitoring;
        sink_.set_levels(monitoring.log_level, monitoring.log_levels);
        log_.info("configuration reloaded");
        wake();
    } else {
        log_lines("the configuration is not reloaded: ", config.error());
        reply = control::ErrorReply{control::ErrorKind::BadConfig, config.error()};
    }
    service_manager_.ready("running");
    return reply;
}

/// One record for each line.
void Daemon::log_lines(std::string_view prefix, std::string_view lines) const {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        log_.error("{}{}", prefix, line);
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
}

void Daemon::stop(std::string_view reason) {
    if (std::exchange(stopping_, true)) {
        loop_.stop();  // Asked twice: at once, then.
        return;
    }
    log_.info("stopping: {}", reason);
    service_manager_.stopping();
    node_->shutdown(boottime_now(), reason);
    drain_timer_.start_once(kDrain);
    wake();
}

void Daemon::complete_status(control::StatusReply& status) const {
    append_counters(udp_->counters(), tun_->counters(), status.counters);
}

}  // namespace qe::host
