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
#include <map>
#include <memory>
#include <optional>
#include <string>
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
    std::string parent;             ///< A region or a network added before.
    net::Prefix v4;                 ///< Private behind a NAT, else routed by all parents.
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

class Topology {
  public:
    Topology(Scheduler& scheduler, base::Rng rng);
    ~Topology();

    // Building. Errors: kBadConfig with a sentence, for unknown or repeated names, prefixes that
    // are full or overlap where they must not.
    base::Result<void> add_region(const std::string& name);
    /// Both directions. Regions without one are not connected.
    base::Result<void> connect_regions(const std::string& a, const std::string& b,
                                       const PipeOptions& each_way);
    base::Result<void> add_network(const NetworkOptions& options);

    /// Joins `link`, a name such as "alice/eth0", to a network; what arrives for its addresses goes
    /// to `host`, which must stay valid until detach().
    base::Result<Attachment> attach(const std::string& link, const std::string& network,
                                    const LinkOptions& options, Receiver& host);
    void detach(const std::string& link);
    /// Where the host puts what it sends through this link.
    [[nodiscard]] Receiver& entry(const std::string& link);

    /// What a network was added with; null for a region and for an unknown name.
    [[nodiscard]] const NetworkOptions* find_network(const std::string& name) const;

    // Faults. `link` is an access link ("alice/eth0"), a network's uplink ("home") or the way
    // between two regions ("europe-asia").
    [[nodiscard]] std::optional<LinkOptions> link_options(const std::string& link) const;
    base::Result<void> set_link(const std::string& link, const LinkOptions& options);
    /// Forgets all mappings of a network's NAT and takes other ports, as a restarted box does; with
    /// `new_address` also another outside address.
    base::Result<void> rebind_nat(const std::string& network, bool new_address);

    [[nodiscard]] std::vector<std::string> links() const;
    /// Sum of what all pipes lost, delivered and hold.
    [[nodiscard]] PipeCounters totals() const;
    [[nodiscard]] std::optional<PipeCounters> link_counters(const std::string& link) const;

  private:
    struct Region;
    struct Network;
    struct Link;
    class Router;
    struct Parts;
    Scheduler& scheduler_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace qe::sim
