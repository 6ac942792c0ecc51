// SPDX-License-Identifier: Apache-2.0
#include "sim/trace.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace qe::sim {
namespace {

// Any odd numbers with about as many ones as zeros.
constexpr std::uint64_t kFirst = 0xff51afd7ed558ccd;
constexpr std::uint64_t kSecond = 0xc4ceb9fe1a85ec53;

/// Both halves of the product: every bit of either factor reaches every bit of the result's middle.
std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Little-endian on every machine; `size` <= 8.
std::uint64_t load(const std::byte* at, std::size_t size) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, size);
    if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
    }
    return word;
}

void append_json_text(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_datagram(std::string& out, const TraceRecord& record) {
    fmt::format_to(std::back_inserter(out),
                   R"(,"number":{},"bytes":{},"source":"{}","destination":"{}")", record.number,
                   record.bytes, record.source.to_string(), record.destination.to_string());
    if (record.corrupted) {
        out += R"(,"corrupted":true)";
    }
}

void append_record(std::string& out, const TraceRecord& record,
                   const std::vector<std::string>& hosts, base::Instant began) {
    const std::int64_t ns = (record.when - began).count();
    fmt::format_to(std::back_inserter(out), R"({{"time":{}.{:09},"kind":"{}")", ns / 1'000'000'000,
                   ns % 1'000'000'000, to_text(record.kind));
    if (record.kind != TraceKind::Action) {
        out += R"(,"host":)";
        append_json_text(out, hosts.at(record.host));
    }
    switch (record.kind) {
        case TraceKind::Sent:
        case TraceKind::Received:
            append_datagram(out, record);
            break;
        case TraceKind::TunRead:
        case TraceKind::TunWritten:
            fmt::format_to(std::back_inserter(out), R"(,"bytes":{})", record.bytes);
            break;
        case TraceKind::Log:
            fmt::format_to(std::back_inserter(out), R"(,"level":"{}")",
                           base::to_text(record.level));
            [[fallthrough]];
        case TraceKind::Host:
        case TraceKind::Action:
            out += R"(,"text":)";
            append_json_text(out, record.text);
            break;
    }
    out += "}\n";
}

}  // namespace

void TraceHash::add(std::uint64_t value) noexcept {
    state_ = multiply_fold(state_ ^ value, kFirst) + kSecond;
}

void TraceHash::add(base::ByteView bytes) noexcept {
    std::uint64_t state = state_;
    const std::byte* at = bytes.data();
    std::size_t rest = bytes.size();
    for (; rest >= 16; rest -= 16, at += 16) {
        state = multiply_fold(load(at, 8) ^ state, load(at + 8, 8) ^ kFirst) + kSecond;
    }
    state_ = state;
    add(rest > 0 ? load(at, std::min<std::size_t>(rest, 8)) : 0);
    add(rest > 8 ? load(at + 8, rest - 8) : 0);
    add(bytes.size());
}

std::string_view to_text(TraceKind kind) noexcept {
    switch (kind) {
        case TraceKind::Sent:
            return "sent";
        case TraceKind::Received:
            return "received";
        case TraceKind::TunRead:
            return "tun_read";
        case TraceKind::TunWritten:
            return "tun_written";
        case TraceKind::Host:
            return "host";
        case TraceKind::Action:
            return "action";
        case TraceKind::Log:
            break;
    }
    return "log";
}

std::string_view to_text(HostChange change) noexcept {
    switch (change) {
        case HostChange::Started:
            return "started";
        case HostChange::Crashed:
            return "crashed";
        case HostChange::Left:
            return "left";
        case HostChange::Suspended:
            return "suspended";
        case HostChange::Resumed:
            return "resumed";
        case HostChange::Moved:
            break;
    }
    return "moved";
}

Trace::Trace(Clock clock, std::size_t records_max)
    : clock_(std::move(clock)), records_max_(std::max<std::size_t>(records_max, 1)) {}

std::string Trace::hash_text() const { return fmt::format("{:016x}", hash()); }

void Trace::for_each(const std::function<void(const TraceRecord&)>& visit) const {
    const std::size_t oldest = ring_.size() < records_max_ ? 0 : events_ % records_max_;
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        visit(ring_[(oldest + i) % ring_.size()]);
    }
}

TraceRecord& Trace::begin(TraceKind kind, HostId host) {
    if (ring_.size() < records_max_) {
        ring_.emplace_back();
    }
    TraceRecord& record = ring_[events_++ % records_max_];
    record.when = clock_();
    record.kind = kind;
    record.host = host;
    record.text.clear();
    hash_.add(record.when.nanoseconds());
    hash_.add(std::uint64_t{host} << 8 | static_cast<std::uint64_t>(kind));
    return record;
}

void Trace::add_datagram(TraceKind kind, HostId host, const Packet& packet) {
    TraceRecord& record = begin(kind, host);
    record.corrupted = packet.corrupted;
    record.origin = packet.origin;
    record.number = packet.number;
    record.bytes = packet.payload.size();
    record.source = packet.source;
    record.destination = packet.destination;
    hash_.add(packet.number);
    for (const net::SocketAddress* address : {&packet.source, &packet.destination}) {
        hash_.add(address->ip.bytes());
        hash_.add(std::uint64_t{address->scope} << 16 | address->port);
    }
    hash_.add(static_cast<std::uint64_t>(packet.ecn) << 8 | packet.hop_limit);
    hash_.add(packet.payload);
}

void Trace::add_tun(TraceKind kind, HostId host, base::ByteView packet) {
    begin(kind, host).bytes = packet.size();
    hash_.add(packet);
}

void Trace::on_tun_read(HostId host, base::ByteView packet) {
    add_tun(TraceKind::TunRead, host, packet);
}

void Trace::on_tun_written(HostId host, base::ByteView packet) {
    add_tun(TraceKind::TunWritten, host, packet);
}

void Trace::on_sent(HostId host, const Packet& packet) {
    add_datagram(TraceKind::Sent, host, packet);
}

void Trace::on_received(HostId host, const Packet& packet) {
    add_datagram(TraceKind::Received, host, packet);
}

void Trace::on_host(HostId host, HostChange change) {
    begin(TraceKind::Host, host).text = to_text(change);
    hash_.add(static_cast<std::uint64_t>(change));
}

void Trace::on_action(std::string_view what) {
    begin(TraceKind::Action, 0).text = what;
    hash_.add(base::as_bytes(what));
}

void Trace::on_log(HostId host, base::LogLevel level, std::string_view message) {
    TraceRecord& record = begin(TraceKind::Log, host);
    record.level = level;
    record.text = message;
    hash_.add(static_cast<std::uint64_t>(level));
    hash_.add(base::as_bytes(message));
}

std::string to_json_lines(const Trace& trace, const std::vector<std::string>& hosts,
                          base::Instant began) {
    std::string out;
    trace.for_each([&](const TraceRecord& record) { append_record(out, record, hosts, began); });
    return out;
}

}  // namespace qe::sim
