// SPDX-License-Identifier: Apache-2.0
//
// Admission: nothing reaches a TUN device that identity and routes do not allow (overlay_rights.h).
//
// The identity is that of the host whose TUN device brought the packet, which no node can see: a
// packet with somebody else's source address must be stopped by the first node that gets it.
#pragma once

#include "sim/checkers/integrity.h"
#include "sim/checkers/overlay_rights.h"
#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class Admission final : public RecordingChecker {
  public:
    /// `integrity` must be told of packets before this one.
    Admission(World& world, const Integrity& integrity)
        : RecordingChecker("admission", world), integrity_(integrity), rights_(world) {}

    void on_tun_written(HostId host, base::ByteView packet) override;
    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;

  private:
    void judge_sent(HostId host, base::ByteView packet, const net::PacketFacts& facts);
    void judge_error(HostId host, base::ByteView packet, const net::PacketFacts& facts);
    [[nodiscard]] bool allowed(HostId from, HostId to, const net::PacketFacts& facts);

    const Integrity& integrity_;
    OverlayRights rights_;
};

}  // namespace qe::sim
