// SPDX-License-Identifier: Apache-2.0
//
// Integrity: what comes out of a TUN device was put into one, unaltered, and comes out no more
// often than it went in. docs/protocol/overlay.md says what may change on the way; packet_ledger.h
// knows.
//
// It keeps the books for the checkers behind it, which look at last().
#pragma once

#include "sim/checkers/packet_ledger.h"
#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class Integrity final : public RecordingChecker {
  public:
    explicit Integrity(World& world) : RecordingChecker("integrity", world) {}

    /// What the packet is that came out of a TUN device last.
    [[nodiscard]] const PacketJudgement& last() const noexcept { return last_; }

    void on_tun_read(HostId host, base::ByteView packet) override;
    void on_tun_written(HostId host, base::ByteView packet) override;
    void on_host(HostId host, HostChange change) override;

  private:
    PacketLedger ledger_;
    PacketJudgement last_;
};

/// "1300 bytes of protocol 17 from 100.64.1.2 to 100.64.3.4", for sentences.
[[nodiscard]] std::string describe_packet(base::ByteView packet);

}  // namespace qe::sim
