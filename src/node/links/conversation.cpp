// SPDX-License-Identifier: Apache-2.0
#include "node/links/conversation.h"

#include <algorithm>
#include <utility>

#include "node/links/close_text.h"
#include "node/links/control_stream.h"
#include "quicether/network/network_message.h"

namespace qe::node {
namespace {

constexpr std::size_t kEchoesMax = 256;
/// Taken after each batch, so many fit into what a connection may receive meanwhile.
constexpr std::size_t kNetworkMessagesMax = 1024;
constexpr std::uint64_t kStreamRefused = 1;

}  // namespace

void Conversation::begin(Link& link) {
    if (link.role != quic::Role::Client) {
        return;
    }
    if (const auto stream = state_.endpoint->open_stream(link.connection)) {
        link.control_stream = *stream;
        say_hello(state_, link);
    }
}

void Conversation::handle_stream(base::Instant now, const quic::StreamData& event) {
    const PeerHandle handle = state_.peers.find(event.connection);
    Peer* peer = state_.peers.get(handle);
    Link* link = peer != nullptr && peer->session ? peer->session->find(event.connection) : nullptr;
    if (link == nullptr) {
        return;
    }
    if (!link->control_stream && link->role == quic::Role::Server) {
        link->control_stream = event.stream;
    }
    if (link->control_stream != event.stream) {
        state_.endpoint->reset_stream(event.connection, event.stream, kStreamRefused);
        return;
    }
    if (!link->framer.handle_bytes(event.bytes)) {
        violation(now, handle, event.connection, "control stream overflow");
        return;
    }
    read_messages(now, handle, event.connection);
    link = peer->session ? peer->session->find(event.connection) : nullptr;
    if (link == nullptr || link->retired()) {
        return;
    }
    if (event.reset || event.fin) {
        violation(
            now, handle, event.connection,
            link->framer.bytes_held() > 0 ? "truncated control message" : "control stream ended");
    }
}

void Conversation::read_messages(base::Instant now, PeerHandle handle,
                                 quic::ConnectionHandle connection) {
    for (;;) {
        Peer* peer = state_.peers.get(handle);
        Link* link = peer != nullptr && peer->session ? peer->session->find(connection) : nullptr;
        if (link == nullptr) {
            return;
        }
        const auto framed = link->framer.poll_message();
        if (!framed) {
            return violation(now, handle, connection, framed.error().text);
        }
        if (!*framed) {
            return;
        }
        auto message = parse_peer_message(**framed);
        if (!message) {
            return violation(now, handle, connection, message.error().text);
        }
        const auto* const unknown = std::get_if<UnknownMessage>(&*message);
        if (unknown != nullptr && network::is_network_message_type(unknown->type)) {
            if (!link->hello) {
                return violation(now, handle, connection, "message out of order");
            }
            if (network_messages_.size() < kNetworkMessagesMax) {
                network_messages_.push_back({handle, {(*framed)->begin(), (*framed)->end()}});
            }
            continue;
        }
        if (!on_message(now, handle, *link, std::move(*message))) {
            return violation(now, handle, connection, "message out of order");
        }
    }
}

bool Conversation::on_message(base::Instant now, PeerHandle handle, Link& link,
                              PeerMessage message) {
    Peer& peer = *state_.peers.get(handle);
    if (auto* hello = std::get_if<Hello>(&message)) {
        if (link.hello) {
            return false;
        }
        on_hello(now, handle, peer, link, std::move(*hello));
        return true;
    }
    if (!link.hello) {
        return false;
    }
    if (const auto* update = std::get_if<ClaimsUpdate>(&message)) {
        if (!link.claims_budget.take(now)) {
            return false;
        }
        link.hello->claims = update->claims;
        claims_.take(now, handle, update->claims);
    } else if (const auto* addresses = std::get_if<AddressUpdate>(&message)) {
        if (link.addresses_budget.take(now)) {
            learn(peer, addresses->underlay);
            paths_.handle_addresses(now, handle, peer, *addresses);
        }
    } else if (const auto* request = std::get_if<EchoRequest>(&message)) {
        write_message(*state_.endpoint, link, EchoReply{request->nonce});
    } else if (const auto* reply = std::get_if<EchoReply>(&message)) {
        if (echoes_.size() < kEchoesMax) {
            echoes_.push_back({handle, link.connection, reply->nonce});
        }
    }
    return true;
}

void Conversation::on_hello(base::Instant now, PeerHandle handle, Peer& peer, Link& link,
                            Hello hello) {
    dialer_.handle_success(handle);
    links_.learn_underlay(peer, link.flow.remote);
    peer.last_error.clear();
    peer.hello_name = hello.name;
    peer.hello_role = hello.role;
    learn(peer, hello.underlay);
    const Claims claims = hello.claims;
    const quic::ConnectionHandle connection = link.connection;
    if (link.role == quic::Role::Server) {
        link.dial_number = hello.dial_number;
        link.supersedes = hello.supersede;
    }
    link.hello = std::move(hello);
    if (link.role == quic::Role::Server) {
        say_hello(state_, link);
    }
    links_.settle(now, handle, peer, connection);
    claims_.take(now, handle, claims);
    greetings_.push_back(handle);
}

/// Where the peer may be dialled later; after those by which it was reached.
void Conversation::learn(Peer& peer, std::span<const net::SocketAddress> addresses) {
    for (const net::SocketAddress& address : addresses) {
        if (address.port != 0 && peer.learnt.size() < kLearntMax &&
            std::find(peer.learnt.begin(), peer.learnt.end(), address) == peer.learnt.end()) {
            peer.learnt.push_back(address);
            state_.learnt_changed = true;
        }
    }
}

void Conversation::violation(base::Instant now, PeerHandle handle,
                             quic::ConnectionHandle connection, std::string_view what) {
    ++violations_;
    Peer& peer = *state_.peers.get(handle);
    if (const auto held_back = peer.link_log.admit(now)) {
        state_.log.warn("{} broke the protocol ({}): closing the link{}", describe(peer), what,
                        held_back_text(*held_back));
    }
    links_.drop(now, handle, connection, CloseCode::ProtocolViolation, what);
}

void Conversation::announce_claims() {
    const ClaimsUpdate update{state_.own_claims()};
    state_.peers.for_each([&](PeerHandle, Peer& peer) { send(peer, update); });
}

void Conversation::handle_network() {
    AddressUpdate update = state_.own_underlay();
    if (update != announced_) {
        announced_ = std::move(update);
        state_.peers.for_each([&](PeerHandle, Peer& peer) { send(peer, announced_); });
    }
}

bool Conversation::send(Peer& peer, const PeerMessage& message) {
    Link* link = peer.session ? peer.session->active_link() : nullptr;
    return link != nullptr && link->hello_sent && write_message(*state_.endpoint, *link, message);
}

bool Conversation::send_encoded(Peer& peer, base::ByteView message) {
    Link* link = peer.session ? peer.session->active_link() : nullptr;
    return link != nullptr && link->hello_sent && write_encoded(*state_.endpoint, *link, message);
}

std::optional<PeerHandle> Conversation::poll_greeting() {
    if (greetings_.empty()) {
        return std::nullopt;
    }
    const PeerHandle peer = greetings_.front();
    greetings_.pop_front();
    return peer;
}

std::optional<NetworkArrival> Conversation::poll_network_message() {
    if (network_messages_.empty()) {
        return std::nullopt;
    }
    std::optional<NetworkArrival> arrival(std::move(network_messages_.front()));
    network_messages_.pop_front();
    return arrival;
}

std::optional<EchoArrival> Conversation::poll_echo() {
    if (echoes_.empty()) {
        return std::nullopt;
    }
    const EchoArrival echo = echoes_.front();
    echoes_.erase(echoes_.begin());
    return echo;
}

}  // namespace qe::node
