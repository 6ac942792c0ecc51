// SPDX-License-Identifier: Apache-2.0
#include "sim/figures.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "sim/trace.h"

namespace qe::sim {
namespace {

constexpr std::size_t kSmallWorld = 50;
constexpr std::size_t kLogRecordsMax = 200'000;

bool concerns(const std::vector<HostId>& hosts, HostId host) {
    return hosts.empty() || std::ranges::find(hosts, host) != hosts.end();
}

/// From `after` to the first sample in which none of the hosts has any.
std::optional<base::Duration> first_clear(const std::vector<MeshSample>& samples,
                                          std::vector<std::uint16_t> MeshSample::*lack,
                                          base::Instant after, const std::vector<HostId>& hosts) {
    for (const MeshSample& sample : samples) {
        const std::vector<std::uint16_t>& lacking = sample.*lack;
        bool clear = sample.when >= after;
        for (HostId host = 0; clear && host < lacking.size(); ++host) {
            clear = lacking[host] == 0 || !concerns(hosts, host);
        }
        if (clear) {
            return sample.when - after;
        }
    }
    return std::nullopt;
}

}  // namespace

Figures::Figures(World& world) : world_(world), began_(world.now() - world.elapsed()) {}

void Figures::begin(base::Duration last_start) {
    all_started_ = began_ + last_start;
    const std::size_t count = world_.host_count();
    for (HostId id = 0; id < count; ++id) {
        by_node_id_[world_.host(id).node_id().to_string()] = id;
    }
    expected_.assign(count, std::vector<bool>(count));
    connected_.assign(count, std::vector<bool>(count));
    said_.assign(count, std::vector<std::string>(count));
    known_.assign(count, std::vector<std::string>(count));
    current_.hosts.assign(count, kNotAwake);
    world_.scheduler().after(base::Duration(0), [this] { tick(); });
}

void Figures::tick() {
    const bool small = world_.host_count() <= kSmallWorld;
    const bool complete =
        expected_known_ && !mesh_.empty() && mesh_.back().up == mesh_.back().expected;
    const std::uint64_t every = small ? (complete ? 5 : 1) : (complete ? 50 : 10);
    if (ticks_++ % every == 0 || !expected_known_) {
        look();
    }
    world_.scheduler().after(base::milliseconds(100), [this] { tick(); });
}

void Figures::finish() { look(); }

void Figures::renew_expected() {
    for (HostId a = 0; a < expected_.size(); ++a) {
        for (HostId b = a + 1; b < expected_.size(); ++b) {
            expected_[a][b] = world_.should_connect(a, b);
        }
    }
    expected_known_ = true;
}

void Figures::look() {
    if (!expected_known_) {
        renew_expected();
    }
    const std::size_t count = expected_.size();
    MeshSample sample{world_.now(), 0, 0, std::vector<std::uint16_t>(count),
                      std::vector<std::uint16_t>(count)};
    std::vector<std::uint16_t> wanted(count);
    for (HostId host = 0; host < count; ++host) {
        ask(host);
    }
    for (HostId a = 0; a < count; ++a) {
        for (HostId b = a + 1; b < count; ++b) {
            const bool up = connected_[a][b] && connected_[b][a];
            const bool expected = expected_[a][b];
            sample.expected += expected ? 1U : 0U;
            sample.up += expected && up ? 1U : 0U;
            if (up) {
                note_session(a, b);
            }
            const bool half_up = connected_[a][b] || connected_[b][a];
            for (const HostId host : {a, b}) {
                wanted[host] = static_cast<std::uint16_t>(wanted[host] + (expected ? 1 : 0));
                sample.missing[host] =
                    static_cast<std::uint16_t>(sample.missing[host] + (expected && !up ? 1 : 0));
                sample.stale[host] =
                    static_cast<std::uint16_t>(sample.stale[host] + (!expected && half_up ? 1 : 0));
            }
        }
    }
    current_.pairs_expected = sample.expected;
    current_.pairs_up = sample.up;
    for (HostId host = 0; host < count; ++host) {
        constexpr unsigned kPercent = 100;
        const unsigned up = static_cast<unsigned>(wanted[host] - sample.missing[host]);
        current_.hosts[host] = !world_.host(host).awake() ? kNotAwake
                               : wanted[host] == 0
                                   ? kAlone
                                   : static_cast<std::uint8_t>(kPercent * up / wanted[host]);
    }
    mesh_.push_back(std::move(sample));
}

void Figures::ask(HostId id) {
    connected_[id].assign(connected_[id].size(), false);
    Host& host = world_.host(id);
    if (!host.awake()) {
        return;
    }
    for (const control::PeerReply& peer : host.peers().peers) {
        const auto found = by_node_id_.find(peer.node_id);
        if (found != by_node_id_.end() && peer.state == "connected") {
            connected_[id][found->second] = true;
            said_[id][found->second] = peer.session_id;
        }
    }
}

/// A restarted node may give a new session an old name: both ends are asked.
void Figures::note_session(HostId a, HostId b) {
    std::string& at_a = known_[a][b];
    std::string& at_b = known_[b][a];
    const bool is_first = at_a.empty() && at_b.empty();
    if (at_a == said_[a][b] && at_b == said_[b][a]) {
        return;
    }
    if (!is_first) {
        reconnects_.push_back({world_.now(), a, b});
    }
    at_a = said_[a][b];
    at_b = said_[b][a];
}

// --- Questions -----------------------------------------------------------------------------------

std::optional<base::Duration> Figures::meshed_after(base::Instant after,
                                                    const std::vector<HostId>& hosts) const {
    const base::Instant earliest = std::max(after, all_started_);
    const auto since_then = first_clear(mesh_, &MeshSample::missing, earliest, hosts);
    return since_then ? std::optional(*since_then + (earliest - after)) : std::nullopt;
}

std::optional<base::Duration> Figures::parted_after(base::Instant after,
                                                    const std::vector<HostId>& hosts) const {
    return first_clear(mesh_, &MeshSample::stale, after, hosts);
}

std::uint64_t Figures::reconnects(const Span& span, const std::vector<HostId>& hosts) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(reconnects_, [&](const Reconnect& r) {
        return span.contains(r.when) && (concerns(hosts, r.a) || concerns(hosts, r.b));
    }));
}

double Figures::control_rate(const Span& span) const {
    std::uint64_t wire = 0;
    std::uint64_t data = 0;
    std::size_t counted = 0;
    for (std::size_t i = 0; i < seconds_.size(); ++i) {
        const base::Instant begin = began_ + base::seconds(i);
        if (span.contains(begin)) {
            wire += seconds_[i].wire_bytes;
            data += seconds_[i].data_bytes;
            ++counted;
        }
    }
    const double shares = static_cast<double>(counted) * static_cast<double>(world_.host_count());
    return counted == 0 || wire <= data ? 0 : static_cast<double>(wire - data) / shares;
}

std::uint64_t Figures::log_records(const Span& span, const std::vector<HostId>& hosts,
                                   std::string_view part) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(logs_, [&](const LogRecord& record) {
        return span.contains(record.when) && concerns(hosts, record.host) &&
               record.message.find(part) != std::string::npos;
    }));
}

std::uint64_t Figures::counter(std::string_view name, const std::vector<HostId>& hosts) const {
    std::uint64_t sum = 0;
    for (HostId id = 0; id < world_.host_count(); ++id) {
        if (concerns(hosts, id)) {
            sum += world_.host(id).counter(name);
        }
    }
    return sum;
}

// --- Observed ------------------------------------------------------------------------------------

void Figures::on_tun_read(HostId /*host*/, base::ByteView packet) {
    current_.data_bytes += packet.size();
}

void Figures::on_sent(HostId /*host*/, const Packet& packet) {
    current_.wire_bytes += packet.wire_bytes();
}

void Figures::on_host(HostId host, HostChange change) {
    expected_known_ = false;
    marks_.push_back(
        {world_.now(), fmt::format("{} {}", world_.host(host).name(), to_text(change))});
}

void Figures::on_action(std::string_view what) {
    expected_known_ = false;
    marks_.push_back({world_.now(), std::string(what)});
}

void Figures::on_log(HostId host, base::LogLevel level, std::string_view message) {
    if (logs_.size() < kLogRecordsMax) {
        logs_.push_back({world_.now(), host, level, std::string(message)});
    }
}

void Figures::on_second() {
    seconds_.push_back(current_);
    current_.wire_bytes = 0;
    current_.data_bytes = 0;
}

}  // namespace qe::sim
