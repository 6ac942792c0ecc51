// SPDX-License-Identifier: Apache-2.0
//
// TunDevice: the overlay's network interface, as batches of whole IP packets.
//
// The device is not persistent: it, its addresses and its routes vanish when the descriptor is
// closed, also by a crash. Packets are raw (IFF_NO_PI). The interface of this class is in batches
// so that super-packets with a vnet_hdr can come without changing its users: one read may then
// yield several packets, one write may take several.
// Being up, MTU and addresses are set over netlink, not here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/failure.h"
#include "host/file_descriptor.h"
#include "quicether/base/bytes.h"

namespace qe::host {

struct TunCounters {
    std::uint64_t read_packets = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t written_packets = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t write_dropped = 0;  ///< Device down or full, or not an IP packet.
};

class TunDevice {
  public:
    /// Packets per read_batch at most.
    static constexpr std::size_t kBatchPackets = 128;

    /// Creates the interface. Errors name it and what to do: it exists already, no permission, no
    /// TUN driver.
    [[nodiscard]] static Checked<TunDevice> create(const std::string& name);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] const TunCounters& counters() const noexcept { return counters_; }

    /// Packets waiting, until kBatchPackets or the buffer is full; empty when there are none. They
    /// stay valid until the next call.
    [[nodiscard]] std::span<const base::MutableBytes> read_batch() noexcept;
    /// Hands packets to the host. What the device does not take is counted and dropped.
    void write_batch(std::span<const base::ByteView> packets) noexcept;
    /// True once the interface has been deleted under us: no packet will ever pass again.
    [[nodiscard]] bool lost() const noexcept { return lost_; }

  private:
    TunDevice(FileDescriptor fd, std::string name, std::uint32_t index);

    FileDescriptor fd_;
    std::string name_;
    std::uint32_t index_;
    bool lost_ = false;
    std::vector<std::byte> arena_;
    std::vector<base::MutableBytes> packets_;
    TunCounters counters_;
};

}  // namespace qe::host
