// SPDX-License-Identifier: Apache-2.0
//
// Bounds: what a node holds and does stays within what docs/protocol states, whatever happens to
// it: unfinished packets, links, addresses, half-open handshakes; and while nobody sends and
// nothing happens it is nearly silent: few bytes, few log records, few events.
//
// Looks at some hosts each second, at all of a small world. What a node holds it says itself in its
// status (the gauges held_*).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class Bounds final : public RecordingChecker {
  public:
    /// Unfinished packets of a session (docs/protocol/overlay.md, Limits).
    static constexpr std::uint64_t kReassemblyBytes = 256U << 10;
    static constexpr std::uint64_t kQueueBytes = 32U << 20;
    static constexpr std::size_t kLinks = 4;          ///< With a peer, over one path.
    static constexpr std::size_t kLinksOfPaths = 12;  ///< Likewise, over several.
    /// Eight that are remembered, and sixteen that it names now.
    static constexpr std::size_t kLearntAddresses = 8 + 16;
    /// Beyond it a listener drops Initials (docs/protocol/quic.md); what a node dials comes on top.
    static constexpr std::uint64_t kHalfOpen = 1024;
    static constexpr std::uint64_t kDialsAtOnce = 4;
    /// Time without traffic and changes after which a world counts as idle.
    static constexpr base::Duration kCalm = base::seconds(40);
    static constexpr std::int64_t kIdleWindowSeconds = 10;
    /// In an idle window: keep-alives of a session and its answers; and for a peer that cannot be
    /// reached, handshakes with every address known. A host that dials this one in vain, not being
    /// on its list, is answered as often.
    static constexpr std::uint64_t kIdleBytesOfSession = 4096;
    static constexpr std::uint64_t kIdleBytesOfDials = 160'000;
    /// In a window of any kind.
    static constexpr std::uint64_t kLogsOfHost = 100;
    static constexpr std::uint64_t kLogsOfPeer = 60;
    /// In any second: events that need no packet, for each host; and those of a packet on its way
    /// through pipes and queues. More is a timer that fires again and again.
    static constexpr std::uint64_t kEventsOfHost = 2000;
    static constexpr std::uint64_t kEventsOfPacket = 60;

    explicit Bounds(World& world) : RecordingChecker("bounds", world) {}

    void on_tun_read(HostId host, base::ByteView packet) override;
    void on_sent(HostId host, const Packet& packet) override;
    void on_received(HostId host, const Packet& packet) override;
    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_log(HostId host, base::LogLevel level, std::string_view message) override;
    void on_second() override;

  private:
    struct Activity {
        std::uint64_t bytes = 0;
        std::uint64_t logs = 0;
    };

    [[nodiscard]] Activity& activity(HostId host);
    void check_held(HostId id, const control::StatusReply& status);
    void check_peers(HostId id, std::uint64_t unfinished_bytes);
    void check_window();
    void check_idle_bytes(HostId id, const control::StatusReply& status);
    /// Hosts that use several uplinks at a time.
    [[nodiscard]] std::uint64_t hosts_with_paths();
    /// Hosts that list this one and are not on its list.
    [[nodiscard]] std::uint64_t strangers(HostId id);
    void check_events();

    std::vector<Activity> window_;
    std::uint64_t seconds_ = 0;
    bool calm_all_window_ = false;
    base::Instant disturbed_;
    std::uint64_t packets_ = 0;  ///< Of this second.
    std::uint64_t events_ = 0;   ///< Until the last second.
};

}  // namespace qe::sim
