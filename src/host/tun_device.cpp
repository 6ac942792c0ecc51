// SPDX-License-Identifier: Apache-2.0
#include "host/tun_device.h"

#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

namespace qe::host {
namespace {

constexpr const char* kDevicePath = "/dev/net/tun";
/// The largest IP packet; a read never truncates as long as this much room is left.
constexpr std::size_t kPacketBytesMax = 65'536;
constexpr std::size_t kArenaBytes = kPacketBytesMax + TunDevice::kBatchPackets * 2048;
/// Packets start on a cache line of their own.
constexpr std::size_t kAlignment = 64;

std::string open_sentence(int error) {
    switch (error) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            return fmt::format("{} is missing: load the TUN driver (modprobe tun)", kDevicePath);
        case EPERM:
        case EACCES:
            return fmt::format("{} may not be opened: run as root or with CAP_NET_ADMIN",
                               kDevicePath);
        default:
            return fmt::format("{} cannot be opened: {}", kDevicePath, errno_text(error));
    }
}

std::string create_sentence(const std::string& name, int error) {
    switch (error) {
        case EBUSY:
        case EEXIST:
            return fmt::format(
                "interface {} exists already, made by another daemon or program; stop it or choose "
                "another name with --tun-name",
                name);
        case EPERM:
            return fmt::format("interface {} may not be created: run as root or with CAP_NET_ADMIN",
                               name);
        default:
            return fmt::format("interface {} cannot be created: {}", name, errno_text(error));
    }
}

}  // namespace

Checked<TunDevice> TunDevice::create(const std::string& name) {
    ifreq request{};
    if (name.empty() || name.size() >= sizeof request.ifr_name) {
        return refuse(fmt::format("interface name \"{}\" is not 1 to 15 bytes long", name));
    }
    FileDescriptor fd(::open(kDevicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid()) {
        return refuse(open_sentence(errno));
    }
    std::memcpy(request.ifr_name, name.data(), name.size());
    // EXCL: attaching to a persistent device of somebody else's would look like success.
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
        return refuse(create_sentence(name, errno));
    }
    const std::uint32_t index = ::if_nametoindex(name.c_str());
    if (index == 0) {
        return refuse(create_sentence(name, errno));
    }
    return TunDevice(std::move(fd), name, index);
}

TunDevice::TunDevice(FileDescriptor fd, std::string name, std::uint32_t index)
    : fd_(std::move(fd)), name_(std::move(name)), index_(index), arena_(kArenaBytes) {
    packets_.reserve(kBatchPackets);
}

std::span<const base::MutableBytes> TunDevice::read_batch() noexcept {
    packets_.clear();
    std::size_t at = 0;
    while (packets_.size() < kBatchPackets && arena_.size() - at >= kPacketBytesMax) {
        const ssize_t size = ::read(fd(), arena_.data() + at, kPacketBytesMax);
        if (size <= 0) {
            // EAGAIN: no more. EIO: the interface is down. EBADFD: it is gone.
            lost_ = lost_ || (size < 0 && (errno == EBADFD || errno == ENODEV));
            break;
        }
        const auto bytes = static_cast<std::size_t>(size);
        packets_.emplace_back(arena_.data() + at, bytes);
        at += (bytes + kAlignment - 1) / kAlignment * kAlignment;
        ++counters_.read_packets;
        counters_.read_bytes += bytes;
    }
    return packets_;
}

void TunDevice::write_batch(std::span<const base::ByteView> packets) noexcept {
    for (const base::ByteView packet : packets) {
        if (::write(fd(), packet.data(), packet.size()) < 0) {
            ++counters_.write_dropped;
            lost_ = lost_ || errno == EBADFD || errno == ENODEV;
            continue;
        }
        ++counters_.written_packets;
        counters_.written_bytes += packet.size();
    }
}

}  // namespace qe::host
