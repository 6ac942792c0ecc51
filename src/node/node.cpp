// SPDX-License-Identifier: Apache-2.0
#include "quicether/node/node.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "node/claims.h"
#include "node/discovery/discovery.h"
#include "node/discovery/krpc_sieve.h"
#include "node/discovery/peer_cache.h"
#include "node/discovery/peer_cache_keeper.h"
#include "node/finding.h"
#include "node/links/close_text.h"
#include "node/links/demand_keeper.h"
#include "node/links/dialer.h"
#include "node/links/path_keeper.h"
#include "node/links/roaming.h"
#include "node/links/session_control.h"
#include "node/membership/membership.h"
#include "node/membership/network_keeper.h"
#include "node/node_state.h"
#include "node/noise_watch.h"
#include "node/path_reports.h"
#include "node/reports.h"
#include "node/traffic/data_plane.h"
#include "node/traffic/echo.h"

namespace qe::node {
namespace {

/// How long shutdown() waits for CONNECTION_CLOSE frames to leave.
constexpr base::Duration kDrain = base::milliseconds(200);
/// More than lies between the answer to a keep-alive and the deadline of the silence before it.
constexpr base::Duration kLookAhead = base::milliseconds(1200);
/// The host's routes are planned at most this often.
constexpr base::Duration kPlanInterval = base::milliseconds(50);
/// While QUIC has more to send, so many of its blocks leave for each datagram of the DHT.
constexpr unsigned kBlocksPerKrpc = 4;

}  // namespace

/// Routes inputs to the parts of the node and collects what they hand out.
class Node::Impl {
  public:
    Impl(NodeState state, base::Rng discovery_rng)
        : state_(std::move(state)),
          dialer_(state_),
          claims_(state_),
          links_(state_, dialer_),
          demand_(state_, dialer_, links_),
          paths_(state_, dialer_, links_),
          conversation_(state_, dialer_, links_, paths_, claims_),
          control_(state_, dialer_, links_, conversation_),
          data_(state_),
          roaming_(state_, dialer_),
          echo_(state_, conversation_),
          membership_(state_, dialer_, links_, claims_, conversation_),
          discovery_(state_, dialer_, std::move(discovery_rng)),
          network_({state_, conversation_, discovery_, membership_}),
          peer_cache_(state_, dialer_),
          finding_(state_, discovery_) {}

    void start(base::Instant now) {
        peer_cache_.start(now);
        discovery_.start(now);
        membership_.apply(now);
        refresh_plan(now);
    }

    // --- Input ---------------------------------------------------------------------------------

    void handle_udp(base::Instant now, std::span<const net::ReceivedDatagrams> batch) {
        for (const net::ReceivedDatagrams& received : batch) {
            take_datagrams(now, received);
        }
        digest(now);
        // What arrived mostly puts off the next silence: asking now saves waking up for it.
        look_at_due(now, now + kLookAhead);
        use_wake(now);
    }

    void set_tun_offloads(net::TunOffloads offloads) { data_.set_tun_offloads(offloads); }
    base::MutableBytes tun_buffer() { return data_.tun_buffer(); }
    void handle_tun(base::Instant now, const net::TunPacket& packet) {
        data_.handle_tun(now, packet);
    }

    void handle_timeout(base::Instant now) {
        if (state_.endpoint->next_deadline() <= now) {
            state_.endpoint->handle_timeout(now);
        }
        digest(now);
        if (demand_.next_deadline() <= now) {
            demand_.choose(now);
        }
        while (look_at_due(now, now)) {
        }
        if (discovery_.next_deadline() <= now) {
            discovery_.handle_deadline(now);
        }
        use_wake(now);
        if (network_.next_deadline() <= now) {
            network_.handle_deadline(now);
        }
        while (auto reply = echo_.poll_timeout(now)) {
            replies_.push_back(std::move(*reply));
        }
        if (state_.shutting_down && drained_at_ <= now) {
            drained_at_ = base::Instant::never();
            effects_.push_back(Finished{});
        }
    }

    void handle_network(base::Instant now, NetworkView view, bool clock_jump) {
        roaming_.handle_network(now, std::move(view), clock_jump);
        paths_.handle_network(now);
        conversation_.handle_network();
        discovery_.handle_network(now);
        network_.handle_change(now);
    }

    void handle_resolved(base::Instant now, const std::string& host,
                         std::vector<net::IpAddress> addresses) {
        discovery_.handle_resolved(now, host, addresses);
        dialer_.handle_resolved(now, host, std::move(addresses));
    }

    void handle_lan(base::Instant now, const net::SocketAddress& from, base::ByteView bytes) {
        discovery_.handle_lan(now, from, bytes);
    }

    void handle_stored_state(base::Instant now, const std::string& name, base::ByteView contents) {
        if (name == kDhtStateName) {
            discovery_.handle_stored_state(contents);
        }
        if (name == kNetworkStateName) {
            network_.handle_stored_state(now, contents);
        }
        if (name == kPeerCacheName) {
            peer_cache_.restore(now, contents);
        }
    }

    void handle_persisted(base::Instant now, std::uint64_t number) {
        network_.handle_persisted(now, number);
    }

    void handle_wall_clock(base::UnixTime wall_now) {
        state_.wall_now = wall_now;
        if (const auto set = state_.endpoint->set_wall_clock(wall_now); !set) {
            state_.problems["certificate"] = "our certificate could not be renewed";
        } else {
            state_.problems.erase("certificate");
        }
    }

    void handle_request(base::Instant now, RequestId id, const control::Request& request) {
        if (const auto* ping = std::get_if<control::PingRequest>(&request)) {
            if (auto failed = echo_.start(now, id, *ping)) {
                replies_.push_back({id, std::move(*failed)});
            }
            return;
        }
        if (auto reply = answer(now, id, request)) {
            replies_.push_back({id, std::move(*reply)});
        }
    }

    control::ReloadReply handle_reload(base::Instant now, config::Config config) {
        control::ReloadReply reply = membership_.reload(now, std::move(config));
        network_.handle_change(now);
        discovery_.handle_own_change(now);
        state_.members_changed = true;
        refresh_plan(now);
        return reply;
    }

    void shutdown(base::Instant now, std::string_view reason) {
        if (state_.shutting_down) {
            return;
        }
        state_.shutting_down = true;
        discovery_.shutdown(now);
        network_.shutdown(now);
        for (const PeerHandle peer : state_.peers.handles()) {
            links_.end_session(now, peer, CloseCode::Shutdown, reason);
        }
        drained_at_ = now + kDrain;
    }

    // --- Output --------------------------------------------------------------------------------

    std::optional<net::TransmitDatagrams> poll_udp(base::Instant now, base::MutableBytes buffer) {
        data_.fill(now);
        if (blocks_since_krpc_ < kBlocksPerKrpc || !discovery_.has_transmits()) {
            if (auto block = state_.endpoint->poll_transmit(now, buffer)) {
                ++blocks_since_krpc_;
                return block;
            }
        }
        blocks_since_krpc_ = 0;
        if (auto krpc = discovery_.poll_transmit(now, buffer)) {
            return krpc;
        }
        return state_.endpoint->poll_transmit(now, buffer);
    }
    std::optional<LanDatagram> poll_lan() { return discovery_.poll_lan(); }
    std::span<const net::TunFrame> tun_frames() { return data_.tun_frames(); }
    void clear_tun_frames() noexcept {
        data_.clear_tun_frames();
        state_.endpoint->clear_datagrams();
        datagrams_seen_ = 0;
    }
    const HostPlan& host_plan() const noexcept { return plan_; }

    std::optional<Effect> poll_effect() {
        if (auto name = dialer_.poll_name()) {
            return ResolveName{std::move(*name)};
        }
        if (auto effect = discovery_.poll_effect()) {
            return effect;
        }
        if (auto state = network_.poll_state()) {
            return state;
        }
        if (effects_.empty()) {
            return std::nullopt;
        }
        std::optional<Effect> effect(std::move(effects_.front()));
        effects_.pop_front();
        return effect;
    }

    std::optional<ControlReply> poll_reply() {
        if (replies_.empty()) {
            auto reply = discovery_.poll_reply();
            if (!reply) {
                return network_.poll_reply();
            }
            finding_.complete(*reply);
            return reply;
        }
        std::optional<ControlReply> reply(std::move(replies_.front()));
        replies_.pop_front();
        return reply;
    }

    base::Instant next_deadline() const noexcept {
        return std::min({state_.endpoint->next_deadline(), demand_.next_deadline(),
                         state_.deadlines.next_deadline(), echo_.next_deadline(),
                         peer_cache_.next_deadline(), drained_at_, next_plan(),
                         discovery_.next_deadline(), network_.next_deadline()});
    }

    NodeState& state() noexcept { return state_; }

  private:
    void take_datagrams(base::Instant now, const net::ReceivedDatagrams& received) {
        if (!discovery_.has_dht()) {
            state_.endpoint->handle_datagrams(now, received);
            return;
        }
        sieve_krpc(
            received,
            [&](base::ByteView krpc) { discovery_.handle_krpc(now, received.flow, krpc); },
            [&](const net::ReceivedDatagrams& rest) {
                state_.endpoint->handle_datagrams(now, rest);
            });
    }

    /// What would rather be done now than wake the host for itself alone.
    void use_wake(base::Instant now) {
        if (discovery_.ready_at() <= now) {
            discovery_.handle_deadline(now);
        }
        if (auto contents = peer_cache_.take(now)) {
            effects_.push_back(PersistState{std::string(kPeerCacheName), std::move(*contents)});
        }
    }

    /// Looks at the peer whose deadline is the earliest, if that is before `horizon`. True if there
    /// was one.
    bool look_at_due(base::Instant now, base::Instant horizon) {
        const auto peer = state_.deadlines.pop_due(horizon);
        if (peer) {
            state_.look_at(
                *peer,
                std::min({links_.handle_deadline(now, *peer), demand_.handle_deadline(now, *peer),
                          dialer_.handle_deadline(now, *peer), paths_.handle_deadline(now, *peer),
                          data_.handle_deadline(now, *peer)}));
        }
        return peer.has_value();
    }

    /// Takes what the endpoint has to tell: news first, so that a packet right behind a handshake
    /// finds its session.
    void digest(base::Instant now) {
        while (auto event = state_.endpoint->poll_event()) {
            if (const auto* connected = std::get_if<quic::Connected>(&*event)) {
                discovery_.handle_peer(now, connected->flow.remote);
                network_.handle_connected(now, *connected);
            }
            control_.handle_event(now, std::move(*event));
        }
        while (const auto echo = conversation_.poll_echo()) {
            if (auto reply = echo_.handle_arrival(now, *echo)) {
                replies_.push_back(std::move(*reply));
            }
        }
        while (const auto peer = conversation_.poll_greeting()) {
            network_.handle_greeting(now, *peer);
        }
        while (const auto message = conversation_.poll_network_message()) {
            network_.handle_message(now, message->peer, message->bytes);
        }
        if (const auto noise = noise_.check(now, state_.endpoint->counters())) {
            state_.log.warn(
                "{} datagrams at the UDP port were of no use: noise, replays or an attack", *noise);
        }
        paths_.observe(now);
        for (const quic::DatagramFate& fate : state_.endpoint->datagram_fates()) {
            data_.handle_fate(state_.peers.find(fate.connection), fate);
        }
        state_.endpoint->clear_datagram_fates();
        data_.repair();
        const auto datagrams = state_.endpoint->datagrams();
        for (; datagrams_seen_ < datagrams.size(); ++datagrams_seen_) {
            const quic::ReceivedDatagram& datagram = datagrams[datagrams_seen_];
            data_.handle_datagram(now, state_.peers.find(datagram.connection), datagram);
        }
        data_.finish_batch(now);
        if (next_plan() <= now) {
            refresh_plan(now);
        }
    }

    /// Nothing when the reply comes later.
    std::optional<control::Reply> answer(base::Instant now, RequestId id,
                                         const control::Request& request) {
        if (std::holds_alternative<control::StatusRequest>(request)) {
            control::StatusReply status =
                status_report(now, state_,
                              {data_.counters(), data_.outbound_counters(), links_.counters(),
                               control_.strangers_refused(), conversation_.violations(),
                               claims_.refused(), network_.messages_dropped()});
            discovery_.complete_status(now, status);
            return status;
        }
        if (std::holds_alternative<control::PeersRequest>(request)) {
            return peers_report(now, state_);
        }
        if (std::holds_alternative<control::RoutesRequest>(request)) {
            return routes_report(state_);
        }
        if (std::holds_alternative<control::ConfigRequest>(request)) {
            return control::ConfigReply{config::to_toml(state_.config)};
        }
        if (const auto* find = std::get_if<control::FindRequest>(&request)) {
            return finding_.handle(now, id, *find);
        }
        if (const auto* paths = std::get_if<control::MultipathRequest>(&request)) {
            return multipath_report(now, state_, *paths);
        }
        if (const auto* explain = std::get_if<control::ExplainRequest>(&request)) {
            return explain_report(now, state_, *explain);
        }
        if (is_network_request(request)) {
            return network_.handle_request(now, id, request);
        }
        if (is_dht_request(request)) {
            return discovery_.handle_request(now, id, request);
        }
        return control::ErrorReply{control::ErrorKind::BadRequest, "not a request for the node"};
    }

    /// When the plan is to be rebuilt. Soon if routes have changed, but that walks all of them:
    /// while thousands of peers connect, only now and then.
    [[nodiscard]] base::Instant next_plan() const noexcept {
        return planned_routes_ == state_.routes.generation() ? base::Instant::never()
                                                             : planned_at_ + kPlanInterval;
    }

    void refresh_plan(base::Instant now) {
        planned_routes_ = state_.routes.generation();
        planned_at_ = now;
        std::vector<net::Prefix> routes;
        for (const net::Prefix& prefix : state_.routes.peer_prefixes()) {
            const bool on_link =
                std::any_of(state_.own.overlay.begin(), state_.own.overlay.end(),
                            [&prefix](const net::Prefix& own) { return own.contains(prefix); });
            if (!on_link) {
                routes.push_back(prefix);
            }
        }
        if (plan_.generation != 0 && routes == plan_.routes &&
            state_.own.overlay == plan_.addresses) {
            return;
        }
        plan_.tun_name = state_.config.network.tun_name;
        plan_.mtu = state_.config.network.mtu;
        plan_.addresses = state_.own.overlay;
        plan_.addresses_by_network = !state_.grants.addresses.empty();
        plan_.routes = std::move(routes);
        ++plan_.generation;
    }

    NodeState state_;
    Dialer dialer_;
    ClaimKeeper claims_;
    LinkKeeper links_;
    DemandKeeper demand_;
    PathKeeper paths_;
    Conversation conversation_;
    SessionControl control_;
    DataPlane data_;
    Roaming roaming_;
    Echo echo_;
    Membership membership_;
    Discovery discovery_;
    NetworkKeeper network_;
    PeerCacheKeeper peer_cache_;
    Finding finding_;
    unsigned blocks_since_krpc_ = 0;
    HostPlan plan_;
    std::uint64_t planned_routes_ = 0;  ///< Generation of the routes it was made from.
    base::Instant planned_at_;
    NoiseWatch noise_;
    std::size_t datagrams_seen_ = 0;
    base::Instant drained_at_ = base::Instant::never();
    std::deque<Effect> effects_;
    std::deque<ControlReply> replies_;
};

base::Result<std::unique_ptr<Node>> Node::make(NodeOptions options, crypto::Identity identity,
                                               base::Rng rng, base::Log log, base::Instant now) {
    quic::EndpointOptions quic_options;
    quic_options.congestion_control =
        options.config.performance.congestion_control == config::CongestionControl::Cubic
            ? quic::CongestionControl::Cubic
            : quic::CongestionControl::Bbr;
    QE_TRY(auto endpoint, quic::Endpoint::make(quic_options, identity, rng.fork("quic"),
                                               log.named("quic"), options.wall_now));
    const std::uint64_t instance = rng.u64() | 1;  // 0 means "not known yet" at the other end
    NodeState state{
        .config = std::move(options.config),
        .id = identity.node_id(),
        .key = identity.public_key(),
        .identity = std::move(identity),
        .wall_now = options.wall_now,
        .version = std::move(options.version),
        .commit = std::move(options.commit),
        .instance = instance,
        .started_at = now,
        .log = log.named("node"),
        .rng = rng.fork("node"),
        .endpoint = std::move(endpoint),
    };
    std::unique_ptr<Node> node(
        new Node(std::make_unique<Impl>(std::move(state), rng.fork("discovery"))));
    node->impl_->start(now);
    return node;
}

Node::Node(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Node::~Node() = default;

void Node::handle_udp(base::Instant now, std::span<const net::ReceivedDatagrams> batch) {
    impl_->handle_udp(now, batch);
}
void Node::set_tun_offloads(net::TunOffloads offloads) { impl_->set_tun_offloads(offloads); }
base::MutableBytes Node::tun_buffer() { return impl_->tun_buffer(); }
void Node::handle_tun(base::Instant now, const net::TunPacket& packet) {
    impl_->handle_tun(now, packet);
}
void Node::handle_timeout(base::Instant now) { impl_->handle_timeout(now); }
void Node::handle_lan(base::Instant now, const net::SocketAddress& from, base::ByteView bytes) {
    impl_->handle_lan(now, from, bytes);
}
std::optional<LanDatagram> Node::poll_lan() { return impl_->poll_lan(); }
void Node::handle_network(base::Instant now, NetworkView view, bool clock_jump) {
    impl_->handle_network(now, std::move(view), clock_jump);
}
void Node::handle_resolved(base::Instant now, const std::string& host,
                           std::vector<net::IpAddress> addresses) {
    impl_->handle_resolved(now, host, std::move(addresses));
}
void Node::handle_stored_state(base::Instant now, const std::string& name,
                               base::ByteView contents) {
    impl_->handle_stored_state(now, name, contents);
}
void Node::handle_persisted(base::Instant now, std::uint64_t number) {
    impl_->handle_persisted(now, number);
}
void Node::handle_wall_clock(base::UnixTime wall_now) { impl_->handle_wall_clock(wall_now); }
void Node::handle_request(base::Instant now, RequestId id, const control::Request& request) {
    impl_->handle_request(now, id, request);
}
control::ReloadReply Node::handle_reload(base::Instant now, config::Config config) {
    return impl_->handle_reload(now, std::move(config));
}
void Node::shutdown(base::Instant now, std::string_view reason) { impl_->shutdown(now, reason); }

std::optional<net::TransmitDatagrams> Node::poll_udp(base::Instant now, base::MutableBytes buffer) {
    return impl_->poll_udp(now, buffer);
}
std::span<const net::TunFrame> Node::tun_frames() { return impl_->tun_frames(); }
void Node::clear_tun_frames() noexcept { impl_->clear_tun_frames(); }
const HostPlan& Node::host_plan() const noexcept { return impl_->host_plan(); }
std::optional<Effect> Node::poll_effect() { return impl_->poll_effect(); }
std::optional<ControlReply> Node::poll_reply() { return impl_->poll_reply(); }
base::Instant Node::next_deadline() const noexcept { return impl_->next_deadline(); }
const crypto::NodeId& Node::node_id() const noexcept { return impl_->state().id; }
const config::Config& Node::config() const noexcept { return impl_->state().config; }

void Node::set_host_problem(const std::string& key, std::string sentence) {
    if (sentence.empty()) {
        impl_->state().problems.erase("host." + key);
    } else {
        impl_->state().problems["host." + key] = std::move(sentence);
    }
}

}  // namespace qe::node
