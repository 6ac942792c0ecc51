// SPDX-License-Identifier: Apache-2.0
//
// Convergence: once nothing happens any more, every two hosts that can reach each other are
// connected within kBound; and at any time nobody claims for long to be connected with whom it
// cannot hear.
//
// kBound, from the rules of docs/protocol: a session may be dead for 10 s before silence tells; a
// round of dials that is under way then takes up to 20 s (12 addresses, four at a time, 5 s each);
// the back-off before the next is 30 s at most, and that one succeeds within 5 s, unless loss takes
// the handshake: so one more of 20 s and 30 s. Ways that lose more than kLossMax, or carry no full
// QUIC packet, are judged by nobody: then the checker waits.
//
// kSilence: silence is told after 10 s at the latest, and what was under way may take two more.
// What an attacker took from a way that is blocked and sends on by another was heard all the same.
// kDeafMax: a connection that still hears, but is not heard, lives for 15 idle seconds longer.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class Convergence final : public RecordingChecker {
  public:
    static constexpr base::Duration kBound = base::seconds(120);
    static constexpr base::Duration kSilence = base::seconds(13);
    static constexpr base::Duration kDeafMax = base::seconds(40);
    static constexpr double kLossMax = 0.05;
    static constexpr std::size_t kMtuMin = 1280;

    explicit Convergence(World& world) : RecordingChecker("convergence", world) {}

    /// Whether each pair that should be connected is so, as both nodes say.
    [[nodiscard]] static bool whole(World& world);

    void on_received(HostId host, const Packet& packet) override;
    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_second() override;

  private:
    using Pair = std::pair<HostId, HostId>;
    /// Of one host towards another: they cannot talk, or it hears nothing at all, since when.
    struct Deafness {
        base::Instant since;
        base::Instant silent = base::Instant::never();
    };

    void disturb();
    [[nodiscard]] bool ways_are_fit() const;
    void judge_mesh();
    void judge_claims(HostId id);
    [[nodiscard]] bool deaf(HostId id, HostId to) const;

    base::Instant calm_since_;
    base::Instant next_judgement_ = base::Instant::never();
    std::map<Pair, Deafness> deaf_since_;  ///< Who says it is connected with whom.
    std::uint64_t seconds_ = 0;
};

}  // namespace qe::sim
