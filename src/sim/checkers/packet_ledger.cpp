// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/packet_ledger.h"

#include <algorithm>
#include <utility>

#include "quicether/net/checksum.h"
#include "sim/trace.h"
#include "sim/traffic/ip_packet.h"

namespace qe::sim {
namespace {

constexpr std::size_t kStreamsMax = 4096;
constexpr std::size_t kV4HeaderMax = 60;
constexpr std::byte kEcnBitsV4{0x03};
constexpr std::byte kEcnBitsV6{0x30};
constexpr std::size_t kTcpChecksum = 16;

/// Where a SYN's MSS is, from the beginning of the TCP header; 0: nowhere.
std::size_t find_mss(base::ByteView tcp) {
    constexpr std::size_t kFixed = 20;
    constexpr std::uint8_t kEnd = 0;
    constexpr std::uint8_t kNothing = 1;
    constexpr std::uint8_t kMss = 2;
    if (tcp.size() < kFixed) {
        return 0;
    }
    const std::size_t header =
        std::min<std::size_t>(4 * (std::to_integer<std::size_t>(tcp[12]) >> 4), tcp.size());
    std::size_t at = kFixed;
    while (at + 4 <= header) {
        const auto kind = std::to_integer<std::uint8_t>(tcp[at]);
        const auto size = std::to_integer<std::size_t>(tcp[at + 1]);
        if (kind == kMss && size == 4) {
            return at + 2;
        }
        if (kind == kEnd || (kind != kNothing && size < 2)) {
            return 0;
        }
        at += kind == kNothing ? 1 : size;
    }
    return 0;
}

std::uint16_t mss_of(base::ByteView packet, const net::PacketFacts& facts) {
    if (!net::is_tcp_syn(packet, facts)) {
        return 0;
    }
    const base::ByteView tcp = packet.subspan(facts.header_size);
    const std::size_t at = find_mss(tcp);
    return at == 0 ? std::uint16_t{0} : base::ByteReader(tcp.subspan(at)).u16();
}

/// The IP header without what may change.
std::size_t fixed_header(base::ByteView packet, const net::PacketFacts& facts,
                         std::array<std::byte, kV4HeaderMax>& out) {
    const std::size_t size = facts.header_size;
    std::copy_n(packet.begin(), size, out.begin());
    if (facts.source.is_v4()) {
        out[1] &= ~kEcnBitsV4;
        out[8] = out[10] = out[11] = std::byte{0};
        if (facts.dont_fragment) {
            out[4] = out[5] = std::byte{0};
        }
    } else {
        out[1] &= ~kEcnBitsV6;
        out[7] = std::byte{0};
    }
    return size;
}

std::uint64_t key_of(base::ByteView packet, const net::PacketFacts& facts) {
    std::array<std::byte, kV4HeaderMax> header{};
    TraceHash hash;
    hash.add(base::ByteView(header).first(fixed_header(packet, facts, header)));
    const base::ByteView rest = packet.subspan(facts.header_size);
    const std::size_t mss = net::is_tcp_syn(packet, facts) ? find_mss(rest) : 0;
    if (mss == 0) {
        hash.add(rest);
    } else {
        hash.add(rest.first(kTcpChecksum));
        hash.add(rest.subspan(kTcpChecksum + 2, mss - kTcpChecksum - 2));
        hash.add(rest.subspan(mss + 2));
    }
    return hash.value();
}

std::uint64_t pair_key(const net::IpAddress& source, const net::IpAddress& destination) {
    TraceHash hash;
    hash.add(source.bytes());
    hash.add(destination.bytes());
    return hash.value();
}

std::uint64_t stream_key(const net::PacketFacts& facts) {
    TraceHash hash;
    hash.add(pair_key(facts.source, facts.destination));
    hash.add((std::uint64_t{facts.source_port} << 16) | facts.destination_port);
    return hash.value();
}

std::size_t tcp_data_bytes(base::ByteView packet, const net::PacketFacts& facts) {
    constexpr std::size_t kOffset = 12;
    if (facts.protocol != net::kProtocolTcp || !facts.has_ports ||
        packet.size() <= facts.header_size + kOffset) {
        return 0;
    }
    const std::size_t header =
        4 * (std::to_integer<std::size_t>(packet[facts.header_size + kOffset]) >> 4);
    const std::size_t all = packet.size() - facts.header_size;
    return all - std::min(all, header);
}

bool header_checksum_right(base::ByteView packet, const net::PacketFacts& facts) {
    return facts.source.is_v6() || net::internet_checksum(packet.first(facts.header_size)) == 0;
}

bool is_error(base::ByteView packet, const net::PacketFacts& facts) {
    if (packet.size() <= facts.header_size) {
        return false;
    }
    const auto type = std::to_integer<unsigned>(packet[facts.header_size]);
    if (facts.source.is_v4()) {
        return facts.protocol == kProtocolIcmp && (type == 3 || type == 11);
    }
    return facts.protocol == kProtocolIcmp6 && type >= 1 && type <= 3;
}

/// Source and destination of the packet that an ICMP error is about.
std::optional<std::pair<net::IpAddress, net::IpAddress>> quoted_pair(
    base::ByteView packet, const net::PacketFacts& facts) {
    constexpr std::size_t kIcmpHeader = 8;
    const std::size_t at = facts.header_size + kIcmpHeader;
    const bool is_v4 = facts.source.is_v4();
    const std::size_t addresses = is_v4 ? 12 : 8;
    const std::size_t bytes = is_v4 ? 4 : 16;
    if (packet.size() < at + addresses + 2 * bytes) {
        return std::nullopt;
    }
    const base::ByteView quote = packet.subspan(at + addresses);
    return std::pair{net::IpAddress::from_bytes(quote.first(bytes)),
                     net::IpAddress::from_bytes(quote.subspan(bytes, bytes))};
}

}  // namespace

void PacketLedger::turn_over(base::Instant now) {
    if (!hold_ && now - turned_at_ >= kGeneration) {
        std::swap(young_, old_);
        young_ = {};
        turned_at_ = now;
    }
    incomplete_ = incomplete_ && now < complete_at_;
}

PacketLedger::Entry* PacketLedger::find(std::uint64_t key) {
    for (Generation* generation : {&young_, &old_}) {
        const auto found = generation->packets.find(key);
        if (found != generation->packets.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

void PacketLedger::add(base::Instant now, HostId from, base::ByteView packet) {
    turn_over(now);
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        return;
    }
    if (streams_.size() >= kStreamsMax) {
        forgo(now);
        return;
    }
    if (const std::size_t bytes = tcp_data_bytes(packet, *facts); bytes > 0) {
        Stream& stream = streams_[stream_key(*facts)];
        stream.from = from;
        stream.sent_bytes += bytes;
    }
    const std::uint64_t key = key_of(packet, *facts);
    if (auto known = old_.packets.extract(key)) {
        young_.packets.insert(std::move(known));  // so that it is remembered long enough
    }
    if (young_.packets.size() >= kPacketsMax && !young_.packets.contains(key)) {
        forgo(now);
        return;
    }
    Entry& entry = young_.packets[key];
    entry.from = from;
    ++entry.sent;
    entry.mss = std::max(entry.mss, mss_of(packet, *facts));
    entry.hop_limit = facts->hop_limit;
    entry.ecn = static_cast<std::uint8_t>(facts->ecn);
    young_.pairs[pair_key(facts->source, facts->destination)] = from;
}

void PacketLedger::forgo(base::Instant now) noexcept {
    incomplete_ = true;
    complete_at_ = now + 2 * kGeneration;
}

PacketJudgement PacketLedger::unknown(const char* why) const {
    PacketJudgement judgement;
    judgement.kind = incomplete_ ? PacketKind::Unjudged : PacketKind::Unknown;
    judgement.why = why;
    return judgement;
}

PacketJudgement PacketLedger::judge(base::Instant now, base::ByteView packet) {
    turn_over(now);
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        return unknown("it is no IP packet");
    }
    if (!header_checksum_right(packet, *facts)) {
        return unknown("its header's checksum is wrong");
    }
    if (Entry* entry = find(key_of(packet, *facts))) {
        return judge_known(*entry, packet, *facts);
    }
    if (is_error(packet, *facts)) {
        return judge_error(packet, *facts).value_or(unknown("it is an error about no packet"));
    }
    return judge_stream(packet, *facts).value_or(unknown("nobody sent these bytes"));
}

PacketJudgement PacketLedger::judge_known(Entry& entry, base::ByteView packet,
                                          const net::PacketFacts& facts) {
    PacketJudgement judgement;
    judgement.from = entry.from;
    judgement.hop_limit_rose = facts.hop_limit > entry.hop_limit;
    judgement.forwards =
        judgement.hop_limit_rose ? 0U : unsigned{entry.hop_limit} - unsigned{facts.hop_limit};
    judgement.kind = ++entry.delivered > entry.sent ? PacketKind::Repeated : PacketKind::Sent;
    const auto sent_ecn = static_cast<net::Ecn>(entry.ecn);
    const bool may_mark = sent_ecn != net::Ecn::NotEct && facts.ecn == net::Ecn::Ce;
    if (facts.ecn != sent_ecn && !may_mark) {
        judgement.kind = PacketKind::Altered;
        judgement.why = "its ECN field changed to something else than Congestion Experienced";
    } else if (mss_of(packet, facts) > entry.mss) {
        judgement.kind = PacketKind::Altered;
        judgement.why = "its MSS rose";
    } else if (entry.mss != 0 && !open_ip_packet(packet)) {
        judgement.kind = PacketKind::Altered;
        judgement.why = "its checksum was not mended when the MSS was lowered";
    }
    if (const std::size_t bytes = tcp_data_bytes(packet, facts); bytes > 0) {
        streams_[stream_key(facts)].delivered_bytes += bytes;
    }
    return judgement;
}

std::optional<PacketJudgement> PacketLedger::judge_stream(base::ByteView packet,
                                                          const net::PacketFacts& facts) {
    const std::size_t bytes = tcp_data_bytes(packet, facts);
    const auto found = bytes > 0 ? streams_.find(stream_key(facts)) : streams_.end();
    if (found == streams_.end() || !open_ip_packet(packet)) {
        return std::nullopt;
    }
    PacketJudgement judgement;
    judgement.from = found->second.from;
    found->second.delivered_bytes += bytes;
    judgement.kind = found->second.delivered_bytes > found->second.sent_bytes ? PacketKind::Repeated
                                                                              : PacketKind::Recut;
    return judgement;
}

std::optional<PacketJudgement> PacketLedger::judge_error(base::ByteView packet,
                                                         const net::PacketFacts& facts) const {
    const auto quoted = quoted_pair(packet, facts);
    if (!quoted || quoted->first != facts.destination || !open_ip_packet(packet)) {
        return std::nullopt;
    }
    const std::uint64_t key = pair_key(quoted->first, quoted->second);
    for (const Generation* generation : {&young_, &old_}) {
        if (const auto found = generation->pairs.find(key); found != generation->pairs.end()) {
            PacketJudgement judgement;
            judgement.kind = PacketKind::Error;
            judgement.from = found->second;
            return judgement;
        }
    }
    return std::nullopt;
}

}  // namespace qe::sim
