// SPDX-License-Identifier: Apache-2.0
#include "host/control_socket.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace qe::host {
namespace {

constexpr int kBacklog = 16;

Checked<sockaddr_un> socket_name(const std::string& path) {
    sockaddr_un name{};
    if (path.empty() || path.size() >= sizeof name.sun_path) {
        return refuse(fmt::format(
            "control socket path \"{}\" is empty or longer than {} bytes: choose another with "
            "--socket",
            path, sizeof name.sun_path - 1));
    }
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), path.size());
    return name;
}

FileDescriptor new_socket() {
    return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool answers(const sockaddr_un& name) {
    const FileDescriptor probe = new_socket();
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 ||
           errno == EAGAIN || errno == EINPROGRESS;  // Its backlog is full: very much alive.
}

Checked<void> clear_the_way(const std::string& path, const sockaddr_un& name) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return {};
    }
    if (!S_ISSOCK(info.st_mode)) {
        return refuse(fmt::format(
            "control socket {} is in the way of something that is not a socket: remove it or "
            "choose another path with --socket",
            path));
    }
    if (answers(name)) {
        return refuse(fmt::format(
            "a quicether daemon is already running on control socket {}: stop it with `quicether "
            "stop` or choose another path with --socket",
            path));
    }
    ::unlink(path.c_str());
    return {};
}

std::string bind_sentence(const std::string& path, int error) {
    return fmt::format("control socket {} cannot be created: {}; choose another path with --socket",
                       path, errno_text(error));
}

}  // namespace

Checked<FileDescriptor> open_control_socket(const std::string& path, std::optional<gid_t> group) {
    const auto name = socket_name(path);
    if (!name) {
        return refuse(name.error());
    }
    std::error_code ignored;  // bind() tells it better.
    const auto parent = std::filesystem::path(path).parent_path();
    if (!parent.empty() && std::filesystem::create_directories(parent, ignored)) {
        ::chmod(parent.c_str(), 0755);
    }
    if (auto clear = clear_the_way(path, *name); !clear) {
        return refuse(clear.error());
    }
    FileDescriptor fd = new_socket();
    // Closed to everyone until owner and mode are right.
    const mode_t umask_before = ::umask(0177);
    const bool bound =
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*name), sizeof *name) == 0;
    const int bind_error = errno;
    ::umask(umask_before);
    if (!bound) {
        return refuse(bind_sentence(path, bind_error));
    }
    const bool grouped = group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0;
    if (::chmod(path.c_str(), grouped ? 0660 : 0600) != 0 || ::listen(fd.get(), kBacklog) != 0) {
        return refuse(bind_sentence(path, errno));
    }
    return fd;
}

}  // namespace qe::host
