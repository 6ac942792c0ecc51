// SPDX-License-Identifier: Apache-2.0
//
// Place: where packets are routed, a region of the Internet or a network; and the links between
// places and to hosts. The parts of which Topology is made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "quicether/base/rng.h"
#include "quicether/net/ip_address.h"
#include "sim/address_pool.h"
#include "sim/firewall.h"
#include "sim/nat.h"
#include "sim/pipe.h"
#include "sim/router.h"
#include "sim/scheduler.h"
#include "sim/topology.h"

namespace qe::sim {

/// Both directions of a link.
struct Duplex {
    Duplex(Scheduler& scheduler, base::Rng& rng, const LinkOptions& options, Receiver& above,
           Receiver& below)
        : up(scheduler, rng.fork("up"), options.up, above),
          down(scheduler, rng.fork("down"), options.down, below) {}

    [[nodiscard]] LinkOptions options() const { return {up.options(), down.options()}; }
    void set_options(const LinkOptions& options) {
        up.set_options(options.up);
        down.set_options(options.down);
    }
    [[nodiscard]] PipeCounters counters() const {
        PipeCounters sum = up.counters();
        return sum += down.counters();
    }
    [[nodiscard]] bool idle() const noexcept { return up.idle() && down.idle(); }

    Pipe up;
    Pipe down;
};

struct Place {
    Place(std::string place_name, const net::Prefix& v4_prefix)
        : name(std::move(place_name)), v4(v4_prefix) {}

    [[nodiscard]] bool is_region() const noexcept { return parent == nullptr; }
    [[nodiscard]] bool translates() const noexcept { return nat != nullptr; }

    std::string name;
    Router router;
    AddressPool v4;
    std::optional<AddressPool> v6;

    // Of networks; a region has none of these.
    Place* parent = nullptr;
    NetworkOptions options;
    std::unique_ptr<NatBox> nat;
    std::unique_ptr<Firewall> firewall;
    std::unique_ptr<Duplex> uplink;
};

/// The end of an access link at the host, which may leave before its packets arrive.
class HostEnd final : public Receiver {
  public:
    explicit HostEnd(Receiver& host) : host_(&host) {}
    void receive(Packet packet) override {
        if (host_ == nullptr) {
            ++lost_;
        } else {
            host_->receive(std::move(packet));
        }
    }
    void leave() noexcept { host_ = nullptr; }
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

  private:
    Receiver* host_;
    std::uint64_t lost_ = 0;
};

struct AccessLink {
    AccessLink(Scheduler& scheduler, base::Rng rng, const LinkOptions& options, Place& joined,
               Receiver& host)
        : place(joined),
          end(host),
          pipes(scheduler, rng, options, joined.router.from_host(), end) {}

    Place& place;
    std::optional<net::IpAddress> v4;
    std::optional<net::IpAddress> v6;
    HostEnd end;
    Duplex pipes;
    base::Instant detached_at = base::Instant::never();
};

/// Between two regions; `up` leads to `b`.
struct RegionWay {
    RegionWay(Scheduler& scheduler, base::Rng rng, const LinkOptions& options, Place& from,
              Place& to)
        : a(from),
          b(to),
          pipes(scheduler, rng, options, to.router.from_below(), from.router.from_below()) {}

    Place& a;
    Place& b;
    Duplex pipes;
};

}  // namespace qe::sim
