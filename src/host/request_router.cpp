// SPDX-License-Identifier: Apache-2.0
#include "host/request_router.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace qe::host {

RequestRouter::RequestRouter(DaemonLog& log, control::VersionReply version, Actions actions)
    : log_(log), version_(std::move(version)), actions_(std::move(actions)) {
    log_.set_listener([this](const LogRecord& record) { publish(record); });
}

RequestRouter::~RequestRouter() { log_.set_listener({}); }

void RequestRouter::handle_request(ClientId client, const control::Request& request) {
    if (std::holds_alternative<control::VersionRequest>(request)) {
        server_->reply(client, version_);
    } else if (std::holds_alternative<control::StopRequest>(request)) {
        server_->reply(client, control::StopReply{});
        actions_.stop();
    } else if (std::holds_alternative<control::ReloadRequest>(request)) {
        server_->reply(client, actions_.reload());
    } else if (const auto* logs = std::get_if<control::LogsRequest>(&request)) {
        show_logs(client, *logs);
    } else {
        const node::RequestId id = next_request_++;
        waiting_.emplace(id, client);
        actions_.ask_node(id, request);
    }
}

void RequestRouter::handle_reply(node::ControlReply reply) {
    const auto waiting = waiting_.extract(reply.id);
    if (waiting.empty() || server_ == nullptr) {
        return;
    }
    if (auto* status = std::get_if<control::StatusReply>(&reply.reply)) {
        actions_.complete_status(*status);
    }
    server_->reply(waiting.mapped(), reply.reply);
}

void RequestRouter::show_logs(ClientId client, const control::LogsRequest& request) {
    const auto& recent = log_.recent();
    const std::size_t count = std::min<std::size_t>(request.lines, recent.size());
    for (std::size_t i = recent.size() - count; i < recent.size(); ++i) {
        server_->send(client, to_log_line(recent[i]));
    }
    if (request.follow) {
        followers_.insert(client);
    } else {
        server_->close(client);
    }
}

void RequestRouter::publish(const LogRecord& record) {
    if (server_ == nullptr || followers_.empty()) {
        return;
    }
    const control::LogLine line = to_log_line(record);
    std::erase_if(followers_, [&](ClientId client) { return !server_->send(client, line); });
}

}  // namespace qe::host
