// SPDX-License-Identifier: Apache-2.0
//
// TunDevice: the overlay's network interface, one packet or super-packet a call.
//
// The device is not persistent: it, its addresses and its routes vanish when the descriptor is
// closed, also by a crash. Packets are raw (IFF_NO_PI). Where the kernel can, each goes with a
// virtio header (IFF_VNET_HDR): then the host hands over TCP and UDP as super-packets of up to 64
// KiB with partial checksums, and takes the same back. What a kernel lacks is left out; the least
// is one whole packet a call.
// Being up, MTU and addresses are set over netlink, not here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

#include "host/failure.h"
#include "host/file_descriptor.h"
#include "quicether/net/offload.h"

namespace qe::host {

struct TunOptions {
    bool offloads = true;  ///< False: plain packets, whatever the kernel can do.
};

struct TunCounters {
    std::uint64_t read_packets = 0;  ///< A super-packet counts as one.
    std::uint64_t read_super_packets = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t read_unusable = 0;    ///< A virtio header that does not fit its packet.
    std::uint64_t written_packets = 0;  ///< A super-packet counts as one.
    std::uint64_t written_super_packets = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t write_dropped = 0;  ///< Device down or full, or not an IP packet.
    std::uint64_t write_refused = 0;  ///< EINVAL: offloads that the kernel does not understand.
};

class TunDevice {
  public:
    /// Room for any packet or super-packet.
    static constexpr std::size_t kReadBytes = 65'536;

    /// Creates the interface. Errors name it and what to do: it exists already, no permission, no
    /// TUN driver.
    [[nodiscard]] static Checked<TunDevice> create(const std::string& name,
                                                   const TunOptions& options = {});

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] const TunCounters& counters() const noexcept { return counters_; }
    /// What it takes when written to. A kind of super-packet that the kernel has refused
    /// kRefusalsMax times and never taken is not offered any more.
    [[nodiscard]] net::TunOffloads offloads() const noexcept { return offloads_; }

    /// One packet or super-packet into `room`, which has kReadBytes; nullopt when none waits.
    [[nodiscard]] std::optional<net::TunPacket> read(base::MutableBytes room) noexcept;
    /// Hands packets to the host, none with more undone than offloads() says. What the device does
    /// not take is counted and dropped.
    void write_batch(std::span<const net::TunFrame> frames) noexcept;
    /// True once the interface has been deleted under us: no packet will ever pass again.
    [[nodiscard]] bool lost() const noexcept { return lost_; }

  private:
    static constexpr int kRefusalsMax = 8;
    /// IOV_MAX of Linux.
    static constexpr std::size_t kVectorsMax = 1024;

    /// How the kernel took one kind of super-packet.
    struct Acceptance {
        bool proven = false;
        int refusals = 0;
    };

    TunDevice(FileDescriptor fd, std::string name, std::uint32_t index, bool with_header);

    [[nodiscard]] std::span<const iovec> gather(const net::TunFrame& frame) noexcept;
    void write(const net::TunFrame& frame) noexcept;
    void on_refused(net::Segmentation kind) noexcept;
    [[nodiscard]] Acceptance& acceptance(net::Segmentation kind) noexcept {
        return kind == net::Segmentation::Tcp ? tcp_ : udp_;
    }

    FileDescriptor fd_;
    std::string name_;
    std::uint32_t index_;
    bool with_header_;  ///< IFF_VNET_HDR
    bool lost_ = false;
    net::TunOffloads offloads_;
    Acceptance tcp_;
    Acceptance udp_;
    std::vector<iovec> vectors_;  ///< [0] is for the virtio header.
    base::Bytes joined_;          ///< The end of a frame with more parts than a call may have.
    TunCounters counters_;
};

}  // namespace qe::host
