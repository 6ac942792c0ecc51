// SPDX-License-Identifier: Apache-2.0
//
// World: real Nodes joined by an in-memory underlay under a virtual clock.
//
// The smallest harness that lets several nodes talk in a unit test: hosts with addresses, one-way
// delay, an underlay MTU, an optional filter that may drop or look at datagrams, crash and restart,
// changed addresses. Everything happens in order of virtual time; ties in order of sending, and
// what arrives at a host at one time arrives as one batch. It
// knows nothing of rates, queues, NAT: the simulator models those.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/log.h"
#include "quicether/base/time.h"
#include "quicether/config/config.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/datagram.h"
#include "quicether/net/offload.h"
#include "quicether/node/node.h"

namespace qe::testing {

/// Keeps records, so that a test can look for them.
class RecordingSink : public base::LogSink {
  public:
    bool enabled(base::LogLevel level, std::string_view) const noexcept override {
        return level >= base::LogLevel::Info;
    }
    void write(base::LogLevel level, std::string_view module, std::string_view message) override;
    [[nodiscard]] std::size_t count(std::string_view part) const;
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    std::vector<std::string> lines_;
};

/// A datagram on its way through the underlay.
struct InFlight {
    base::Instant arrives;
    std::uint64_t order = 0;
    net::SocketAddress from;
    net::SocketAddress to;
    base::Bytes bytes;
};

class World {
  public:
    using HostId = std::size_t;
    /// False: the datagram is lost.
    using Filter = std::function<bool(const InFlight&)>;

    World();
    ~World();

    /// A host whose key comes from its number; not started yet. DHT and LAN discovery are off until
    /// its configuration says otherwise.
    HostId add_host(std::string name, std::vector<net::IpAddress> addresses);
    [[nodiscard]] crypto::NodeId id_of(HostId host) const;
    /// The [[peer]] entry by which others may know this host.
    [[nodiscard]] config::PeerConfig peer_entry(HostId host, bool with_endpoint = true) const;
    /// Every pair knows each other.
    void know_each_other(const std::vector<HostId>& hosts);

    config::Config& config_of(HostId host);
    void start(HostId host);
    /// The process is gone: nothing is sent any more, state is lost but for what it persisted.
    void crash(HostId host);
    void shutdown(HostId host, std::string_view reason);
    /// What is persisted from now on is not safe before the disk works again; a crash loses it.
    void set_disk_hangs(HostId host, bool on);
    /// Puts something into a host's state, or removes what it has persisted under this name.
    void store_state(HostId host, const std::string& name, base::Bytes contents);
    void forget_state(HostId host, const std::string& name);
    /// How often its deadline has come.
    [[nodiscard]] std::uint64_t wake_ups(HostId host) const;
    /// Gives the running node config_of(host) again.
    control::ReloadReply reload(HostId host);
    void set_addresses(HostId host, std::vector<net::IpAddress> addresses, bool clock_jump = false);
    /// Each of its addresses is on an interface of its own: eth0, eth1, … To be called before
    /// start(); without, eth0 has them all.
    void set_an_interface_each(HostId host);
    void set_filter(Filter filter) { filter_ = std::move(filter); }
    /// All hosts hear each other's LAN discovery.
    void set_one_lan(bool on) { one_lan_ = on; }
    /// Hosts get back at a start what they had persisted.
    void set_restores(bool on) { restores_ = on; }
    void set_delay(base::Duration one_way) { delay_ = one_way; }
    /// What is sent to these addresses takes so much longer.
    void set_detour(net::Prefix to, base::Duration one_way) {
        detour_to_ = to;
        detour_ = one_way;
    }
    void set_underlay_mtu(std::size_t bytes) { mtu_ = bytes; }
    /// Puts any datagram into the underlay.
    void inject(net::SocketAddress from, net::SocketAddress to, base::Bytes bytes);

    /// Starts at a fixed time and goes with the virtual clock. Running nodes believe what they were
    /// told last, at their start or by tell_wall_clock().
    [[nodiscard]] base::UnixTime wall_now() const;
    void tell_wall_clock();

    void run_for(base::Duration duration);
    /// Runs until `done` or `limit` has passed; false when it has.
    bool run_until(const std::function<bool()>& done, base::Duration limit);
    [[nodiscard]] base::Instant now() const { return now_; }

    node::Node& node(HostId host);
    [[nodiscard]] RecordingSink& log(HostId host);
    [[nodiscard]] control::StatusReply status(HostId host);
    [[nodiscard]] std::vector<control::PeerReply> peers(HostId host);
    [[nodiscard]] bool connected(HostId from, HostId to);
    [[nodiscard]] std::uint64_t counter(HostId host, std::string_view name);
    control::Reply ask(HostId host, const control::Request& request,
                       base::Duration limit = base::seconds(5));
    /// First overlay address of the family.
    [[nodiscard]] net::IpAddress overlay_address(HostId host, net::Family family);

    /// Gives the host's TUN device an IP packet or super-packet to send.
    void send_ip(HostId host, base::Bytes packet, const net::Offload& offload = {});
    /// What its TUN device received since the last call.
    std::vector<base::Bytes> take_received(HostId host);
    /// What those packets leave to the device; call before take_received().
    [[nodiscard]] std::vector<net::Offload> received_offloads(HostId host) const;
    [[nodiscard]] std::size_t received_count(HostId host) const;
    [[nodiscard]] const std::vector<InFlight>& captured() const { return captured_; }
    /// Keeps a copy of every datagram sent, for replay.
    void capture(bool on) { capturing_ = on; }

  private:
    struct Host;
    struct Later {
        bool operator()(const InFlight& a, const InFlight& b) const {
            return std::tie(a.arrives, a.order) > std::tie(b.arrives, b.order);
        }
    };
    void step();
    void pump(Host& host);
    void take_lan(Host& host);
    void take_effects(Host& host);
    void finish_writes(Host& host);
    void deliver_next();
    void send(InFlight datagram);
    [[nodiscard]] node::NetworkView view_of(const Host& host) const;
    Host* host_at(const net::SocketAddress& address);
    [[nodiscard]] base::Instant next_event() const;

    static constexpr base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000);
    base::Instant now_ = kStart;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::priority_queue<InFlight, std::vector<InFlight>, Later> in_flight_;
    std::uint64_t order_ = 0;
    base::Duration delay_ = base::milliseconds(5);
    std::optional<net::Prefix> detour_to_;
    base::Duration detour_{0};
    bool one_lan_ = false;
    bool restores_ = false;
    std::size_t mtu_ = 1500;
    Filter filter_;
    bool capturing_ = false;
    std::vector<InFlight> captured_;
    node::RequestId next_request_ = 1;
};

}  // namespace qe::testing
