// SPDX-License-Identifier: Apache-2.0
//
// One log record as text: a line for people, or a line of JSON. Pure functions.
//
// Messages may quote what a peer sent: control characters are escaped in both forms, so that a
// record is always one line and cannot drive a terminal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "quicether/base/log.h"
#include "quicether/control/messages.h"

namespace qe::host {

struct LogRecord {
    std::chrono::system_clock::time_point time;
    base::LogLevel level = base::LogLevel::Info;
    std::string module;
    std::string message;
};

/// RFC 3339 in UTC with microseconds: "2026-01-31T23:59:59.000001Z".
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

/// "23:59:59.000 WARN  node   message", the level in colour if wanted.
[[nodiscard]] std::string format_human(const LogRecord& record, bool colours);

/// {"time":"…","level":"warn","module":"node","message":"…"}; broken UTF-8 becomes U+FFFD.
[[nodiscard]] std::string format_json(const LogRecord& record);

[[nodiscard]] control::LogLine to_log_line(const LogRecord& record);

}  // namespace qe::host
