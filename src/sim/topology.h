// SPDX-License-Identifier: Apache-2.0
//
// Topology: the underlay between hosts. Regions of the Internet with delays between them; networks
// that hang on a region or on another network through a router, a NAT box or a firewall; and the
// access links by which hosts' interfaces join networks.
//
//   host ═ access link ═ network ═ uplink ═ [router | NAT | firewall] … ═ region ═ region …
//
// A network hands out addresses of its prefixes in the order of joining. Hosts may join several
// networks, leave them and join others while packets are under way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/net/ip_address.h"
#include "sim/firewall.h"
#include "sim/nat.h"
#include "sim/packet.h"
#include "sim/pipe.h"
#include "sim/scheduler.h"

namespace qe::sim {

/// A link seen from the host or from the inner network: `up` leads away from it.
struct LinkOptions {
    PipeOptions up;
    PipeOptions down;

    friend bool operator==(const LinkOptions&, const LinkOptions&) = default;
};

struct NetworkOptions {
    std::string name;
    std::string parent;  ///< A region or a network added before.
    /// Private behind a NAT box, else routed by all parents up to the next one. Networks that can
    /// reach each other's addresses must not overlap, nor a private one the network it hangs on.
    net::Prefix v4;
    std::optional<net::Prefix> v6;  ///< Routed, never translated.
    LinkOptions uplink;
    std::optional<NatOptions> nat;  ///< IPv4 only. Its outside address is taken from the parent.
    std::optional<FirewallOptions> firewall;  ///< Between the NAT and the uplink.
};

/// A host's interface in a network.
struct Attachment {
    std::string network;
    net::Prefix v4;                 ///< Address and the network's prefix length.
    std::optional<net::Prefix> v6;  ///< Likewise.
};

/// What the devices between the pipes did not pass on.
struct DeviceCounters {
    std::uint64_t lost_no_route = 0;  ///< Nobody has the address, or nobody any more.
    std::uint64_t lost_hops = 0;      ///< Hop limits that ran out.
    std::uint64_t lost_detached = 0;  ///< Were on the access link when the host left it.
    std::uint64_t lost_nat = 0;
    std::uint64_t lost_firewall = 0;
};

class Topology {
  public:
    /// The network from which regions hand outside addresses to NAT boxes, each a part of its own
    /// (RFC 2544). No other network may overlap it.
    static constexpr std::string_view kRegionAddresses = "198.18.0.0/15";
    static constexpr std::size_t kRegionsMax = 32;

    Topology(Scheduler& scheduler, base::Rng rng);
    ~Topology();

    // Building. Errors: kBadConfig with a sentence, for unknown or repeated names, prefixes that
    // are full or overlap where they must not.
    base::Result<void> add_region(const std::string& name);
    /// Both directions, as the link "a-b". Regions without one are not connected, also not by way
    /// of a third.
    base::Result<void> connect_regions(const std::string& a, const std::string& b,
                                       const PipeOptions& each_way);
    base::Result<void> add_network(const NetworkOptions& options);

    /// Joins `link`, a name such as "alice/eth0", to a network; what arrives for its addresses goes
    /// to `host`, which must stay valid until detach().
    base::Result<Attachment> attach(const std::string& link, const std::string& network,
                                    const LinkOptions& options, Receiver& host);
    /// Its packets that are under way to others go on; those to it are lost. The addresses are
    /// given to others when all else are taken. Unknown links are ignored.
    void detach(const std::string& link);
    /// Where the host puts what it sends through this link. Valid until detach(). Of an unknown
    /// link: into nothing.
    [[nodiscard]] Receiver& entry(const std::string& link);

    // Questions.
    /// What a network was added with; null for a region and for an unknown name.
    [[nodiscard]] const NetworkOptions* find_network(const std::string& name) const;
    /// Of a network with a NAT box.
    [[nodiscard]] std::optional<net::IpAddress> outside_address(const std::string& network) const;

    // Faults. `link` is an access link ("alice/eth0"), a network's uplink ("home") or the way
    // between two regions ("europe-asia").
    [[nodiscard]] std::optional<LinkOptions> link_options(const std::string& link) const;
    base::Result<void> set_link(const std::string& link, const LinkOptions& options);
    /// Forgets all mappings of a network's NAT and takes other ports, as a restarted box does; with
    /// `new_address` also another outside address.
    base::Result<void> rebind_nat(const std::string& network, bool new_address);

    [[nodiscard]] std::vector<std::string> links() const;
    /// Sum of what all pipes lost, delivered and hold, those of detached links included.
    [[nodiscard]] PipeCounters totals() const;
    [[nodiscard]] DeviceCounters device_totals() const;
    [[nodiscard]] std::optional<PipeCounters> link_counters(const std::string& link) const;

  private:
    struct Parts;
    Scheduler& scheduler_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace qe::sim
