// SPDX-License-Identifier: Apache-2.0
//
// TunPort: one end of a link, a TUN interface in a network namespace. The kernel hands out whole IP
// packets of at most the MTU: without offloads it segments and checksums them itself.
//
// The interface is up and has carrier, no addresses. It goes with the port.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "conditions.h"
#include "host/file_descriptor.h"

namespace qe::linkemu {

class TunPort {
  public:
    /// `place` is "NAMESPACE/INTERFACE" as `ip netns` names it, or "./INTERFACE" for our own.
    [[nodiscard]] static Checked<TunPort> open(std::string_view place, std::size_t mtu);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& interface() const noexcept { return interface_; }

    /// The size of the next packet from the kernel, which is then in `room`.
    [[nodiscard]] std::optional<std::size_t> read(std::span<std::byte> room) noexcept;
    void write(std::span<const std::byte> packet) noexcept;
    void set_carrier(bool on) noexcept;

    /// Packets that the kernel did not take, because the interface was set down.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    /// Packets that the kernel dropped before we saw them: we were too slow, or it was set down.
    [[nodiscard]] std::uint64_t missed() const noexcept;

  private:
    TunPort(host::FileDescriptor fd, host::FileDescriptor statistics, std::string interface)
        : fd_(std::move(fd)),
          statistics_(std::move(statistics)),
          interface_(std::move(interface)) {}

    host::FileDescriptor fd_;
    host::FileDescriptor statistics_;  ///< /proc/net/dev of the namespace.
    std::string interface_;
    std::uint64_t refused_ = 0;
};

}  // namespace qe::linkemu
