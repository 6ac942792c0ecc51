// SPDX-License-Identifier: Apache-2.0
#include "line_source.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace qe::linkemu {
namespace {

constexpr std::size_t kLineBytesMax = 4096;
constexpr int kBacklog = 8;

tl::unexpected<std::string> failed(const std::string& path) {
    return tl::unexpected(fmt::format("{}: {}", path, std::generic_category().message(errno)));
}

Checked<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return tl::unexpected(fmt::format("{}: longer than a socket's path may be", path));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written <= 0) {
            return;  // nobody waits for the answer
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

bool LineSource::handle_input(const Execute& execute) {
    std::array<char, kLineBytesMax> part{};
    const ssize_t size = ::read(fd(), part.data(), part.size());
    if (size <= 0) {
        return false;
    }
    begun_.append(part.data(), static_cast<std::size_t>(size));
    for (std::size_t end = 0; (end = begun_.find('\n')) != std::string::npos;) {
        answer(execute(std::string_view(begun_).substr(0, end)));
        begun_.erase(0, end + 1);
    }
    return begun_.size() < kLineBytesMax;
}

void LineSource::answer(const std::string& line) const {
    if (!line.empty()) {
        write_all(output_, line + "\n");
    }
}

Checked<host::FileDescriptor> listen_at(const std::string& path) {
    const auto address = address_of(path);
    if (!address) {
        return tl::unexpected(address.error());
    }
    ::unlink(path.c_str());
    host::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(fd.get(), generic(*address), sizeof *address) != 0 ||
        ::listen(fd.get(), kBacklog) != 0) {
        return failed(path);
    }
    return fd;
}

Checked<std::string> ask(const std::string& path, const std::string& command) {
    const auto address = address_of(path);
    if (!address) {
        return tl::unexpected(address.error());
    }
    const host::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), generic(*address), sizeof *address) != 0) {
        return failed(path);
    }
    write_all(fd.get(), command + "\n");
    ::shutdown(fd.get(), SHUT_WR);
    std::string answer;
    std::array<char, kLineBytesMax> part{};
    for (ssize_t size = 0; (size = ::read(fd.get(), part.data(), part.size())) > 0;) {
        answer.append(part.data(), static_cast<std::size_t>(size));
    }
    return answer;
}

}  // namespace qe::linkemu
