// SPDX-License-Identifier: Apache-2.0
//
// Membership: what the members of a network know of it comes to be the same for all, and a member
// that was revoked is shut out.
//
// kBound after the last change, as long as nothing parts any two of them: every member that is
// awake names the same members under the same names and addresses, and no two of them have a name
// or an address in common. What each one's host has as its address is what the others name.
//
// kShutOut after a revocation, or after what happened since (a host that was off hears of it when
// it has started): nobody has a session with the revoked node.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/checkers/recording_checker.h"

namespace qe::sim {

class Membership final : public RecordingChecker {
  public:
    static constexpr base::Duration kBound = base::seconds(20);
    static constexpr base::Duration kShutOut = base::seconds(5);

    explicit Membership(World& world) : RecordingChecker("membership", world) {}

    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_second() override;
    void finish(World& world) override;

  private:
    void disturb();
    void judge_directories();
    void judge_unique(HostId host, const control::MembersReply& members);
    void judge_own_address(HostId host, const control::MembersReply& members);
    void judge_revoked();

    base::Instant calm_since_;
    bool is_judged_ = true;  ///< Since the last change.
};

}  // namespace qe::sim
