// SPDX-License-Identifier: Apache-2.0
//
// The logging front: core code writes records, whoever drives the core decides where they go.
//
// A Log is a cheap value: a sink and the name of a module. Formatting happens only when the sink
// takes the level. Whatever a peer can trigger goes through a LogLimiter kept next to the state it
// is about: at most one record an interval, with the count of what was held back.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "quicether/base/time.h"

namespace qe::base {

enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warn, Error, Off };

/// Lower-case name as used in config and JSON logs: "trace" … "error", "off".
[[nodiscard]] std::string_view to_text(LogLevel level) noexcept;
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

/// Where records end up. Lives longer than every Log made on it; called from the core's thread.
class LogSink {
  public:
    virtual ~LogSink() = default;
    [[nodiscard]] virtual bool enabled(LogLevel level, std::string_view module) const noexcept = 0;
    virtual void write(LogLevel level, std::string_view module, std::string_view message) = 0;
};

class Log {
  public:
    /// A Log that drops everything.
    Log() = default;
    /// `module` must have static storage duration.
    Log(LogSink& sink, std::string_view module) noexcept : sink_(&sink), module_(module) {}

    /// The same sink under another module's name.
    [[nodiscard]] Log named(std::string_view module) const noexcept {
        Log other = *this;
        other.module_ = module;
        return other;
    }

    template <typename... Args>
    void trace(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::Trace, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::Debug, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::Info, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void warn(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::Warn, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) const {
        write(LogLevel::Error, format, std::forward<Args>(args)...);
    }

  private:
    template <typename... Args>
    void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
        if (sink_ != nullptr && sink_->enabled(level, module_)) {
            sink_->write(level, module_, fmt::format(format, std::forward<Args>(args)...));
        }
    }

    LogSink* sink_ = nullptr;
    std::string_view module_;
};

/// Lets one record through per interval and counts the others.
class LogLimiter {
  public:
    explicit LogLimiter(Duration interval = seconds(10)) noexcept : interval_(interval) {}

    /// The number of records held back since the last one let through, or nothing if this one is
    /// to be held back too.
    [[nodiscard]] std::optional<std::uint64_t> admit(Instant now) noexcept {
        if (seen_ && now < next_) {
            ++held_back_;
            return std::nullopt;
        }
        seen_ = true;
        next_ = now + interval_;
        return std::exchange(held_back_, 0);
    }

  private:
    Duration interval_;
    Instant next_;
    std::uint64_t held_back_ = 0;
    bool seen_ = false;
};

}  // namespace qe::base
