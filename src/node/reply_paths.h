// SPDX-License-Identifier: Apache-2.0
//
// ReplyPaths: which of our addresses others last spoke to, so that answers leave from there.
//
// A fixed number of cells by hash of the remote address; what is forgotten is sent from where the
// routes say.
#pragma once

#include <array>
#include <optional>

#include "quicether/net/datagram.h"

namespace qe::node {

class ReplyPaths {
  public:
    void note(const net::FlowAddresses& flow) noexcept { cell_of(flow.remote) = flow; }

    [[nodiscard]] std::optional<net::IpAddress> find(
        const net::SocketAddress& remote) const noexcept {
        const net::FlowAddresses& cell = cells_[index_of(remote)];
        return cell.remote == remote ? std::optional(cell.local.ip) : std::nullopt;
    }

  private:
    static constexpr std::size_t kCells = 128;

    [[nodiscard]] static std::size_t index_of(const net::SocketAddress& remote) noexcept {
        return std::hash<net::SocketAddress>()(remote) % kCells;
    }
    [[nodiscard]] net::FlowAddresses& cell_of(const net::SocketAddress& remote) noexcept {
        return cells_[index_of(remote)];
    }

    std::array<net::FlowAddresses, kCells> cells_{};
};

}  // namespace qe::node
