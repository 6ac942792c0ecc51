// SPDX-License-Identifier: Apache-2.0
#include "host/log_sink.h"

#include <chrono>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

namespace qe::host {
namespace {

/// Levels and layout are ours: spdlog passes whole lines on and copes with what stderr is.
DaemonLog::Output spdlog_to_standard_error() {
    auto logger = std::make_shared<spdlog::logger>(
        "quicether", std::make_shared<spdlog::sinks::stderr_sink_st>());
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::critical);
    logger->set_error_handler([](const std::string&) {});  // A full disk behind stderr.
    return [logger = std::move(logger)](std::string_view line) {
        logger->log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
    };
}

}  // namespace

LogFormat choose_log_format(std::string_view wanted, int fd) noexcept {
    if (wanted == "human" || wanted == "json") {
        return wanted == "human" ? LogFormat::Human : LogFormat::Json;
    }
    return ::isatty(fd) == 1 ? LogFormat::Human : LogFormat::Json;
}

DaemonLog::DaemonLog(Output out, LogFormat format, bool colours)
    : out_(std::move(out)), format_(format), colours_(colours) {}

std::unique_ptr<DaemonLog> DaemonLog::to_standard_error(std::string_view wanted_format) {
    return std::make_unique<DaemonLog>(spdlog_to_standard_error(),
                                       choose_log_format(wanted_format, STDERR_FILENO),
                                       ::isatty(STDERR_FILENO) == 1);
}

void DaemonLog::set_levels(base::LogLevel general,
                           std::map<std::string, base::LogLevel> per_module) {
    general_ = general;
    per_module_ = {per_module.begin(), per_module.end()};
}

bool DaemonLog::enabled(base::LogLevel level, std::string_view module) const noexcept {
    const auto own = per_module_.find(module);
    return level >= (own == per_module_.end() ? general_ : own->second);
}

void DaemonLog::write(base::LogLevel level, std::string_view module, std::string_view message) {
    ring_.push_back(
        {std::chrono::system_clock::now(), level, std::string(module), std::string(message)});
    if (ring_.size() > kRingRecords) {
        ring_.pop_front();
    }
    const LogRecord& record = ring_.back();
    out_(format_ == LogFormat::Json ? format_json(record) : format_human(record, colours_));
    if (listener_ && !in_listener_) {
        in_listener_ = true;
        listener_(LogRecord(record));  // A copy: the listener may log, which moves the ring.
        in_listener_ = false;
    }
}

}  // namespace qe::host
