// SPDX-License-Identifier: Apache-2.0
//
// PeerFinder: looks up in the DHT where peers are that cannot be reached.
//
// Who is to be looked up stands in NodeState::searches. Each search asks for the record under the
// peer's NodeId; only what the peer's own key has signed is believed, and goes to the Dialer. As
// long as the peer is not connected it is looked up again, after growing pauses.
#pragma once

#include <map>

#include "node/links/dialer.h"
#include "quicether/dht/dht.h"

namespace qe::node {

inline constexpr base::Duration kSearchPauseFirst = base::seconds(1);
inline constexpr base::Duration kSearchPauseMax = base::seconds(300);
inline constexpr std::size_t kSearchesMax = 4;  ///< At once.

struct FinderCounters {
    std::uint64_t searches = 0;
    std::uint64_t found = 0;
    std::uint64_t refused = 0;  ///< Records that were not the peer's own.
};

class PeerFinder {
  public:
    PeerFinder(NodeState& state, Dialer& dialer) : state_(state), dialer_(dialer) {}

    /// Starts what is due. Each search ends with handle_finished().
    void handle_deadline(base::Instant now, dht::Dht& dht);
    /// True if the lookup was a search of ours.
    bool handle_finished(base::Instant now, const dht::LookupFinished& finished);
    /// The DHT has just become of use: who waits for a next search is looked up now.
    void begin_anew(base::Instant now);
    /// The Dht is gone, and with it what was under way.
    void forget_running();

    [[nodiscard]] base::Instant next_deadline() const noexcept;
    [[nodiscard]] std::size_t running() const noexcept { return running_.size(); }
    [[nodiscard]] const FinderCounters& counters() const noexcept { return counters_; }

  private:
    void search(base::Instant now, dht::Dht& dht, PeerHandle handle, Peer& peer);
    void schedule_next(base::Instant now, PeerHandle handle, Peer& peer);

    NodeState& state_;
    Dialer& dialer_;
    std::map<dht::OperationId, PeerHandle> running_;
    FinderCounters counters_;
};

}  // namespace qe::node
