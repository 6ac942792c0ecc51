// SPDX-License-Identifier: Apache-2.0
//
// Figures: what a run is judged by and shown with, gathered while it runs: who is connected to
// whom, bytes on the wire, sessions that ended, log records, and marks for what happened.
//
// The mesh is looked at every 100 ms in worlds of up to 50 hosts, every second in larger ones, and
// more rarely while nothing is missing. Asking the nodes changes nothing in the world.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/observer.h"
#include "sim/traffic/flow_record.h"
#include "sim/world.h"

namespace qe::sim {

/// The mesh at one moment. A pair is up when both of its nodes say so.
struct MeshSample {
    base::Instant when;
    std::uint32_t expected = 0;          ///< Pairs that should be connected.
    std::uint32_t up = 0;                ///< Of those.
    std::vector<std::uint16_t> missing;  ///< For each host: pairs of it that should be up.
    std::vector<std::uint16_t> stale;    ///< And pairs that are up but should not be.
};

/// One virtual second, of all hosts together.
struct SecondFigures {
    std::uint64_t wire_bytes = 0;  ///< Sent, with the headers of IP and UDP.
    std::uint64_t data_bytes = 0;  ///< Of IP packets that applications sent.
    std::uint32_t pairs_expected = 0;
    std::uint32_t pairs_up = 0;
    /// For each host, percent of its expected pairs that are up; kNotAwake, kAlone.
    std::vector<std::uint8_t> hosts;
};

/// A session that began while an older one between the same two had been seen.
struct Reconnect {
    base::Instant when;
    HostId a = 0;
    HostId b = 0;
};

struct LogRecord {
    base::Instant when;
    HostId host = 0;
    base::LogLevel level = base::LogLevel::Info;
    std::string message;
};

struct Mark {
    base::Instant when;
    std::string text;
};

class Figures final : public Observer {
  public:
    static constexpr std::uint8_t kNotAwake = 255;
    static constexpr std::uint8_t kAlone = 254;  ///< Awake, but nobody should be connected.

    explicit Figures(World& world);

    /// Begins to look at the mesh, which cannot be whole before the last host's first start.
    /// Precondition: all hosts were added, and their starts are scheduled.
    void begin(base::Duration last_start);
    /// One last look.
    void finish();

    /// From `after` until all pairs that should be (of these hosts; empty: all) are up.
    [[nodiscard]] std::optional<base::Duration> meshed_after(
        base::Instant after, const std::vector<HostId>& hosts) const;
    /// And until none is up that should not be.
    [[nodiscard]] std::optional<base::Duration> parted_after(
        base::Instant after, const std::vector<HostId>& hosts) const;
    [[nodiscard]] std::uint64_t reconnects(const Span& span,
                                           const std::vector<HostId>& hosts) const;
    /// Bytes per second and host that are not data: the headers around data are part of it.
    [[nodiscard]] double control_rate(const Span& span) const;
    [[nodiscard]] std::uint64_t log_records(const Span& span, const std::vector<HostId>& hosts,
                                            std::string_view part) const;
    /// A counter of all nodes that run now, or of these.
    [[nodiscard]] std::uint64_t counter(std::string_view name,
                                        const std::vector<HostId>& hosts) const;

    [[nodiscard]] const std::vector<MeshSample>& mesh() const noexcept { return mesh_; }
    [[nodiscard]] const std::vector<SecondFigures>& seconds() const noexcept { return seconds_; }
    [[nodiscard]] const std::vector<Mark>& marks() const noexcept { return marks_; }
    [[nodiscard]] const std::vector<LogRecord>& logs() const noexcept { return logs_; }
    [[nodiscard]] base::Instant began() const noexcept { return began_; }

    void on_tun_read(HostId host, base::ByteView packet) override;
    void on_sent(HostId host, const Packet& packet) override;
    void on_host(HostId host, HostChange change) override;
    void on_action(std::string_view what) override;
    void on_log(HostId host, base::LogLevel level, std::string_view message) override;
    void on_second() override;

  private:
    void tick();
    void look();
    void renew_expected();
    void ask(HostId host);
    void note_session(HostId a, HostId b);

    World& world_;
    base::Instant began_;
    base::Instant all_started_;
    std::unordered_map<std::string, HostId> by_node_id_;
    std::vector<std::vector<bool>> expected_;  ///< [a][b], a < b.
    bool expected_known_ = false;
    std::vector<std::vector<bool>> connected_;     ///< What each host says.
    std::vector<std::vector<std::string>> said_;   ///< Session, as one end names it.
    std::vector<std::vector<std::string>> known_;  ///< When a pair was last seen to be up.
    std::uint64_t ticks_ = 0;

    SecondFigures current_;
    std::vector<MeshSample> mesh_;
    std::vector<SecondFigures> seconds_;
    std::vector<Reconnect> reconnects_;
    std::vector<LogRecord> logs_;
    std::vector<Mark> marks_;
};

}  // namespace qe::sim
