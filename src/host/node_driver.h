// SPDX-License-Identifier: Apache-2.0
//
// NodeDriver: turns readiness of sockets, TUN device and deadline into the Node's inputs, and the
// Node's outputs into system calls. It decides nothing about the protocol.
//
// Each round of the loop: read a bounded batch from whatever is readable, then at the round's end
// run the timers that are due, send, write, hand out effects and replies, and set the next
// deadline. Received packets thus come before timers: a process that was stalled must not declare
// its peers dead before it has read what they sent meanwhile. When outputs are left over, the next
// round comes at once, so that control socket, TUN and UDP all get their turn.
#pragma once

#include <cstdint>
#include <optional>

#include "host/deadline_timer.h"
#include "host/event_loop.h"
#include "host/tun_device.h"
#include "host/udp_port.h"
#include "quicether/node/node.h"

namespace qe::host {

/// What the driver hands on besides packets. Called at the end of a round, never re-entrantly; may
/// give the node new input, followed by NodeDriver::wake().
class NodeListener {
  public:
    virtual ~NodeListener() = default;
    virtual void handle_effect(node::Effect effect) = 0;
    virtual void handle_reply(node::ControlReply reply) = 0;
    virtual void handle_lan(const node::LanDatagram& datagram) = 0;
    /// The plan's generation has changed.
    virtual void handle_plan(const node::HostPlan& plan) = 0;
    /// The TUN interface has been deleted by somebody else.
    virtual void handle_tun_lost() = 0;
};

class NodeDriver {
  public:
    /// recvmmsg calls per socket and round.
    static constexpr int kReceivesPerRound = 4;
    /// GSO blocks sent per round. Fewer than a round may read: a backlog belongs into the node's
    /// fair queue, not into the device's, where one flow hides behind another.
    static constexpr int kSendsPerRound = 8;
    /// Packets and bytes taken from the TUN device per round.
    static constexpr int kTunReadsPerRound = 256;
    static constexpr std::size_t kTunBytesPerRound = 1U << 20;
    /// So much received at once is a bulk transfer, bytes.
    static constexpr std::size_t kBulkBytes = 16U << 10;
    /// A deadline missed by more than this means that we stalled, not that the loop was busy.
    static constexpr base::Duration kStall = base::milliseconds(50);
    /// Rounds for which timers wait for the backlog of packets after a stall.
    static constexpr int kDeferralsMax = 256;

    struct Parts {
        EventLoop& loop;
        node::Node& node;
        UdpPort& udp;
        TunDevice& tun;
        NodeListener& listener;
    };

    /// Everything in `parts` outlives the driver.
    NodeDriver(const Parts& parts, DeadlineTimer timer);

    /// Starts watching. The node must have its first NetworkView; `applied_generation` is that of
    /// the plan the host follows already.
    void start(std::uint64_t applied_generation);
    /// The node got input from elsewhere: let its outputs be taken soon.
    void wake() { round_end_.request_another(true); }

  private:
    void read_udp(UdpSocket& socket, bool& backlog);
    void read_tun();
    void prepare_for_bulk(bool bulk);
    void finish_round();
    [[nodiscard]] bool run_timers(base::Instant now);
    [[nodiscard]] bool send_udp(base::Instant now);
    void write_tun();
    void hand_out();
    void update_watches();

    EventLoop& loop_;
    node::Node& node_;
    UdpPort& udp_;
    TunDevice& tun_;
    NodeListener& listener_;
    DeadlineTimer timer_;
    UdpBatch batch_;
    std::uint64_t plan_generation_ = 0;
    bool backlog_v4_ = false;  ///< More packets wait in the socket than a round may read.
    bool backlog_v6_ = false;
    int deferrals_ = 0;
    bool tun_lost_ = false;
    bool host_got_packets_ = false;  ///< Since the last round ended.
    bool bulk_seen_ = false;

    FdWatch v4_watch_;
    std::optional<FdWatch> v6_watch_;
    FdWatch tun_watch_;
    FdWatch timer_watch_;
    RoundEnd round_end_;
};

}  // namespace qe::host
