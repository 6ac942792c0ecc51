// SPDX-License-Identifier: Apache-2.0
#include "sim/sequence_diagram.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace qe::sim {
namespace {

constexpr std::size_t kTextMax = 100;

/// Without what Mermaid takes for syntax, and cut to a readable length.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, kTextMax)) {
        switch (c) {
            case ';':
                out += ',';
                break;
            case '#':
                out += "#35;";
                break;
            case '<':
                out += "#lt;";
                break;
            case '>':
                out += "#gt;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return text.size() > kTextMax ? out + "…" : out;
}

/// What must be known of the whole window before the first line is drawn.
struct Overview {
    base::Instant last;
    std::unordered_set<std::uint64_t> arrived;             ///< Datagrams by number.
    std::unordered_map<net::IpAddress, HostId> addresses;  ///< From which hosts have sent.
};

Overview look_over(const Trace& trace) {
    Overview overview;
    trace.for_each([&](const TraceRecord& record) {
        overview.last = std::max(overview.last, record.when);
        if (record.kind == TraceKind::Received) {
            overview.arrived.insert(record.number);
        } else if (record.kind == TraceKind::Sent) {
            overview.addresses.insert_or_assign(record.source.ip, record.host);
        }
    });
    return overview;
}

class Drawing {
  public:
    Drawing(const std::vector<std::string>& hosts, const DiagramOptions& options,
            const Overview& overview)
        : hosts_(hosts), options_(options), overview_(overview) {}

    void add(const TraceRecord& record);
    [[nodiscard]] std::string finish();

  private:
    struct Arrow {
        HostId from;
        HostId to;
        bool lost;
        friend auto operator<=>(const Arrow&, const Arrow&) = default;
    };
    struct Traffic {
        std::size_t datagrams = 0;
        std::size_t bytes = 0;
    };
    struct Line {
        std::string text;
        std::vector<HostId> hosts;
    };

    void add_datagram(const Arrow& arrow, std::size_t bytes);
    void add_note(const TraceRecord& record);
    void flush();
    void draw(std::string text, std::vector<HostId> hosts);
    [[nodiscard]] std::string time_text(base::Instant when) const;

    const std::vector<std::string>& hosts_;
    const DiagramOptions& options_;
    const Overview& overview_;
    std::int64_t step_ = 0;
    base::Instant step_began_;
    std::map<Arrow, Traffic> traffic_;  ///< Of the present step.
    std::deque<Line> lines_;
    std::size_t left_out_ = 0;
};

std::string Drawing::time_text(base::Instant when) const {
    const auto tenths = (when - options_.began) / base::milliseconds(100);
    return fmt::format("{}.{}s", tenths / 10, tenths % 10);
}

void Drawing::draw(std::string text, std::vector<HostId> hosts) {
    lines_.push_back({std::move(text), std::move(hosts)});
    if (lines_.size() > options_.lines_max) {
        lines_.pop_front();
        ++left_out_;
    }
}

void Drawing::flush() {
    for (const auto& [arrow, traffic] : traffic_) {
        draw(fmt::format("h{}{}h{}: {} {} datagram{}, {} bytes{}", arrow.from,
                         arrow.lost ? "--x" : "->>", arrow.to, time_text(step_began_),
                         traffic.datagrams, traffic.datagrams == 1 ? "" : "s", traffic.bytes,
                         arrow.lost ? ", not arrived" : ""),
             {arrow.from, arrow.to});
    }
    traffic_.clear();
}

void Drawing::add_datagram(const Arrow& arrow, std::size_t bytes) {
    Traffic& traffic = traffic_[arrow];
    ++traffic.datagrams;
    traffic.bytes += bytes;
}

void Drawing::add_note(const TraceRecord& record) {
    flush();
    const std::string text = time_text(record.when) + " " + plain(record.text);
    if (record.kind == TraceKind::Log) {
        draw(fmt::format("Note over h{}: {} ({})", record.host, text, base::to_text(record.level)),
             {record.host});
    } else if (record.kind == TraceKind::Host) {
        draw(fmt::format("Note over h{}: {}", record.host, text), {record.host});
    } else if (!hosts_.empty()) {
        const auto last = static_cast<HostId>(hosts_.size() - 1);
        draw(fmt::format("Note over h0,h{}: {}", last, text), {0, last});
    }
}

void Drawing::add(const TraceRecord& record) {
    const std::int64_t step = (record.when - options_.began) / options_.step;
    if (step != step_) {
        flush();
        step_ = step;
        step_began_ = record.when;
    }
    switch (record.kind) {
        case TraceKind::Received:
            add_datagram({record.origin, record.host, false}, record.bytes);
            break;
        case TraceKind::Sent:
            if (!overview_.arrived.contains(record.number)) {
                const auto found = overview_.addresses.find(record.destination.ip);
                const HostId to = found == overview_.addresses.end() ? record.host : found->second;
                add_datagram({record.host, to, true}, record.bytes);
            }
            break;
        case TraceKind::Host:
        case TraceKind::Action:
        case TraceKind::Log:
            add_note(record);
            break;
        case TraceKind::TunRead:
        case TraceKind::TunWritten:
            break;
    }
}

std::string Drawing::finish() {
    flush();
    std::set<HostId> used;
    for (const Line& line : lines_) {
        used.insert(line.hosts.begin(), line.hosts.end());
    }
    std::string out = "sequenceDiagram\n";
    for (const HostId host : used) {
        out += fmt::format("    participant h{} as {}\n", host, plain(hosts_.at(host)));
    }
    if (left_out_ > 0) {
        out +=
            fmt::format("    Note over h{}: {} earlier lines left out\n", *used.begin(), left_out_);
    }
    for (const Line& line : lines_) {
        out += "    " + line.text + "\n";
    }
    return out;
}

}  // namespace

std::string to_mermaid(const Trace& trace, const std::vector<std::string>& hosts,
                       const DiagramOptions& options) {
    const Overview overview = look_over(trace);
    const base::Instant from = overview.last - options.window;
    Drawing drawing(hosts, options, overview);
    trace.for_each([&](const TraceRecord& record) {
        if (record.when >= from) {
            drawing.add(record);
        }
    });
    return drawing.finish();
}

}  // namespace qe::sim
