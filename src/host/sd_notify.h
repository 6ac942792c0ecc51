// SPDX-License-Identifier: Apache-2.0
//
// The service manager's notification protocol, sd_notify(3), without libsystemd: datagrams of
// KEY=VALUE lines to the Unix socket named by $NOTIFY_SOCKET.
#pragma once

#include <string>
#include <string_view>

namespace qe::host {

class ServiceManager {
  public:
    /// `socket_address`: a path, or "@name" in the abstract namespace; empty: nobody to tell.
    explicit ServiceManager(std::string socket_address)
        : socket_address_(std::move(socket_address)) {}
    /// From $NOTIFY_SOCKET, which is removed so that no child inherits it.
    [[nodiscard]] static ServiceManager from_environment();

    void ready(std::string_view status) const;
    /// Also carries the time that systemd asks for with Type=notify-reload.
    void reloading() const;
    void stopping() const;

  private:
    void send(const std::string& message) const;

    std::string socket_address_;
};

}  // namespace qe::host
