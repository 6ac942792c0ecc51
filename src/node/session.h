// SPDX-License-Identifier: Apache-2.0
//
// Session: everything shared with one peer identity for as long as we hold contact.
//
// A session owns one or more links (QUIC connections). It survives them: a connection that dies or
// moves is replaced under the same session, with the same counters, fragment ids and reassembly
// state, and traffic goes on over the next link. A path is a pair of uplinks, ours and the peer's,
// and has one link; where both ends use several uplinks a session has several paths. Control
// messages take the link that is `active`, and so do packets unless the paths are bonded. The
// session ends when no link is left and none came back in time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "node/bond.h"
#include "node/links/message_framer.h"
#include "node/links/peer_message.h"
#include "node/token_bucket.h"
#include "quicether/base/time.h"
#include "quicether/multipath/path_monitor.h"
#include "quicether/overlay/fragmenter.h"
#include "quicether/overlay/reassembler.h"
#include "quicether/quic/types.h"

namespace qe::node {

/// Where a path leads: our uplink and the peer's, each by the number its owner gave it; 0 for an
/// end that tells none apart (Hello::uplink).
struct PathPair {
    std::uint32_t ours = 0;
    std::uint32_t theirs = 0;
    friend auto operator<=>(const PathPair&, const PathPair&) = default;
};

/// One QUIC connection of a session.
struct Link {
    quic::ConnectionHandle connection;
    quic::Role role = quic::Role::Client;
    net::FlowAddresses flow;
    base::Instant established_at;
    bool supersedes = false;        ///< Its dialler held its older links for void.
    std::uint64_t dial_number = 0;  ///< Of its dialler.
    std::optional<quic::StreamId> control_stream;
    MessageFramer framer;
    bool hello_sent = false;
    std::optional<Hello> hello;  ///< The peer's.
    std::uint32_t uplink = 0;    ///< Ours, as in our Hello; the peer's is in its own.
    std::optional<multipath::PathMonitor> monitor;  ///< Once the peer has said Hello.
    multipath::PathIndex index = 0;                 ///< Among the usable links of its session.
    multipath::GroupIndex group = 0;                ///< Of the path, among those in use.
    base::Instant trial_at;  ///< When a degraded path may have the next copy of a datagram.
    std::uint32_t reserve =
        0;                ///< Ours: 0 carries traffic, higher ones wait for lower ones to fail.
    double weight = 0;    ///< Configured share of the uplink; 0: none.
    double rate_max = 0;  ///< Bytes per second that may leave by it; 0: any number.
    base::Instant last_used = base::Instant::never();  ///< A datagram with packets left by it.
    /// Judging claims costs work, and so does planning paths: a peer may not ask for it at will.
    TokenBucket claims_budget{1, 10};
    TokenBucket addresses_budget{1, 10};
    base::Instant retire_at = base::Instant::never();  ///< Lost to a better link; closes then.

    [[nodiscard]] bool retired() const noexcept { return !retire_at.is_never(); }
    /// The peer takes us on it, and it has not lost to another one.
    [[nodiscard]] bool usable() const noexcept { return hello && !retired(); }
    /// Known once the peer has said Hello.
    [[nodiscard]] PathPair pair() const noexcept { return {uplink, hello ? hello->uplink : 0}; }
    /// Lower carries packets rather: by state, then by what the ends want kept in reserve.
    /// Precondition: usable, and settled.
    [[nodiscard]] std::uint32_t standing() const noexcept;
};

/// Packets and bytes of IP traffic.
struct Traffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void add(std::size_t size) noexcept {
        ++packets;
        bytes += size;
    }
};

struct Session {
    std::uint64_t id = 0;  ///< Random, shown to operators.
    base::Instant started_at;
    std::uint64_t peer_instance = 0;  ///< 0 until the first Hello.
    std::uint64_t peer_session = 0;   ///< What the peer calls its own; likewise.
    std::vector<Link> links;          ///< In order of establishment; at most kLinksMax.
    /// Link that carries packets: the peer has said Hello on it. Null when there is none.
    quic::ConnectionHandle active;
    overlay::Fragmenter fragmenter{0};
    overlay::Reassembler reassembler;
    std::uint32_t migrations = 0;  ///< Address changes this session lived through.
    std::unique_ptr<Bond> bond;    ///< Null while no second path has come up.
    /// No authenticated packet came for kSilenceMax; the links may still revive.
    bool unreachable = false;

    [[nodiscard]] Link* find(quic::ConnectionHandle connection) noexcept;
    /// The link that carries traffic as path `index`; nullptr when none does.
    [[nodiscard]] Link* find_path(multipath::PathIndex index) noexcept;
    [[nodiscard]] Link* active_link() noexcept { return find(active); }
    [[nodiscard]] const Link* active_link() const noexcept {
        return const_cast<Session*>(this)->find(active);
    }
    void erase(quic::ConnectionHandle connection);
};

/// Paths of a session, and some links that a settlement is still to end.
inline constexpr std::size_t kLinksMax = 12;
/// A peer from which nothing came for this long is unreachable: a keep-alive is due after 3 s, and
/// on a short path it is sent again many times within the second that remains.
inline constexpr base::Duration kSilenceMax = base::seconds(4);
/// The same for a path whose probe timeout (RFC 9002, 6.2) is `pto`: two probes may get lost.
[[nodiscard]] base::Duration silence_max(base::Duration pto) noexcept;
/// How long a session without links waits for a new one before it ends.
inline constexpr base::Duration kSessionLinger = base::seconds(30);
/// How long a new link may go without the peer's Hello.
inline constexpr base::Duration kHelloTimeout = base::seconds(5);
/// How long the loser of two links stays open for what is still under way.
inline constexpr base::Duration kRetirement = base::seconds(1);
/// Two links that came up within this time may be known to the ends in either order (the handshake
/// timeout).
inline constexpr base::Duration kCrossingWindow = base::seconds(5);

/// Which of two links of one session both ends shall keep.
enum class LinkChoice : std::uint8_t { KeepOld, TakeNew };

struct LinkContest {
    const Link& old_link;  ///< Its Hello came first.
    const Link& new_link;
    bool we_have_smaller_id = false;
    bool peer_restarted = false;  ///< Its instance changed: its side of the old link is gone.
};

/// Decides from what both ends know alike, so that they agree whatever the order in which the links
/// reached them. After a restart the new link stays. Links that came up more than kCrossingWindow
/// apart: the later one, its dialler knows why it dialled again. Else one that supersedes the
/// others; of two dialled by the same end its later dial; of two that crossed the one dialled by
/// the smaller NodeId.
[[nodiscard]] LinkChoice choose_link(const LinkContest& contest) noexcept;

}  // namespace qe::node
