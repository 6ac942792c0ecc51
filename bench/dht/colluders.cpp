// SPDX-License-Identifier: Apache-2.0
#include "colluders.h"

#include <algorithm>
#include <array>

#include "quicether/dht/distance.h"

namespace qe::bench {
namespace {

constexpr std::size_t kNamed = 8;

std::uint64_t number_of(const net::SocketAddress& asker, std::size_t node,
                        const dht::NodeId& target) {
    return std::hash<net::SocketAddress>()(asker) * 31 + node * 1'000'003 +
           std::hash<dht::NodeId>()(target);
}

}  // namespace

dht::NodeId Colluders::forged(const dht::NodeId& target, std::size_t node) const noexcept {
    dht::NodeId id = swarm_.id(node);
    for (unsigned bit = 0; bit < forged_bits_; ++bit) {
        const auto mask = static_cast<std::byte>(0x80U >> (bit % 8));
        std::byte& place = id.bytes[bit / 8];
        place = (place & ~mask) | (target.bytes[bit / 8] & mask);
    }
    return id;
}

std::vector<dht::Contact> Colluders::accomplices(const dht::NodeId& target,
                                                 const net::SocketAddress& asker) {
    std::vector<dht::Contact> named;
    if (forged_bits_ > 0) {
        for (std::size_t i = 0; i < kNamed; ++i) {
            const std::size_t node = nodes_[swarm_.rng().below(nodes_.size())];
            told_.insert(number_of(asker, node, target));
            named.push_back({forged(target, node), swarm_.endpoint(node)});
        }
        return named;
    }
    std::vector<std::size_t> nearest(std::min(kNamed, nodes_.size()));
    std::ranges::partial_sort_copy(nodes_, nearest, [&](std::size_t a, std::size_t b) {
        return dht::is_closer(target, swarm_.id(a), swarm_.id(b));
    });
    for (const std::size_t node : nearest) {
        named.push_back({swarm_.id(node), swarm_.endpoint(node)});
    }
    return named;
}

bool Colluders::handle(std::size_t node, const net::SocketAddress& from, base::ByteView bytes) {
    if (!contains(node)) {
        return false;
    }
    const auto message = dht::parse_message(bytes);
    const auto* const query = message ? std::get_if<dht::Query>(&message->body) : nullptr;
    if (query == nullptr || query->method == dht::Method::Ping) {
        return false;
    }
    const bool writes =
        query->method == dht::Method::Put || query->method == dht::Method::AnnouncePeer;
    std::vector<dht::Contact> named;
    dht::ReplyFields reply;
    reply.id = swarm_.id(node);
    if (told_.contains(number_of(from, node, query->target))) {
        reply.id = forged(query->target, node);
    }
    if (!writes) {
        named = accomplices(query->target, from);
        reply.nodes = named;
        reply.token = base::as_bytes("colluder");
    }
    std::array<std::byte, 1400> buffer;
    const std::size_t size =
        dht::encode_response(buffer, {message->transaction, &from, false}, reply);
    swarm_.send(node, from, base::ByteView(buffer).first(size));
    return true;
}

}  // namespace qe::bench
