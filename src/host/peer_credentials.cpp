// SPDX-License-Identifier: Apache-2.0
#include "host/peer_credentials.h"

#include <algorithm>
#include <cerrno>

#include <grp.h>
#include <sys/socket.h>

#include "host/failure.h"

namespace qe::host {

base::Result<PeerCredentials> peer_credentials(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return fail_errno("reading a client's credentials");
    }
    PeerCredentials peer{credentials.uid, {}};
    // The first call only tells how much room the list needs.
    size = 0;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) != 0 && errno == ERANGE) {
        peer.groups.resize(size / sizeof(gid_t));
        if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) != 0) {
            peer.groups.clear();
        }
    }
    peer.groups.push_back(credentials.gid);
    return peer;
}

std::optional<gid_t> find_group(const std::string& name) {
    group entry{};
    group* found = nullptr;
    std::vector<char> buffer(16 * 1024);
    ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::nullopt : std::optional(found->gr_gid);
}

bool may_control(const PeerCredentials& peer, uid_t own_uid, std::optional<gid_t> group) noexcept {
    return peer.uid == 0 || peer.uid == own_uid ||
           (group && std::ranges::find(peer.groups, *group) != peer.groups.end());
}

}  // namespace qe::host
