// SPDX-License-Identifier: Apache-2.0
#include "tun_port.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace qe::linkemu {
namespace {

using host::FileDescriptor;

/// Packets that wait in the kernel until we read them. Nothing slows a sender down before that, so
/// a window of 75 MB (1 Gbit/s and 600 ms) may come at the speed of memory.
constexpr int kKernelQueuePackets = 50'000;

tl::unexpected<std::string> failed(std::string_view what) {
    return tl::unexpected(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

/// This thread is in another network namespace while it lives.
class Visit {
  public:
    [[nodiscard]] static Checked<Visit> to(std::string_view name) {
        FileDescriptor home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        const std::string path = name == "." ? std::string("/proc/thread-self/ns/net")
                                             : fmt::format("/run/netns/{}", name);
        const FileDescriptor there(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!home.valid() || !there.valid() || ::setns(there.get(), CLONE_NEWNET) != 0) {
            return failed(fmt::format("network namespace \"{}\"", name));
        }
        return Visit(std::move(home));
    }
    ~Visit() {
        if (home_.valid()) {
            static_cast<void>(::setns(home_.get(), CLONE_NEWNET));
        }
    }
    Visit(Visit&&) = default;
    Visit& operator=(Visit&&) = delete;

  private:
    explicit Visit(FileDescriptor home) : home_(std::move(home)) {}

    FileDescriptor home_;
};

Checked<FileDescriptor> make_device(ifreq request) {
    FileDescriptor fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid()) {
        return failed("/dev/net/tun");
    }
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
        return failed(fmt::format("interface {}", request.ifr_name));
    }
    return fd;
}

Checked<void> bring_up(ifreq request, std::size_t mtu) {
    const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    request.ifr_mtu = static_cast<int>(mtu);
    if (::ioctl(any.get(), SIOCSIFMTU, &request) != 0) {
        return failed(fmt::format("MTU {} of {}", mtu, request.ifr_name));
    }
    request.ifr_qlen = kKernelQueuePackets;
    if (::ioctl(any.get(), SIOCSIFTXQLEN, &request) != 0) {
        return failed(fmt::format("queue of {}", request.ifr_name));
    }
    if (::ioctl(any.get(), SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
        if (::ioctl(any.get(), SIOCSIFFLAGS, &request) == 0) {
            return {};
        }
    }
    return failed(fmt::format("{} up", request.ifr_name));
}

/// Column of /proc/net/dev, counted behind the name: packets to be sent that were dropped.
constexpr int kTransmitDropped = 11;

std::uint64_t column(std::string_view line, int number) {
    for (;; --number) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        const std::string_view word = cut(line, ' ');
        if (number == 0) {
            return std::strtoull(std::string(word).c_str(), nullptr, 10);
        }
    }
}

}  // namespace

Checked<TunPort> TunPort::open(std::string_view place, std::size_t mtu) {
    const std::string_view whole = place;
    const std::string_view name_space = cut(place, '/');
    ifreq request{};
    if (name_space.empty() || place.empty() || place.size() >= sizeof request.ifr_name) {
        return tl::unexpected(
            fmt::format("\"{}\" is not NAMESPACE/INTERFACE, the interface 1 to 15 bytes", whole));
    }
    std::memcpy(request.ifr_name, place.data(), place.size());
    const auto visit = Visit::to(name_space);
    if (!visit) {
        return tl::unexpected(visit.error());
    }
    auto device = make_device(request);
    if (!device) {
        return tl::unexpected(device.error());
    }
    if (auto up = bring_up(request, mtu); !up) {
        return tl::unexpected(up.error());
    }
    FileDescriptor statistics(::open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC));
    return TunPort(std::move(*device), std::move(statistics), std::string(place));
}

std::optional<std::size_t> TunPort::read(std::span<std::byte> room) noexcept {
    const ssize_t size = ::read(fd(), room.data(), room.size());
    return size > 0 ? std::optional(static_cast<std::size_t>(size)) : std::nullopt;
}

void TunPort::write(std::span<const std::byte> packet) noexcept {
    if (::write(fd(), packet.data(), packet.size()) < 0) {
        ++refused_;
    }
}

void TunPort::set_carrier(bool on) noexcept {
    int value = on ? 1 : 0;
    static_cast<void>(::ioctl(fd(), TUNSETCARRIER, &value));
}

std::uint64_t TunPort::missed() const noexcept {
    std::string text;
    std::array<char, 4096> part{};
    off_t at = 0;
    for (ssize_t n = 0; (n = ::pread(statistics_.get(), part.data(), part.size(), at)) > 0;
         at += n) {
        text.append(part.data(), static_cast<std::size_t>(n));
    }
    const std::string key = interface_ + ":";
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view line = cut(rest, '\n');
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.starts_with(key)) {
            return column(line.substr(key.size()), kTransmitDropped);
        }
    }
    return 0;
}

}  // namespace qe::linkemu
