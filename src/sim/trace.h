// SPDX-License-Identifier: Apache-2.0
//
// Trace: everything that happens in a world, as one number and as a memory of the last events.
//
// The number covers every byte of every packet, every log record and all times, so two runs with
// the same number did the same. It guards against accidents, not against forgers. The memory is a
// ring of bounded size, to be written as JSON Lines (RFC 8259, one object a line) or drawn
// (sequence_diagram.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "sim/observer.h"

namespace qe::sim {

/// A running hash of 64 bits over values and byte runs; the same on every machine.
class TraceHash {
  public:
    void add(std::uint64_t value) noexcept;
    /// Includes the size, so that runs cannot slide into each other.
    void add(base::ByteView bytes) noexcept;
    [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

  private:
    std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

enum class TraceKind : std::uint8_t { Sent, Received, TunRead, TunWritten, Host, Action, Log };

/// "sent", "received", "tun_read", "tun_written", "host", "action", "log".
[[nodiscard]] std::string_view to_text(TraceKind kind) noexcept;
/// "started", "crashed", "left", "suspended", "resumed", "moved".
[[nodiscard]] std::string_view to_text(HostChange change) noexcept;

struct TraceRecord {
    base::Instant when;
    TraceKind kind = TraceKind::Action;
    base::LogLevel level = base::LogLevel::Info;  ///< Of a log record.
    bool corrupted = false;
    HostId host = 0;                 ///< Where it happened; 0 for actions, which have no place.
    HostId origin = 0;               ///< Of a datagram.
    std::uint64_t number = 0;        ///< Of a datagram.
    std::size_t bytes = 0;           ///< UDP payload, or IP packet.
    net::SocketAddress source;       ///< Of a datagram, as seen here.
    net::SocketAddress destination;  ///< Likewise.
    std::string text;                ///< Log message, action or change of the host.
};

class Trace final : public Observer {
  public:
    using Clock = std::function<base::Instant()>;

    /// Remembers the last `records_max` (at least 1) events.
    explicit Trace(Clock clock, std::size_t records_max = std::size_t{1} << 16);

    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_.value(); }
    /// 16 hex digits.
    [[nodiscard]] std::string hash_text() const;
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
    /// Calls `visit` for what is remembered, oldest first.
    void for_each(const std::function<void(const TraceRecord&)>& visit) const;

    void on_tun_read(HostId host, base::ByteView packet) override;
    void on_tun_written(HostId host, base::ByteView packet) override;
    void on_sent(HostId host, const Packet& packet) override;
    void on_received(HostId host, const Packet& packet) override;
    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_log(HostId host, base::LogLevel level, std::string_view message) override;

  private:
    TraceRecord& begin(TraceKind kind, HostId host);
    void add_datagram(TraceKind kind, HostId host, const Packet& packet);
    void add_tun(TraceKind kind, HostId host, base::ByteView packet);

    Clock clock_;
    TraceHash hash_;
    std::vector<TraceRecord> ring_;
    std::size_t records_max_;
    std::uint64_t events_ = 0;
};

/// What the trace remembers as JSON Lines: times in seconds since `began`, hosts by name.
[[nodiscard]] std::string to_json_lines(const Trace& trace, const std::vector<std::string>& hosts,
                                        base::Instant began);

}  // namespace qe::sim
