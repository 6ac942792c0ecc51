// SPDX-License-Identifier: Apache-2.0
//
// Router: hands packets to where their destination is: an attached host, another network, or the
// default way up.
//
// What came from above and has no way down is dropped, never sent up again, so that packets cannot
// run in circles; the hop limit is counted down all the same (RFC 791, RFC 8200), except between
// hosts of the router's own network, whose packets do not leave it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "quicether/net/ip_address.h"
#include "sim/packet.h"

namespace qe::sim {

struct RouterCounters {
    std::uint64_t forwarded = 0;
    std::uint64_t lost_no_route = 0;  ///< Also for addresses of its own network that nobody has.
    std::uint64_t lost_hops = 0;

    RouterCounters& operator+=(const RouterCounters& other) noexcept {
        forwarded += other.forwarded;
        lost_no_route += other.lost_no_route;
        lost_hops += other.lost_hops;
        return *this;
    }
};

class Router final {
  public:
    Router() = default;
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    /// Takes what attached hosts send.
    [[nodiscard]] Receiver& from_host() noexcept { return from_host_; }
    /// Takes what comes from networks below, or beside.
    [[nodiscard]] Receiver& from_below() noexcept { return from_below_; }
    /// Takes what comes from where the default route leads.
    [[nodiscard]] Receiver& from_above() noexcept { return from_above_; }

    // Receivers must stay valid until their route is removed.
    void set_default(Receiver& to) noexcept { default_ = &to; }
    void add_host(const net::IpAddress& address, Receiver& to) { hosts_[address] = {&to, true}; }
    /// The outside address of a NAT box in this network.
    void add_box(const net::IpAddress& address, Receiver& to) { hosts_[address] = {&to, false}; }
    void remove_address(const net::IpAddress& address) { hosts_.erase(address); }
    /// A prefix of this router's own: addresses of it that nobody has are nowhere.
    void add_own(const net::Prefix& prefix) {
        prefixes_[prefix.network().address()] = {prefix, {}};
    }
    /// Precondition: overlaps no other prefix here.
    void add_route(const net::Prefix& prefix, Receiver& to) {
        prefixes_[prefix.network().address()] = {prefix, &to};
    }
    [[nodiscard]] const RouterCounters& counters() const noexcept { return counters_; }

  private:
    enum class Side : std::uint8_t { Host, Below, Above };

    class Port final : public Receiver {
      public:
        Port(Router& router, Side side) : router_(router), side_(side) {}
        void receive(Packet packet) override { router_.forward(std::move(packet), side_); }

      private:
        Router& router_;
        Side side_;
    };
    struct Host {
        Receiver* to = nullptr;
        bool local = false;
    };
    struct Route {
        net::Prefix prefix;
        Receiver* to = nullptr;  ///< Null: nowhere.
    };

    void forward(Packet packet, Side side);
    /// Null: nowhere.
    [[nodiscard]] Receiver* way_to(const net::IpAddress& destination, Side side) const;

    Receiver* default_ = nullptr;
    std::unordered_map<net::IpAddress, Host> hosts_;
    std::map<net::IpAddress, Route> prefixes_;  ///< By first address. None overlaps another.
    Port from_host_{*this, Side::Host};
    Port from_below_{*this, Side::Below};
    Port from_above_{*this, Side::Above};
    RouterCounters counters_;
};

}  // namespace qe::sim
