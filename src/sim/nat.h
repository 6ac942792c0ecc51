// SPDX-License-Identifier: Apache-2.0
//
// NatBox: translates IPv4 addresses and UDP ports, with the behaviours that RFC 4787 names.
//
// A mapping gives an inside endpoint a port of the outside address; what comes in to that port must
// pass the mapping's filter. Both live for `lifetime` after the last packet from the inside (REQ-6)
// and are forgotten when somebody next asks for them: no event is scheduled. Everything is bounded:
// a packet for which there is no room is lost and counted. IPv6 passes as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"
#include "sim/middlebox.h"
#include "sim/scheduler.h"

namespace qe::sim {

/// On what of the remote endpoint a behaviour depends (RFC 4787, sections 4.1 and 5).
enum class NatDependence : std::uint8_t { EndpointIndependent, Address, AddressAndPort };

/// Which port a new mapping gets, unless the inside port is preserved.
enum class NatAllocation : std::uint8_t {
    Contiguous,  ///< The next free one, so that a stranger may guess it.
    Random,
};

struct NatOptions {
    NatDependence mapping = NatDependence::EndpointIndependent;
    NatDependence filtering = NatDependence::AddressAndPort;
    bool preserve_ports = false;  ///< The inside port if it is free and in the range.
    bool hairpin = false;         ///< Insiders may talk to the outside address (REQ-9).
    base::Duration lifetime = base::seconds(120);
    NatAllocation allocation = NatAllocation::Contiguous;
    std::uint16_t port_first = 1024;
    std::uint16_t port_last = 65535;
    std::size_t mappings_max = 4096;

    friend bool operator==(const NatOptions&, const NatOptions&) = default;
};

struct NatCounters {
    std::uint64_t outbound = 0;       ///< Translated and passed, hairpins included.
    std::uint64_t inbound = 0;        ///< Likewise.
    std::uint64_t lost_full = 0;      ///< No mapping, port or filter entry was free.
    std::uint64_t lost_hairpin = 0;   ///< From the inside to the outside address, not supported.
    std::uint64_t lost_unmapped = 0;  ///< From outside to a port that is nobody's.
    std::uint64_t lost_filtered = 0;  ///< From a remote that the filter does not let in.

    [[nodiscard]] std::uint64_t lost() const noexcept {
        return lost_full + lost_hairpin + lost_unmapped + lost_filtered;
    }
};

class NatBox final : public Middlebox {
  public:
    /// Remote endpoints, or addresses, that one mapping's filter remembers.
    static constexpr std::size_t kFilterEntriesMax = 4096;

    /// Preconditions: `outside` is IPv4, port_first <= port_last, mappings_max > 0.
    NatBox(Scheduler& scheduler, base::Rng rng, const NatOptions& options, net::IpAddress outside);

    [[nodiscard]] const net::IpAddress& outside_address() const noexcept { return outside_; }
    /// Forgets all mappings. Ports in use until now are not given again while others are free, not
    /// even to preserve them, until the next rebind.
    void rebind(net::IpAddress outside);
    [[nodiscard]] const NatCounters& counters() const noexcept { return counters_; }
    /// Expired ones that nobody asked for included.
    [[nodiscard]] std::size_t mappings() const noexcept { return mappings_.size(); }

  private:
    /// The inside endpoint, and as much of the remote as the mapping depends on.
    struct Key {
        net::SocketAddress inside;
        net::SocketAddress remote;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct Mapping {
        Key key;
        base::Instant used;  ///< By the last packet from the inside.
        std::unordered_map<net::SocketAddress, base::Instant> filter;
    };

    void handle_outbound(Packet packet) override;
    void handle_inbound(Packet packet) override;
    /// The outside port of a living or new mapping; 0 when there is none to be had.
    std::uint16_t map(const net::SocketAddress& inside, const net::SocketAddress& remote);
    std::uint16_t add_mapping(const Key& key);
    [[nodiscard]] bool remember_remote(Mapping& mapping, const net::SocketAddress& remote);
    [[nodiscard]] bool admits(const Mapping& mapping, const net::SocketAddress& remote) const;
    [[nodiscard]] std::uint16_t choose_port(std::uint16_t preferred);
    [[nodiscard]] std::uint16_t first_free_port(bool avoid);
    [[nodiscard]] bool is_free(std::uint16_t port);
    [[nodiscard]] bool alive(base::Instant used) const noexcept;
    void forget(std::uint16_t port);
    void forget_expired();

    Scheduler& scheduler_;
    base::Rng rng_;
    NatOptions options_;
    net::IpAddress outside_;
    std::unordered_map<std::uint16_t, Mapping> mappings_;  ///< By outside port.
    std::unordered_map<Key, std::uint16_t, KeyHash> ports_;
    std::unordered_set<std::uint16_t> avoided_;
    std::uint16_t next_port_;
    base::Instant swept_;
    NatCounters counters_;
};

/// Of `remote` what a behaviour depends on; the rest is zero.
[[nodiscard]] net::SocketAddress relevant_part(NatDependence dependence,
                                               const net::SocketAddress& remote) noexcept;

}  // namespace qe::sim
