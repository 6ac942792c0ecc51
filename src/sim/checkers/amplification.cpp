// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/amplification.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {
namespace {

constexpr std::size_t kContactsMax = 8192;
constexpr std::size_t kProbesMax = 1U << 16;
constexpr std::size_t kProbesEach = 32;
constexpr base::Duration kForgetAfter = base::seconds(60);

/// Whether a datagram begins with an Initial that carries a token (RFC 9000, section 17.2.2).
bool has_token(base::ByteView datagram) {
    constexpr unsigned kLongInitial = 0xc0;
    base::ByteReader reader(datagram);
    const unsigned first = reader.u8();
    reader.u32();              // version
    reader.take(reader.u8());  // destination id
    reader.take(reader.u8());  // source id
    return (first & 0xf0U) == kLongInitial && reader.u8() != 0 && reader.ok();
}

/// Whether a datagram is a query of KRPC (BEP 5) with the MAC of a private swarm.
bool is_krpc_query(base::ByteView datagram) {
    constexpr std::string_view kQuery = "1:y1:q1:z16:";
    constexpr std::size_t kTail = kQuery.size() + 17;
    return datagram.size() > kTail && datagram[0] == std::byte{'d'} &&
           base::as_text(datagram.last(kTail)).starts_with(kQuery);
}

/// How many peers may be dialled at this address.
std::uint64_t peers_at(Host& host, const net::SocketAddress& address) {
    const control::Reply reply = host.ask(control::PeersRequest{});
    const auto* const peers = std::get_if<control::PeersReply>(&reply);
    if (peers == nullptr) {
        return 1;  // it has stopped since
    }
    const std::string text = address.to_string();
    return static_cast<std::uint64_t>(
        std::count_if(peers->peers.begin(), peers->peers.end(), [&](const auto& peer) {
            return std::find(peer.endpoints.begin(), peer.endpoints.end(), text) !=
                   peer.endpoints.end();
        }));
}

}  // namespace

Amplification::View& Amplification::view(HostId host) {
    if (views_.size() <= host) {
        views_.resize(host + 1);
    }
    return views_[host];
}

void Amplification::on_sent(HostId host, const Packet& packet) {
    latest_number_ = std::max(latest_number_, packet.number);
    View& view = this->view(host);
    Contact& contact = view.contacts[packet.destination];
    contact.used = now();
    if (contact.validated) {
        return;
    }
    (is_krpc_query(packet.payload) ? contact.asked : contact.sent) += packet.payload.size();
    contact.first_sent = std::min(contact.first_sent, now());
    view.touched.insert(packet.destination);
    note_probe(host, packet, contact);
}

/// The last few are remembered: whoever gets one of them can answer.
void Amplification::note_probe(HostId host, const Packet& packet, Contact& contact) {
    if (probes_.size() >= kProbesMax) {
        return;
    }
    if (contact.probes.size() >= kProbesEach) {
        probes_.erase(contact.probes.front());
        contact.probes.erase(contact.probes.begin());
    }
    contact.probes.push_back(packet.number);
    probes_[packet.number] = {host, packet.destination};
}

void Amplification::on_received(HostId host, const Packet& packet) {
    if (const auto probe = probes_.find(packet.number); probe != probes_.end()) {
        Contacts& contacts = view(probe->second.sender).contacts;
        const auto found = contacts.find(probe->second.to);
        const bool known = found != contacts.end() && found->second.answerable_from != 0 &&
                           found->second.answerer == host;
        if (found != contacts.end() && !known) {
            found->second.answerer = host;
            found->second.answerable_from = latest_number_ + 1;
        }
        probes_.erase(probe);
    }
    Contact& contact = view(host).contacts[packet.source];
    contact.used = now();
    if (contact.validated) {
        return;
    }
    contact.received += packet.payload.size();
    const bool answers = contact.answerable_from != 0 && packet.origin == contact.answerer &&
                         packet.number >= contact.answerable_from;
    if (answers || (view(host).trusted.contains(packet.source.ip) && has_token(packet.payload))) {
        validate(host, packet.source, contact);
    }
}

void Amplification::validate(HostId host, const net::SocketAddress& address, Contact& contact) {
    contact.validated = true;
    for (const std::uint64_t number : contact.probes) {
        probes_.erase(number);
    }
    contact.probes = {};
    view(host).trusted.insert(address.ip);
}

void Amplification::on_host(HostId host, HostChange change) {
    switch (change) {
        case HostChange::Started:
            view(host).contacts.clear();
            view(host).touched.clear();
            return;
        case HostChange::Resumed:
        case HostChange::Moved:
            for (auto& [address, contact] : view(host).contacts) {
                ++contact.dial_rounds;
            }
            return;
        case HostChange::Crashed:
        case HostChange::Left:
        case HostChange::Suspended:
            return;
    }
}

void Amplification::on_action(std::string_view /*what*/) {
    for (HostId host = 0; host < views_.size(); ++host) {
        for (const net::SocketAddress& address : views_[host].touched) {
            Contact& contact = views_[host].contacts[address];
            contact.dialled_peers =
                std::max(contact.dialled_peers, peers_at(world().host(host), address));
        }
    }
}

std::uint64_t Amplification::allowed(HostId host, const net::SocketAddress& address,
                                     Contact& contact) {
    const std::uint64_t answers = kFactor * contact.received;
    if (charged(contact) <= answers) {
        return answers;
    }
    contact.dialled_peers = std::max(contact.dialled_peers, peers_at(world().host(host), address));
    // Besides, further paths are dialled from each uplink.
    Host& sender = world().host(host);
    const std::uint64_t ways =
        sender.config().multipath.enabled ? 1 + sender.interfaces().size() : 1;
    return answers + contact.dialled_peers * ways * rounds_of(contact) * kDialFlight;
}

std::uint64_t Amplification::rounds_of(const Contact& contact) const {
    return 1 + static_cast<std::uint64_t>((now() - contact.first_sent) / kDialsApart) +
           contact.dial_rounds;
}

std::uint64_t Amplification::charged(const Contact& contact) const {
    const std::uint64_t free = rounds_of(contact) * kQuestions;
    return contact.sent + (contact.asked > free ? contact.asked - free : 0);
}

void Amplification::on_second() {
    for (HostId host = 0; host < views_.size(); ++host) {
        View& view = views_[host];
        for (const net::SocketAddress& address : view.touched) {
            const auto found = view.contacts.find(address);
            if (found == view.contacts.end() || found->second.objected || found->second.validated) {
                continue;
            }
            Contact& contact = found->second;
            const std::uint64_t limit = allowed(host, address, contact);
            if (charged(contact) > limit) {
                contact.objected = true;
                object(fmt::format(
                    "{} sent {} bytes to {}, from where {} came and where nobody "
                    "has answered: {} are allowed",
                    name_of(host), charged(contact), address.to_string(), contact.received, limit));
            }
        }
        view.touched.clear();
        forget_unused(view);
    }
}

void Amplification::forget_unused(View& view) {
    if (view.contacts.size() > kContactsMax) {
        std::erase_if(view.contacts, [this](const auto& entry) {
            return now() - entry.second.used > kForgetAfter;
        });
    }
}

}  // namespace qe::sim
