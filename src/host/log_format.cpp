// SPDX-License-Identifier: Apache-2.0
#include "host/log_format.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "quicether/config/diagnostic.h"

namespace qe::host {
namespace {

constexpr std::size_t kMessageBytesMax = 8192;

struct LevelLook {
    std::string_view label;
    std::string_view colour;  ///< ANSI sequence
};

constexpr std::array<LevelLook, 6> kLooks = {{{"TRACE", "\x1b[90m"},
                                              {"DEBUG", "\x1b[36m"},
                                              {"INFO ", "\x1b[32m"},
                                              {"WARN ", "\x1b[33m"},
                                              {"ERROR", "\x1b[31m"},
                                              {"OFF  ", ""}}};

struct SplitTime {
    std::tm calendar{};
    long microseconds = 0;
};

SplitTime split(std::chrono::system_clock::time_point time) {
    const auto since_epoch =
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    SplitTime out;
    const std::time_t seconds = since_epoch / 1'000'000;
    out.microseconds = since_epoch % 1'000'000;
    ::gmtime_r(&seconds, &out.calendar);
    return out;
}

/// Length of the UTF-8 sequence at `text[0]`; 0 when it is broken (RFC 3629, section 4).
std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    if (size == 0 || size > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool beyond = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
    return overlong || beyond ? 0 : size;
}

void append_escaped_byte(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
            } else {
                out += c;
            }
    }
}

std::string json_text(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const std::size_t size = utf8_length(text);
        if (size == 0) {
            out += "\xEF\xBF\xBD";  // U+FFFD
        } else if (size == 1) {
            append_escaped_byte(out, text[0]);
        } else {
            out += text.substr(0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return out + '"';
}

}  // namespace

std::string rfc3339(std::chrono::system_clock::time_point time) {
    const SplitTime at = split(time);
    const std::tm& day = at.calendar;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", day.tm_year + 1900,
                       day.tm_mon + 1, day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec,
                       at.microseconds);
}

std::string format_human(const LogRecord& record, bool colours) {
    const SplitTime at = split(record.time);
    const LevelLook& look = kLooks[static_cast<std::size_t>(record.level)];
    return fmt::format("{:02}:{:02}:{:02}.{:03} {}{}{} {:<8} {}", at.calendar.tm_hour,
                       at.calendar.tm_min, at.calendar.tm_sec, at.microseconds / 1000,
                       colours ? look.colour : "", look.label, colours ? "\x1b[0m" : "",
                       record.module, config::printable(record.message, kMessageBytesMax));
}

std::string format_json(const LogRecord& record) {
    return fmt::format(R"({{"time":"{}","level":"{}","module":{},"message":{}}})",
                       rfc3339(record.time), to_text(record.level), json_text(record.module),
                       json_text(record.message));
}

control::LogLine to_log_line(const LogRecord& record) {
    return {rfc3339(record.time), std::string(to_text(record.level)), record.module,
            record.message};
}

}  // namespace qe::host
