// SPDX-License-Identifier: Apache-2.0
//
// Node: one member of the overlay, as a state machine without I/O. The same object runs in the
// daemon under libuv and in tests and the simulator under a virtual clock.
//
// What goes in                         what comes out
//   handle_udp        (network bytes)    poll_udp        datagrams to send
//   handle_tun        (IP packets)       tun_frames      IP packets for the host
//   handle_timeout                       host_plan       addresses and routes the host should have
//   handle_network    (interfaces)       poll_effect     everything rarer: DNS, files, readiness
//   handle_resolved, handle_reload       poll_reply      answers to control requests
//   handle_lan        (multicast)        poll_lan        datagrams to multicast groups
//   handle_request    (control socket)   next_deadline   when to call handle_timeout
//
// A driver's cycle: give input; take poll_udp until empty, tun_frames once, poll_effect and
// poll_reply until empty; sleep until next_deadline or input. Nothing calls out, so nothing can be
// re-entered. A Node belongs to one thread. No packet and no request can make it fail: what cannot
// be used is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/log.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/config/config.h"
#include "quicether/control/messages.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/datagram.h"
#include "quicether/net/ip_address.h"
#include "quicether/net/offload.h"
#include "quicether/node/lan.h"
#include "quicether/node/network_view.h"

namespace qe::node {

/// What the host should look like while the node runs. Declarative: the shell compares it with what
/// is there and changes the difference, whenever `generation` has changed.
struct HostPlan {
    std::uint64_t generation = 0;
    std::string tun_name;
    std::uint16_t mtu = 0;               ///< Bytes
    std::vector<net::Prefix> addresses;  ///< Of the TUN device, with their prefix lengths.
    std::vector<net::Prefix> routes;     ///< Through the TUN device, beyond `addresses`.
    /// The addresses are those of a network, which this host cannot choose: where they overlap what
    /// it has, the node itself says so.
    bool addresses_by_network = false;
};

/// Resolve a DNS name, then call handle_resolved.
struct ResolveName {
    std::string host;
};
/// The node has drained its connections after shutdown(): the driver may end.
struct Finished {};
/// Bytes to keep over restarts under a name; the shell writes them atomically and wipes its copy,
/// for there may be secrets in them. With a `number` it calls handle_persisted when they are safe;
/// a later write of the same name may stand for it.
struct PersistState {
    std::string name;
    base::Bytes contents;
    std::uint64_t number = 0;  ///< 0: nobody waits.
};
using Effect = std::variant<ResolveName, Finished, PersistState>;

/// Names a control request until its reply.
using RequestId = std::uint64_t;
struct ControlReply {
    RequestId id = 0;
    control::Reply reply;
};

struct NodeOptions {
    config::Config config;
    std::string version;  ///< For status and hello, e.g. "0.1.0".
    std::string commit;
    base::UnixTime wall_now;
};

class Node {
  public:
    /// Errors: those of quic::Endpoint::make, kBadConfig.
    [[nodiscard]] static base::Result<std::unique_ptr<Node>> make(NodeOptions options,
                                                                  crypto::Identity identity,
                                                                  base::Rng rng, base::Log log,
                                                                  base::Instant now);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // --- Input ---------------------------------------------------------------------------------
    void handle_udp(base::Instant now, std::span<const net::ReceivedDatagrams> batch);
    /// What the TUN device takes when written to; nothing until told.
    void set_tun_offloads(net::TunOffloads offloads);
    /// Room of 64 KiB to read the next packet from the TUN device into. A packet that lies at its
    /// beginning may keep the memory, so ask again after each handle_tun.
    [[nodiscard]] base::MutableBytes tun_buffer();
    /// One whole IP packet or super-packet read from the TUN device, in tun_buffer() or anywhere
    /// else. Its bytes belong to the node until the call returns, and may be changed.
    void handle_tun(base::Instant now, const net::TunPacket& packet);
    void handle_timeout(base::Instant now);
    /// One UDP payload received at kLanPort in a group of lan.h; `from.scope` names the interface
    /// for link-local senders.
    void handle_lan(base::Instant now, const net::SocketAddress& from, base::ByteView bytes);
    /// Interfaces, addresses and routes of the underlay as they are now. Call once before the first
    /// handle_timeout and after each change; the TUN device itself must be left out. `clock_jump`:
    /// the host was suspended, so everything known about the outside is suspect.
    void handle_network(base::Instant now, NetworkView view, bool clock_jump = false);
    /// Outcome of a ResolveName; empty when the name has no address (it is asked again later).
    void handle_resolved(base::Instant now, const std::string& host,
                         std::vector<net::IpAddress> addresses);
    void handle_wall_clock(base::UnixTime wall_now);
    /// Contents stored earlier by PersistState under `name`; before the first handle_timeout.
    void handle_stored_state(base::Instant now, const std::string& name, base::ByteView contents);
    /// What PersistState had under this number is safe from a crash, and all earlier numbers too.
    void handle_persisted(base::Instant now, std::uint64_t number);
    /// A request from the control socket; its ControlReply comes from poll_reply, at once or later.
    /// ReloadRequest, StopRequest, VersionRequest and LogsRequest are the shell's: not here.
    void handle_request(base::Instant now, RequestId id, const control::Request& request);
    /// Applies what can be applied live and says what waits for a restart.
    [[nodiscard]] control::ReloadReply handle_reload(base::Instant now, config::Config config);
    /// Closes every session with a reason; Finished follows when all is sent.
    void shutdown(base::Instant now, std::string_view reason);

    // --- Output --------------------------------------------------------------------------------
    /// Writes datagrams to send into `buffer` (>= quic::kTransmitBufferMin, 64 KiB for batches).
    [[nodiscard]] std::optional<net::TransmitDatagrams> poll_udp(base::Instant now,
                                                                 base::MutableBytes buffer);
    /// What is to be sent to a multicast group; nothing when all is sent. A shell without multicast
    /// need not ask.
    [[nodiscard]] std::optional<LanDatagram> poll_lan();
    /// IP packets and super-packets for the TUN device, within what set_tun_offloads() said. To be
    /// taken once after input; the views stay valid until clear_tun_frames(), which must then be
    /// called even if there are none: it frees what was received.
    [[nodiscard]] std::span<const net::TunFrame> tun_frames();
    void clear_tun_frames() noexcept;
    [[nodiscard]] const HostPlan& host_plan() const noexcept;
    [[nodiscard]] std::optional<Effect> poll_effect();
    [[nodiscard]] std::optional<ControlReply> poll_reply();
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    // --- For the shell's own answers -----------------------------------------------------------
    [[nodiscard]] const crypto::NodeId& node_id() const noexcept;
    [[nodiscard]] const config::Config& config() const noexcept;
    /// Something outside the node is wrong (a route was refused); shown by status until cleared
    /// with an empty sentence. `key` names the problem.
    void set_host_problem(const std::string& key, std::string sentence);

  private:
    class Impl;
    explicit Node(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace qe::node
