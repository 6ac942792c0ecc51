// SPDX-License-Identifier: Apache-2.0
//
// ControlServer: the Unix stream socket through which the CLI talks to the daemon.
//
// One JSON request per line, one JSON line per reply (control/json.h, docs/protocol/control.md).
// Admits root, the daemon's own user and group `quicether`; others are told so and closed. Nothing
// here blocks or grows without bound: at most kClientsMax clients, each bounded by
// ControlConnection. It uses plain descriptors rather than uv_pipe, whose write queue has no bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "host/control_connection.h"
#include "host/event_loop.h"
#include "host/failure.h"
#include "quicether/base/log.h"
#include "quicether/control/messages.h"

namespace qe::host {

inline constexpr const char* kControlGroup = "quicether";

/// Names a client for as long as it is connected; never used again.
using ClientId = std::uint64_t;

class ControlServer {
  public:
    static constexpr std::size_t kClientsMax = 64;
    /// Every request handed over must be answered with reply(), or ended with close().
    using Handler = std::function<void(ClientId, const control::Request&)>;

    /// Creates the socket's directory (0755) and the socket (0660, group `quicether` if it exists).
    /// A socket nobody listens on is replaced; a live one is refused, and so is anything that is
    /// not a socket.
    [[nodiscard]] static Checked<std::unique_ptr<ControlServer>> listen(EventLoop& loop,
                                                                        const std::string& path,
                                                                        base::Log log,
                                                                        Handler handler);
    /// Closes all clients and removes the socket, if it is still ours.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// The one answer to a request. Unknown clients (gone meanwhile) are ignored here and below.
    void reply(ClientId client, const control::Reply& reply);
    /// One of several answers; false when the client is gone or too slow.
    bool send(ClientId client, const control::Reply& reply);
    /// Ends a connection after what has been sent.
    void close(ClientId client);

    [[nodiscard]] std::size_t client_count() const noexcept { return clients_.size(); }

  private:
    ControlServer(EventLoop& loop, std::string path, FileDescriptor fd, base::Log log,
                  Handler handler);

    void accept_clients();
    void admit(FileDescriptor fd);
    void on_input(ClientId client, bool allowed, ControlConnection::Input input,
                  std::string_view line);
    void refuse_client(ClientId client, control::ErrorKind kind, std::string_view sentence);
    [[nodiscard]] ControlConnection* find(ClientId client);
    void sweep();
    /// Without clients nothing needs sweeping, and the daemon sleeps.
    void sweep_later();

    EventLoop& loop_;
    std::string path_;
    FileDescriptor fd_;
    ino_t inode_ = 0;
    base::Log log_;
    Handler handler_;
    std::optional<gid_t> group_;
    ClientId next_client_ = 1;
    std::map<ClientId, std::unique_ptr<ControlConnection>> clients_;
    CoarseTimer sweep_timer_;
    FdWatch watch_;
};

}  // namespace qe::host
