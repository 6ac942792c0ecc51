// SPDX-License-Identifier: Apache-2.0
//
// Who is at the other end of a Unix socket (SO_PEERCRED, SO_PEERGROUPS), and whether the daemon
// takes orders from them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "quicether/base/result.h"

namespace qe::host {

struct PeerCredentials {
    uid_t uid = 0;
    std::vector<gid_t> groups;  ///< Primary and supplementary ones, as when it connected.
};

[[nodiscard]] base::Result<PeerCredentials> peer_credentials(int fd);

/// The group's number, if it exists.
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

/// Root, the daemon's own user, and members of `group` (if there is one).
[[nodiscard]] bool may_control(const PeerCredentials& peer, uid_t own_uid,
                               std::optional<gid_t> group) noexcept;

}  // namespace qe::host
