// SPDX-License-Identifier: Apache-2.0
//
// PacketLedger: books of the IP packets that hosts gave to their TUN devices, so that what comes
// out of another can be told to be one of them.
//
// A packet is recognised by all its bytes but those that may change on the way: hop limit, the two
// bits of ECN, the IPv4 header's checksum, the identification of an IPv4 packet that must not be
// fragmented (RFC 6864), and in a TCP SYN the MSS and the checksum over it. Of these it is judged
// apart whether they changed as they may. TCP data may be cut anew where a host leaves the checksum
// to its network card (ADR 0007): then the byte counts of the connection are compared instead.
//
// Memory is bounded: packets are forgotten after one to two kGeneration, but not while a host
// sleeps, in whose queues they may wait; and beyond kPacketsMax in one generation none is booked:
// what is not found then is not judged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "quicether/net/packet.h"
#include "sim/packet.h"

namespace qe::sim {

/// What a packet that came out of a TUN device is.
enum class PacketKind : std::uint8_t {
    Sent,      ///< One that a host sent.
    Repeated,  ///< The same, but it came out more often than it was sent.
    Recut,     ///< TCP data of a connection in which as much was sent.
    Error,     ///< An ICMP error about a packet that a host sent.
    Altered,   ///< One that a host sent, changed as it must not be.
    Unknown,   ///< Nobody sent it.
    Unjudged,  ///< The books are incomplete.
};

struct PacketJudgement {
    PacketKind kind = PacketKind::Unknown;
    HostId from = 0;        ///< Who sent it; of an error: who sent the packet that it is about.
    unsigned forwards = 0;  ///< By how much the hop limit has gone down. Sent and Repeated.
    bool hop_limit_rose = false;
    const char* why = "";  ///< Of Altered and Unknown: what is wrong.
};

class PacketLedger {
  public:
    static constexpr base::Duration kGeneration = base::seconds(60);
    static constexpr std::size_t kPacketsMax = std::size_t{1} << 19;

    /// While it holds nothing is forgotten for its age.
    void set_hold(base::Instant now, bool hold) noexcept {
        hold_ = hold;
        turned_at_ = now;
    }
    /// A host sent this. Malformed packets are nobody's.
    void add(base::Instant now, HostId from, base::ByteView packet);
    /// This came out of a TUN device.
    [[nodiscard]] PacketJudgement judge(base::Instant now, base::ByteView packet);

  private:
    struct Entry {
        HostId from = 0;
        std::uint32_t sent = 0;
        std::uint32_t delivered = 0;
        std::uint16_t mss = 0;  ///< Of a SYN that names one; the largest when it was sent again.
        std::uint8_t hop_limit = 0;
        std::uint8_t ecn = 0;
    };
    /// TCP data of one direction of one connection.
    struct Stream {
        HostId from = 0;
        std::uint64_t sent_bytes = 0;
        std::uint64_t delivered_bytes = 0;
    };
    struct Generation {
        std::unordered_map<std::uint64_t, Entry> packets;
        std::unordered_map<std::uint64_t, HostId> pairs;  ///< Source and destination.
    };

    void turn_over(base::Instant now);
    void forgo(base::Instant now) noexcept;  ///< Something is not booked.
    [[nodiscard]] Entry* find(std::uint64_t key);
    [[nodiscard]] PacketJudgement judge_known(Entry& entry, base::ByteView packet,
                                              const net::PacketFacts& facts);
    [[nodiscard]] std::optional<PacketJudgement> judge_stream(base::ByteView packet,
                                                              const net::PacketFacts& facts);
    [[nodiscard]] std::optional<PacketJudgement> judge_error(base::ByteView packet,
                                                             const net::PacketFacts& facts) const;
    [[nodiscard]] PacketJudgement unknown(const char* why) const;

    Generation young_;
    Generation old_;
    std::unordered_map<std::uint64_t, Stream> streams_;
    base::Instant turned_at_;
    bool hold_ = false;
    bool incomplete_ = false;    ///< Something was not booked in one of the generations,
    base::Instant complete_at_;  ///< which are both complete again then.
};

}  // namespace qe::sim
