// SPDX-License-Identifier: Apache-2.0
#include "host/control_server.h"

#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "host/clock.h"
#include "host/control_socket.h"
#include "host/peer_credentials.h"
#include "quicether/control/json.h"

namespace qe::host {
namespace {

constexpr base::milliseconds kSweepInterval(1000);
constexpr int kAcceptsPerRound = 8;

}  // namespace

Checked<std::unique_ptr<ControlServer>> ControlServer::listen(EventLoop& loop,
                                                              const std::string& path,
                                                              base::Log log, Handler handler) {
    auto fd = open_control_socket(path, find_group(kControlGroup));
    if (!fd) {
        return refuse(fd.error());
    }
    return std::unique_ptr<ControlServer>(
        new ControlServer(loop, path, std::move(*fd), log, std::move(handler)));
}

ControlServer::ControlServer(EventLoop& loop, std::string path, FileDescriptor fd, base::Log log,
                             Handler handler)
    : loop_(loop),
      path_(std::move(path)),
      fd_(std::move(fd)),
      log_(log),
      handler_(std::move(handler)),
      group_(find_group(kControlGroup)),
      sweep_timer_(loop, [this] { sweep(); }),
      watch_(loop, fd_.get(), [this](FdEvents) { accept_clients(); }) {
    struct stat info {};
    inode_ = ::stat(path_.c_str(), &info) == 0 ? info.st_ino : 0;
    watch_.set({.readable = true});
}

ControlServer::~ControlServer() {
    struct stat info {};
    if (::stat(path_.c_str(), &info) == 0 && info.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

void ControlServer::accept_clients() {
    for (int i = 0; i < kAcceptsPerRound; ++i) {
        FileDescriptor client(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client.valid()) {
            admit(std::move(client));
        } else if (errno != EINTR && errno != ECONNABORTED) {
            // Out of descriptors: the listener would stay readable and spin; the sweep looks again.
            const bool exhausted = errno != EAGAIN;
            watch_.set({.readable = !exhausted});
            if (exhausted) {
                sweep_later();
            }
            return;
        }
    }
}

void ControlServer::admit(FileDescriptor fd) {
    const auto peer = peer_credentials(fd.get());
    const bool allowed = peer && may_control(*peer, ::geteuid(), group_);
    if (!allowed) {
        log_.warn("control socket: user {} is not allowed", peer ? peer->uid : 0);
    }
    const ClientId id = next_client_++;
    auto connection = std::make_unique<ControlConnection>(
        loop_, std::move(fd), boottime_now(),
        [this, id, allowed](ControlConnection::Input input, std::string_view line) {
            on_input(id, allowed, input, line);
        });
    if (clients_.size() >= kClientsMax) {
        sweep();
    }
    const bool full = clients_.size() >= kClientsMax;
    clients_.emplace(id, std::move(connection));
    sweep_later();
    if (full) {
        refuse_client(id, control::ErrorKind::Failed,
                      "the daemon serves as many clients as it can: try again later");
        // One over the bound may linger, a second may not.
        if (clients_.size() > kClientsMax + 1) {
            clients_.erase(id);
        }
    }
}

void ControlServer::on_input(ClientId client, bool allowed, ControlConnection::Input input,
                             std::string_view line) {
    if (!allowed) {
        refuse_client(client, control::ErrorKind::Denied,
                      "not allowed: be root, the daemon's own user, or in group quicether");
        return;
    }
    if (input == ControlConnection::Input::TooLong) {
        refuse_client(
            client, control::ErrorKind::BadRequest,
            fmt::format("the request is longer than {} bytes", control::kRequestBytesMax));
        return;
    }
    const auto request = control::parse_request(line);
    if (!request) {
        reply(client, control::ErrorReply{control::ErrorKind::BadRequest,
                                          std::string(request.error().text)});
        return;
    }
    handler_(client, *request);
}

void ControlServer::refuse_client(ClientId client, control::ErrorKind kind,
                                  std::string_view sentence) {
    send(client, control::ErrorReply{kind, std::string(sentence)});
    close(client);
}

ControlConnection* ControlServer::find(ClientId client) {
    const auto found = clients_.find(client);
    return found == clients_.end() || found->second->closed() ? nullptr : found->second.get();
}

void ControlServer::reply(ClientId client, const control::Reply& reply) {
    send(client, reply);
    if (ControlConnection* connection = find(client)) {
        connection->complete_request();
    }
}

bool ControlServer::send(ClientId client, const control::Reply& reply) {
    ControlConnection* connection = find(client);
    return connection != nullptr && connection->send_line(control::encode_reply(reply));
}

void ControlServer::close(ClientId client) {
    if (ControlConnection* connection = find(client)) {
        connection->close_when_sent();
    }
}

void ControlServer::sweep() {
    const base::Instant now = boottime_now();
    std::erase_if(clients_, [now](const auto& client) {
        client.second->expire(now);
        return client.second->closed();
    });
    watch_.set({.readable = true});
    if (!clients_.empty()) {
        sweep_later();
    }
}

void ControlServer::sweep_later() {
    if (!sweep_timer_.active()) {
        sweep_timer_.start_once(kSweepInterval);
    }
}

}  // namespace qe::host
