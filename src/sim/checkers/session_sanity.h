// SPDX-License-Identifier: Apache-2.0
//
// SessionSanity: sessions end with their node, and a node's books only grow.
//
// A node that has stopped and not come back is forgotten by all: after 15 idle seconds its last
// connection ends, after 30 more the session, so none is left after kGone. Of several links with
// one peer all but one retire (docs/protocol/peer.md): when nothing has happened for kSettled there
// is one, unless an end uses several uplinks. Counters and the time since the start never go back
// while a node runs; gauges (held_*) may.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class SessionSanity final : public RecordingChecker {
  public:
    static constexpr base::Duration kGone = base::seconds(70);
    static constexpr base::Duration kSettled = base::seconds(90);

    explicit SessionSanity(World& world) : RecordingChecker("session-sanity", world) {}

    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_second() override;

  private:
    struct Books {
        std::map<std::string, std::uint64_t> counters;
        std::uint64_t uptime_us = 0;
        base::Instant stopped_at = base::Instant::never();  ///< It does not run since.
        base::Instant woke_at;                              ///< Started or resumed.
    };

    [[nodiscard]] Books& books(HostId host);
    void check_counters(HostId id);
    void check_sessions(HostId id);
    void check_peer(HostId id, HostId other, const control::PeerReply& peer);

    std::vector<Books> books_;
    base::Instant calm_since_;
    std::uint64_t seconds_ = 0;
};

}  // namespace qe::sim
