// SPDX-License-Identifier: Apache-2.0
//
// RequestRouter: who answers which control request.
//
// Version and logs are answered here, stop and reload by the daemon, the rest by the node, whose
// replies come later and find their way back by RequestId. A client that has gone meanwhile simply
// gets nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "host/control_server.h"
#include "host/log_sink.h"
#include "quicether/node/node.h"

namespace qe::host {

class RequestRouter {
  public:
    struct Actions {
        std::function<void()> stop;
        /// A ReloadReply, or an ErrorReply with the diagnostics.
        std::function<control::Reply()> reload;
        /// Adds the shell's own counters to the node's.
        std::function<void(control::StatusReply&)> complete_status;
        /// Hands a request to the node.
        std::function<void(node::RequestId, const control::Request&)> ask_node;
    };

    /// `log` outlives this. Becomes the log's listener.
    RequestRouter(DaemonLog& log, control::VersionReply version, Actions actions);
    ~RequestRouter();
    RequestRouter(const RequestRouter&) = delete;
    RequestRouter& operator=(const RequestRouter&) = delete;

    /// The server that requests come from and replies go to; nullptr once it is gone.
    void attach(ControlServer* server) noexcept { server_ = server; }
    void handle_request(ClientId client, const control::Request& request);
    void handle_reply(node::ControlReply reply);

  private:
    void show_logs(ClientId client, const control::LogsRequest& request);
    void publish(const LogRecord& record);

    DaemonLog& log_;
    control::VersionReply version_;
    Actions actions_;
    ControlServer* server_ = nullptr;
    node::RequestId next_request_ = 1;
    std::map<node::RequestId, ClientId> waiting_;
    std::set<ClientId> followers_;
};

}  // namespace qe::host
