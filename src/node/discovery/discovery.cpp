// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/discovery.h"

#include <algorithm>
#include <utility>

#include "node/discovery/dht_report.h"
#include "node/own_addresses.h"

namespace qe::node {
namespace {

/// With fewer contacts every peer that connects is asked for more.
constexpr std::size_t kContactsEnough = 8;

/// Every query of KRPC says so in its last member before the swarm's MAC.
bool is_query(base::ByteView bytes) noexcept {
    constexpr std::string_view kQuery = "1:y1:q1:z16:";
    constexpr std::size_t kEndBytes = sizeof(crypto::Mac) + 1;
    const std::size_t tail = kQuery.size() + kEndBytes;
    return bytes.size() > tail &&
           base::as_text(bytes.last(tail)).substr(0, kQuery.size()) == kQuery;
}

/// Members of a swarm with a secret key are no strangers, and many may live in one building.
dht::DiversityLimits trusting_limits() {
    constexpr std::uint16_t kNoLimit = UINT16_MAX;
    return {kNoLimit, kNoLimit, kNoLimit, true};
}

}  // namespace

Discovery::Discovery(NodeState& state, Dialer& dialer, base::Rng rng)
    : state_(state),
      dialer_(dialer),
      rng_(std::move(rng)),
      bootstrap_(state),
      lan_(state),
      finder_(state, dialer),
      publisher_(state),
      requests_(state, publisher_) {}

// --- Which swarm --------------------------------------------------------------------------------

void Discovery::start(base::Instant now) {
    state_.seeks = state_.config.discovery.dht;
    set_default_swarm(now);
}

void Discovery::set_default_swarm(base::Instant now) {
    const std::string& text = state_.config.discovery.swarm;
    make_dht(now, swarm_key_of(text), !text.empty());
}

void Discovery::set_swarm(base::Instant now, const crypto::MacKey& key) {
    make_dht(now, key, true);
    if (online_) {
        online_ = false;
        handle_network(now);
    }
}

void Discovery::make_dht(base::Instant now, const crypto::MacKey& key, bool is_secret) {
    swarm_ = key;
    lan_.set_key(lan_key_of(key));
    if (!state_.config.discovery.dht) {
        return;
    }
    finder_.forget_running();
    while (auto reply = requests_.poll_abandoned()) {
        replies_.push_back(std::move(*reply));
    }
    dht::DhtConfig config;
    config.id = state_.id;
    config.network_key = key;
    config.read_only = state_.config.node.role == config::NodeRole::Light;
    if (is_secret) {
        config.diversity = trusting_limits();
    }
    dht_.emplace(config, rng_.fork("dht"), now);
    contacts_ = 0;
    fell_back_ = false;
    persisted_.clear();
    settle(now);
}

// --- Input --------------------------------------------------------------------------------------

void Discovery::handle_krpc(base::Instant now, const net::FlowAddresses& flow,
                            base::ByteView bytes) {
    if (!dht_->handle_datagram(now, flow.remote, bytes)) {
        return;  // forgeries prove nothing, and a flood shall cost little
    }
    reply_paths_.note(flow);
    if (is_query(bytes)) {
        reachability_.handle_query(now, flow.remote);
    }
    settle(now);
}

void Discovery::handle_lan(base::Instant now, const net::SocketAddress& from,
                           base::ByteView bytes) {
    if (!state_.config.discovery.lan) {
        return;
    }
    const auto neighbour = lan_.handle_datagram(now, from, bytes);
    if (!neighbour) {
        return;
    }
    if (const PeerHandle peer = state_.peers.find(neighbour->id); !peer.is_null()) {
        dialer_.hear_nearby(now, peer, neighbour->endpoint);
    }
    if (!has_contact(now, neighbour->endpoint)) {
        handle_peer(now, neighbour->endpoint);
    }
}

/// A node of the DHT that answers needs no asking because it is heard on the local network.
bool Discovery::has_contact(base::Instant now, const net::SocketAddress& endpoint) const {
    if (!dht_ || contacts_ == 0 || contacts_ >= kContactsEnough) {
        return false;
    }
    const std::vector<dht::NodeInfo> nodes = dht_->nodes(now);
    return std::any_of(nodes.begin(), nodes.end(), [&](const dht::NodeInfo& node) {
        return node.good && node.contact.endpoint == endpoint;
    });
}

void Discovery::handle_deadline(base::Instant now) {
    if (online_) {
        lan_.handle_deadline(now);
    }
    if (!dht_) {
        return;
    }
    if (dht_deadline_ <= now) {
        dht_->handle_deadline(now);
    }
    if (online_) {
        bootstrap_.handle_deadline(now, *dht_, contacts_);
    }
    if (contacts_ > 0) {
        finder_.handle_deadline(now, *dht_);
        publisher_.handle_deadline(now, *dht_);
    }
    settle(now);
}

void Discovery::handle_network(base::Instant now) {
    const bool was_online = online_;
    online_ =
        std::any_of(state_.view.interfaces.begin(), state_.view.interfaces.end(),
                    [](const Interface& i) { return i.up && !i.loopback && !i.addresses.empty(); });
    reachability_.reset();
    external4_.reset();
    external6_.reset();
    if (!online_) {
        lan_.stop();
        return;
    }
    if (state_.config.discovery.lan) {
        lan_.begin_anew(now);
    }
    if (!dht_) {
        return;
    }
    if (fell_back_) {
        fell_back_ = false;
        dht_->set_read_only(false);
    }
    contacts_since_ = now;
    if (!was_online && restored_.size() > sizeof(SwarmTag)) {
        const SwarmTag tag = swarm_tag_of(swarm_);
        const base::ByteView contents(restored_);
        if (std::equal(tag.begin(), tag.end(), contents.begin()) &&
            !dht_->restore(now, contents.subspan(tag.size()))) {
            state_.log.warn("the stored DHT contacts are unreadable; starting without them");
        }
    }
    bootstrap_.begin_anew(now);
    update_own_addresses(now);
    settle(now);
}

void Discovery::handle_resolved(base::Instant now, const std::string& host,
                                const std::vector<net::IpAddress>& addresses) {
    if (dht_) {
        bootstrap_.handle_resolved(now, host, addresses);
    }
}

void Discovery::handle_stored_state(base::ByteView contents) {
    restored_.assign(contents.begin(), contents.end());
}

void Discovery::handle_peer(base::Instant now, const net::SocketAddress& endpoint) {
    if (dht_ && contacts_ < kContactsEnough) {
        bootstrap_.add(now, endpoint);
    }
}

std::optional<control::Reply> Discovery::handle_request(base::Instant now, RequestId id,
                                                        const control::Request& request) {
    if (std::holds_alternative<control::DhtStatusRequest>(request)) {
        return status_report(now);
    }
    if (!dht_) {
        return control::ErrorReply{control::ErrorKind::Failed,
                                   "this node takes no part in the DHT; set discovery.dht to true"};
    }
    if (std::holds_alternative<control::DhtNodesRequest>(request)) {
        return nodes_report(dht_->nodes(now));
    }
    auto reply = requests_.start(now, *dht_, id, request);
    settle(now);
    return reply;
}

void Discovery::shutdown(base::Instant now) {
    if (dht_) {
        persist(now);
    }
    lan_.stop();
}

// --- What follows -------------------------------------------------------------------------------

void Discovery::settle(base::Instant now) {
    if (!dht_) {
        return;
    }
    while (const auto event = dht_->poll_event()) {
        on_event(now, *event);
    }
    const dht::DhtStatus status = dht_->status();
    on_contacts(now, status.contacts_v4 + status.contacts_v6);
    if (persist_at_ <= now) {
        persist(now);
    }
    judge_reachability(now);
    dht_deadline_ = dht_->next_deadline();
    has_transmits_ = true;
}

void Discovery::on_event(base::Instant now, const dht::Event& event) {
    if (const auto* lookup = std::get_if<dht::LookupFinished>(&event)) {
        if (finder_.handle_finished(now, *lookup)) {
            return;
        }
        if (auto reply = requests_.handle_finished(*lookup)) {
            replies_.push_back(std::move(*reply));
        }
    } else if (const auto* store = std::get_if<dht::StoreFinished>(&event)) {
        if (publisher_.handle_finished(now, *store)) {
            return;
        }
        if (auto reply = requests_.handle_finished(*store)) {
            replies_.push_back(std::move(*reply));
        }
    } else if (const auto* seen = std::get_if<dht::ExternalAddressSeen>(&event)) {
        (seen->endpoint.ip.is_v4() ? external4_ : external6_) = seen->endpoint;
        update_own_addresses(now);
    }
}

void Discovery::on_contacts(base::Instant now, std::size_t contacts) {
    const std::size_t before = std::exchange(contacts_, contacts);
    if (before == 0 && contacts > 0) {
        contacts_since_ = now;
        publisher_.begin_anew(now);
        finder_.begin_anew(now);
        if (persist_at_.is_never()) {
            persist_at_ = now + kDhtPersistFirst;
        }
    }
}

void Discovery::update_own_addresses(base::Instant now) {
    std::vector<net::SocketAddress> addresses = own_addresses(state_);
    for (const auto& seen : {external6_, external4_}) {
        if (seen && std::find(addresses.begin(), addresses.end(), *seen) == addresses.end()) {
            addresses.insert(addresses.begin(), *seen);
        }
    }
    addresses.resize(std::min(addresses.size(), kOwnAddressesMax));
    publisher_.set_addresses(now, std::move(addresses));
}

void Discovery::judge_reachability(base::Instant now) {
    const config::Config& config = state_.config;
    if (fell_back_ || contacts_ < kContactsEnough || config.discovery.bootstrap_mode ||
        config.discovery.public_ip || config.node.role == config::NodeRole::Light ||
        config.node.role == config::NodeRole::Bootstrap ||
        now - contacts_since_ < kUnreachableAfter || reachability_.is_proven(now)) {
        return;
    }
    fell_back_ = true;
    dht_->set_read_only(true);
    state_.log.info(
        "no stranger reaches this node: it reads the DHT and stores nothing for others");
}

void Discovery::persist(base::Instant now) {
    persist_at_ = now + kDhtPersistInterval;
    if (contacts_ == 0) {
        return;  // what was stored once may still be of use
    }
    base::Bytes contents;
    const SwarmTag tag = swarm_tag_of(swarm_);
    const base::Bytes snapshot = dht_->snapshot();
    contents.insert(contents.end(), tag.begin(), tag.end());
    contents.insert(contents.end(), snapshot.begin(), snapshot.end());
    if (contents != persisted_) {
        persisted_ = contents;
        effects_.push_back(PersistState{std::string(kDhtStateName), std::move(contents)});
    }
}

// --- Output -------------------------------------------------------------------------------------

std::optional<net::TransmitDatagrams> Discovery::poll_transmit(base::Instant now,
                                                               base::MutableBytes buffer) {
    while (has_transmits_) {
        const auto transmit = dht_->poll_transmit();
        if (!transmit) {
            has_transmits_ = false;
            break;
        }
        auto source = reply_paths_.find(transmit->to);
        if (!source || !state_.view.has_address(*source)) {
            source = choose_source(state_.view, transmit->to);
        }
        if (!source || transmit->bytes.size() > buffer.size()) {
            ++counters_.no_route;
            continue;
        }
        reachability_.handle_sent(now, transmit->to);
        std::copy(transmit->bytes.begin(), transmit->bytes.end(), buffer.begin());
        net::TransmitDatagrams out;
        out.flow.local = {*source, state_.config.discovery.dht_port, transmit->to.scope};
        out.flow.remote = transmit->to;
        out.size = transmit->bytes.size();
        out.segment_size = out.size;
        return out;
    }
    return std::nullopt;
}

std::optional<Effect> Discovery::poll_effect() {
    if (auto name = bootstrap_.poll_name()) {
        return ResolveName{std::move(*name)};
    }
    if (effects_.empty()) {
        return std::nullopt;
    }
    std::optional<Effect> effect(std::move(effects_.front()));
    effects_.pop_front();
    return effect;
}

std::optional<ControlReply> Discovery::poll_reply() {
    if (replies_.empty()) {
        return std::nullopt;
    }
    std::optional<ControlReply> reply(std::move(replies_.front()));
    replies_.pop_front();
    return reply;
}

base::Instant Discovery::next_deadline() const noexcept {
    const base::Instant lan = lan_.next_deadline();
    if (!dht_) {
        return lan;
    }
    base::Instant next = std::min(lan, dht_deadline_);
    if (online_) {
        next = std::min(next, bootstrap_.next_deadline(contacts_));
    }
    if (contacts_ > 0) {
        next = std::min({next, finder_.next_deadline(), publisher_.next_deadline()});
        // A first write is waited for; later ones are made when there is something to do anyway.
        next = std::min(next, persisted_.empty() ? persist_at_ : base::Instant::never());
    }
    return next;
}

}  // namespace qe::node
