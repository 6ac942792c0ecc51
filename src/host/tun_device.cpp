// SPDX-License-Identifier: Apache-2.0
#include "host/tun_device.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "host/virtio_header.h"

namespace qe::host {
namespace {

constexpr const char* kDevicePath = "/dev/net/tun";
/// TUN_F_USO4 | TUN_F_USO6, not in the headers of kernels before 6.2.
constexpr unsigned kUdpSegmentation = 0x20 | 0x40;
constexpr unsigned kTcpSegmentation = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

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

bool kernel_has_header(int fd) noexcept {
    unsigned features = 0;
    return ::ioctl(fd, TUNGETFEATURES, &features) == 0 && (features & IFF_VNET_HDR) != 0;
}

bool set_header_size(int fd) noexcept {
    const int size = sizeof(VirtioHeader);
    return ::ioctl(fd, TUNSETVNETHDRSZ, &size) == 0;
}

/// Tells the kernel what it may leave to us, which is also what it then takes.
net::TunOffloads enable_offloads(int fd) noexcept {
    if (::ioctl(fd, TUNSETOFFLOAD, kTcpSegmentation | kUdpSegmentation) == 0) {
        return {true, true, true};
    }
    const bool tcp = ::ioctl(fd, TUNSETOFFLOAD, kTcpSegmentation) == 0;
    return {tcp, tcp, false};
}

}  // namespace

Checked<TunDevice> TunDevice::create(const std::string& name, const TunOptions& options) {
    ifreq request{};
    if (name.empty() || name.size() >= sizeof request.ifr_name) {
        return refuse(fmt::format("interface name \"{}\" is not 1 to 15 bytes long", name));
    }
    FileDescriptor fd(::open(kDevicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid()) {
        return refuse(open_sentence(errno));
    }
    const bool with_header = options.offloads && kernel_has_header(fd.get());
    std::memcpy(request.ifr_name, name.data(), name.size());
    // EXCL: attaching to a persistent device of somebody else's would look like success.
    request.ifr_flags =
        static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | (with_header ? IFF_VNET_HDR : 0));
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0 ||
        (with_header && !set_header_size(fd.get()))) {
        return refuse(create_sentence(name, errno));
    }
    const std::uint32_t index = ::if_nametoindex(name.c_str());
    if (index == 0) {
        return refuse(create_sentence(name, errno));
    }
    return TunDevice(std::move(fd), name, index, with_header);
}

TunDevice::TunDevice(FileDescriptor fd, std::string name, std::uint32_t index, bool with_header)
    : fd_(std::move(fd)),
      name_(std::move(name)),
      index_(index),
      with_header_(with_header),
      offloads_(with_header ? enable_offloads(this->fd()) : net::TunOffloads{}),
      vectors_(kVectorsMax) {}

std::optional<net::TunPacket> TunDevice::read(base::MutableBytes room) noexcept {
    VirtioHeader header{};
    const std::size_t before = with_header_ ? sizeof header : 0;
    const std::array<iovec, 2> vectors = {{{&header, before}, {room.data(), room.size()}}};
    while (true) {
        const ssize_t size = ::readv(fd(), vectors.data(), static_cast<int>(vectors.size()));
        if (size <= 0) {
            // EAGAIN: no more. EIO: the interface is down. EBADFD: it is gone.
            lost_ = lost_ || (size < 0 && (errno == EBADFD || errno == ENODEV));
            return std::nullopt;
        }
        const auto bytes = room.first(static_cast<std::size_t>(size) -
                                      std::min(before, static_cast<std::size_t>(size)));
        const auto offload = parse_virtio_header(header, bytes);
        if (!offload || bytes.empty()) {
            ++counters_.read_unusable;
            continue;
        }
        ++counters_.read_packets;
        counters_.read_super_packets += offload->segmentation == net::Segmentation::None ? 0U : 1U;
        counters_.read_bytes += bytes.size();
        return net::TunPacket{bytes, *offload};
    }
}

void TunDevice::write_batch(std::span<const net::TunFrame> frames) noexcept {
    for (const net::TunFrame& frame : frames) {
        write(frame);
    }
}

/// The frame's parts from vectors_[1] on; parts beyond the kernel's limit are joined into one.
std::span<const iovec> TunDevice::gather(const net::TunFrame& frame) noexcept {
    const auto to_vector = [](base::ByteView part) {
        return iovec{const_cast<std::byte*>(part.data()), part.size()};
    };
    const std::size_t parts = frame.parts.size();
    const std::size_t direct = parts < kVectorsMax ? parts : kVectorsMax - 2;
    std::transform(frame.parts.begin(), frame.parts.begin() + static_cast<std::ptrdiff_t>(direct),
                   vectors_.begin() + 1, to_vector);
    if (direct == parts) {
        return std::span(vectors_).first(1 + direct);
    }
    joined_.clear();
    for (const base::ByteView part : frame.parts.subspan(direct)) {
        joined_.insert(joined_.end(), part.begin(), part.end());
    }
    vectors_[1 + direct] = to_vector(joined_);
    return std::span(vectors_).first(2 + direct);
}

void TunDevice::write(const net::TunFrame& frame) noexcept {
    const bool is_super = frame.offload.segmentation != net::Segmentation::None;
    if (!with_header_ && frame.offload.checksum_partial) {
        ++counters_.write_refused;
        return;
    }
    VirtioHeader header = encode_virtio_header(frame);
    const std::span<const iovec> vectors = gather(frame);
    vectors_[0] = {&header, with_header_ ? sizeof header : 0};
    if (::writev(fd(), vectors.data(), static_cast<int>(vectors.size())) < 0) {
        lost_ = lost_ || errno == EBADFD || errno == ENODEV;
        const bool refused = errno == EINVAL && frame.offload.checksum_partial;
        ++(refused ? counters_.write_refused : counters_.write_dropped);
        if (refused && is_super) {
            on_refused(frame.offload.segmentation);
        }
        return;
    }
    ++counters_.written_packets;
    counters_.written_bytes += frame.size;
    if (is_super) {
        ++counters_.written_super_packets;
        acceptance(frame.offload.segmentation).proven = true;
    }
}

/// One refusal may be the packet's fault, which a peer can cause; many without a success are the
/// kernel's.
void TunDevice::on_refused(net::Segmentation kind) noexcept {
    Acceptance& seen = acceptance(kind);
    if (seen.proven || ++seen.refusals < kRefusalsMax) {
        return;
    }
    (kind == net::Segmentation::Tcp ? offloads_.tcp : offloads_.udp) = false;
}

}  // namespace qe::host
