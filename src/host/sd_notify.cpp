// SPDX-License-Identifier: Apache-2.0
#include "host/sd_notify.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host/clock.h"
#include "host/file_descriptor.h"

namespace qe::host {

ServiceManager ServiceManager::from_environment() {
    const char* address = std::getenv("NOTIFY_SOCKET");
    ServiceManager manager(address == nullptr ? "" : address);
    ::unsetenv("NOTIFY_SOCKET");
    return manager;
}

void ServiceManager::ready(std::string_view status) const {
    send(fmt::format("READY=1\nSTATUS={}\nMAINPID={}", status, ::getpid()));
}

void ServiceManager::reloading() const {
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_now().nanoseconds() / 1000));
}

void ServiceManager::stopping() const { send("STOPPING=1"); }

void ServiceManager::send(const std::string& message) const {
    sockaddr_un name{};
    if (socket_address_.empty() || socket_address_.size() >= sizeof name.sun_path) {
        return;
    }
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, socket_address_.data(), socket_address_.size());
    if (name.sun_path[0] == '@') {
        name.sun_path[0] = '\0';
    }
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_address_.size());
    const FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&name), size);
}

}  // namespace qe::host
