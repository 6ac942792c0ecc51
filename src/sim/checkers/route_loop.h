// SPDX-License-Identifier: Apache-2.0
//
// RouteLoop: every node that forwards a packet lowers its hop limit, and none forwards it twice.
//
// Forwarding happens between sealed datagrams; what shows is by how much the hop limit has gone
// down when the packet comes out: by no less than the gateways it had to pass, and by no more than
// there are gateways, else it passed one of them twice. What dies in a loop is seen in the nodes'
// counters: none may run out of hops as long as nobody sent a packet with few.
#pragma once

#include "sim/checkers/integrity.h"
#include "sim/checkers/overlay_rights.h"
#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class RouteLoop final : public RecordingChecker {
  public:
    /// `integrity` must be told of packets before this one.
    RouteLoop(World& world, const Integrity& integrity)
        : RecordingChecker("no-route-loop", world), integrity_(integrity), rights_(world) {}

    void on_tun_read(HostId host, base::ByteView packet) override;
    void on_tun_written(HostId host, base::ByteView packet) override;
    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_second() override;

  private:
    const Integrity& integrity_;
    OverlayRights rights_;
    unsigned gateways_ = 0;
    bool few_hops_sent_ = false;
};

}  // namespace qe::sim
