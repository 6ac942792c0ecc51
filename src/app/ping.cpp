// SPDX-License-Identifier: Apache-2.0
//
// `quicether ping PEER`: through the overlay session itself, so it works where ICMP does not.
#include <algorithm>
#include <chrono>
#include <numeric>

#include <fmt/core.h>

#include "app/ask_daemon.h"
#include "app/interrupt.h"
#include "app/render.h"
#include "app/values.h"
#include "quicether/config/diagnostic.h"
#include "quicether/control/json.h"

namespace qe::app {
namespace {

using Clock = std::chrono::steady_clock;

struct PingOptions {
    std::string peer;
    std::uint32_t count = 4;  ///< 0: until interrupted.
    double interval_s = 1.0;
    double timeout_s = 2.0;
};

/// An answer that says no packet came back, as opposed to one that makes trying again pointless.
bool means_lost(const Failure& failure) {
    return failure.kind == control::ErrorKind::NotConnected ||
           (failure.kind == control::ErrorKind::Timeout && failure.code == ExitCode::Failure);
}

base::Duration from_seconds(double seconds) {
    return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
}

/// Adds up the attempts of one run.
class Tally {
  public:
    explicit Tally(std::string peer) { summary_.peer = std::move(peer); }

    void add_reply(const control::PingReply& reply) {
        summary_.node_id = reply.node_id;
        summary_.name = reply.name;
        ++summary_.received;
        summary_.attempts.push_back(
            {++summary_.sent, reply.rtt_us, reply.path_local, reply.path_remote, reply.kind, ""});
    }

    void add_loss(const std::string& why) {
        summary_.attempts.push_back({++summary_.sent, std::nullopt, "", "", "", why});
    }

    [[nodiscard]] std::uint32_t sent() const noexcept { return summary_.sent; }

    [[nodiscard]] control::PingSummaryDocument summary() const {
        control::PingSummaryDocument summary = summary_;
        std::uint64_t sum = 0;
        for (const control::PingAttempt& attempt : summary.attempts) {
            if (const auto rtt = attempt.rtt_us) {
                summary.rtt_min_us = std::min(summary.rtt_min_us.value_or(*rtt), *rtt);
                summary.rtt_max_us = std::max(summary.rtt_max_us.value_or(*rtt), *rtt);
                sum += *rtt;
            }
        }
        if (summary.received > 0) {
            summary.rtt_mean_us = sum / summary.received;
        }
        return summary;
    }

  private:
    control::PingSummaryDocument summary_;
};

/// One attempt; a Failure when there is no point in another.
std::optional<Failure> ping_once(Console& console, const CommonOptions& common,
                                 const PingOptions& options, Tally& tally) {
    const base::Duration timeout = from_seconds(options.timeout_s);
    const auto timeout_ms = std::chrono::duration_cast<base::milliseconds>(timeout).count();
    const control::PingRequest request{options.peer, static_cast<std::uint32_t>(timeout_ms)};
    const auto reply = ask_daemon<control::PingReply>(common, request, timeout + kAnswerLimit);
    if (!reply && !means_lost(reply.error())) {
        return reply.error();
    }
    std::string line;
    if (reply) {
        tally.add_reply(*reply);
        line = render_ping(*reply, tally.sent());
    } else {
        const std::string why = reply.error().sentences.front();
        tally.add_loss(why);
        line = fmt::format("no reply: seq={} {}\n", tally.sent(), why);
    }
    if (!console.json()) {
        console.print(line);
    }
    return std::nullopt;
}

ExitCode run_ping(Console& console, const CommonOptions& common, const PingOptions& options) {
    const InterruptWatch watch;
    Tally tally(options.peer);
    auto next = Clock::now();
    while (!watch.interrupted()) {
        if (const auto failure = ping_once(console, common, options, tally)) {
            return console.fail(*failure);
        }
        if (tally.sent() == options.count) {
            break;
        }
        next += from_seconds(options.interval_s);
        watch.sleep(next - Clock::now());
        next = std::max(next, Clock::now());
    }
    const control::PingSummaryDocument summary = tally.summary();
    if (console.json()) {
        console.print(control::Document(summary));
    } else {
        console.print(render_ping_summary(summary));
    }
    return summary.received > 0 ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace

void add_ping(Commands& commands) {
    constexpr double kTimeoutSecondsMax = control::kPingTimeoutMsMax / 1000.0;
    CLI::App& verb =
        commands.add("ping", "Ask a peer for a sign of life through the overlay", Needs::Daemon);
    const auto options = std::make_shared<PingOptions>();
    verb.add_option("PEER", options->peer, "Name, start of the node id, or overlay address")
        ->type_name("")
        ->required();
    verb.add_option("-c,--count", options->count, "How many; 0: until interrupted")
        ->type_name("N")
        ->take_last()
        ->check(whole_number(0, 1'000'000))
        ->capture_default_str();
    verb.add_option("-i,--interval", options->interval_s, "From one to the next")
        ->type_name("SECONDS")
        ->take_last()
        ->check(seconds_value(0.01, 3600))
        ->capture_default_str();
    verb.add_option("-W,--timeout", options->timeout_s, "How long to wait for each reply")
        ->type_name("SECONDS")
        ->take_last()
        ->check(seconds_value(0.01, kTimeoutSecondsMax))
        ->capture_default_str();
    commands.on_chosen(verb, [options](Console& console, const CommonOptions& common) {
        return run_ping(console, common, *options);
    });
}

}  // namespace qe::app
