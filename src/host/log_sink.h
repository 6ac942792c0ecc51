// SPDX-License-Identifier: Apache-2.0
//
// DaemonLog: where the records of the whole process end up.
//
// Three places: standard error through spdlog (people's lines on a terminal, JSON lines elsewhere),
// a ring of the last records for `quicether logs`, and one listener that streams new ones. Levels
// are per module over a general one and change on reload. Owned by the daemon, used on its thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "host/log_format.h"
#include "quicether/base/log.h"

namespace qe::host {

enum class LogFormat : std::uint8_t { Human, Json };

/// "human" and "json" as they are; anything else ("auto") by whether `fd` is a terminal.
[[nodiscard]] LogFormat choose_log_format(std::string_view wanted, int fd) noexcept;

class DaemonLog final : public base::LogSink {
  public:
    static constexpr std::size_t kRingRecords = 2000;
    using Listener = std::function<void(const LogRecord&)>;

    /// Takes one line without its newline.
    using Output = std::function<void(std::string_view)>;

    /// Writes lines to `out`; see to_standard_error() for the usual one.
    DaemonLog(Output out, LogFormat format, bool colours);
    DaemonLog(const DaemonLog&) = delete;
    DaemonLog& operator=(const DaemonLog&) = delete;

    /// `wanted_format` as in config::Config::Monitoring::log_format.
    [[nodiscard]] static std::unique_ptr<DaemonLog> to_standard_error(
        std::string_view wanted_format);

    void set_levels(base::LogLevel general, std::map<std::string, base::LogLevel> per_module);
    /// Called with each record that is logged, but not with those it logs itself.
    void set_listener(Listener listener) { listener_ = std::move(listener); }

    [[nodiscard]] bool enabled(base::LogLevel level,
                               std::string_view module) const noexcept override;
    void write(base::LogLevel level, std::string_view module, std::string_view message) override;

    /// The newest records, oldest first.
    [[nodiscard]] const std::deque<LogRecord>& recent() const noexcept { return ring_; }

  private:
    Output out_;
    LogFormat format_;
    bool colours_;
    base::LogLevel general_ = base::LogLevel::Info;
    std::map<std::string, base::LogLevel, std::less<>> per_module_;
    std::deque<LogRecord> ring_;
    Listener listener_;
    bool in_listener_ = false;
};

}  // namespace qe::host
