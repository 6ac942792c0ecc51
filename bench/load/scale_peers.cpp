// SPDX-License-Identifier: Apache-2.0
//
// Many peers of one daemon in one process: the load of bench/scale.
//
//     bench_scale_peers ids <count>
//         the NodeIds of the first <count> peers, one a line, for the daemon's configuration
//     bench_scale_peers run <count> <window> <daemon's NodeId> <daemon's address:port>
//         dials with all of them, at most <window> at once, prints one line of JSON when the last
//         session is up, and keeps them alive until it is terminated
//
// Every peer is a whole node::Node without a TUN device. They share one thread and one UDP socket;
// each has an address of its own in 198.19.0.0/16, which the host must hold as local (AnyIP).
#include <poll.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <queue>
#include <span>
#include <string_view>
#include <vector>

#include "host/clock.h"
#include "host/udp_batch.h"
#include "host/udp_socket.h"
#include "quicether/node/node.h"

namespace {

using namespace qe;

constexpr std::uint32_t kFirstAddress = 0xC6130001;  // 198.19.0.1
constexpr std::size_t kPeersMax = 65'000;
constexpr std::uint16_t kPort = 9000;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "scale_peers: %s\n", what);
    std::exit(1);
}

template <typename T>
T must(base::Result<T> result, const char* what) {
    if (!result) {
        fail(what);
    }
    return std::move(*result);
}

crypto::Identity identity_of(std::size_t index) {
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    for (std::size_t i = 0; i < 4; ++i) {
        seed[i] = static_cast<std::byte>((index + 1) >> (8 * i));
    }
    return crypto::Identity::from_seed(seed);
}

net::IpAddress address_of(std::size_t index) {
    return net::IpAddress::v4(kFirstAddress + static_cast<std::uint32_t>(index));
}

struct Daemon {
    crypto::NodeId id;
    net::SocketAddress address;
};

/// One node and what its driver remembers of it.
class Peer {
  public:
    Peer(std::size_t index, const Daemon& daemon) {
        node::NodeOptions options{{}, "bench", "bench", host::wall_now()};
        options.config.peer.push_back(
            {daemon.id, "", {{daemon.address.ip.to_string(), daemon.address.port}}, {}});
        crypto::Identity identity = identity_of(index);
        base::Rng::Seed seed{};
        std::ranges::copy(identity.node_id().bytes, seed.begin());
        node_ = must(node::Node::make(std::move(options), std::move(identity), base::Rng(seed), {},
                                      host::boottime_now()),
                     "a node cannot be made");
        address_ = address_of(index);
    }

    /// It dials from now on.
    void start(base::Instant now) {
        node::Interface interface;
        interface.index = 2;
        interface.name = "eth0";
        interface.up = true;
        interface.mtu = 1500;
        interface.addresses.emplace_back(address_, 16);
        node::UnderlayRoute route;
        route.destination = net::Prefix(net::IpAddress::any(net::Family::V4), 0);
        route.interface_index = 2;
        node_->handle_network(now, {{interface}, {route}});
        node_->handle_timeout(now);
    }

    /// True once, when the session has come up.
    bool has_come_up(base::Instant now) {
        if (up_) {
            return false;
        }
        node_->handle_request(now, 1, control::PeersRequest{});
        while (auto reply = node_->poll_reply()) {
            const auto* peers = std::get_if<control::PeersReply>(&reply->reply);
            up_ = peers != nullptr && peers->peers.at(0).state == "connected";
        }
        return up_;
    }

    node::Node& node() { return *node_; }
    base::Instant armed = base::Instant::never();  ///< The earliest entry in the driver's queue.

  private:
    std::unique_ptr<node::Node> node_;
    net::IpAddress address_;
    bool up_ = false;
};

/// Drives all peers over one socket.
class Load {
  public:
    Load(std::size_t count, std::size_t window, const Daemon& daemon)
        : window_(window),
          socket_(must(host::UdpSocket::open(net::Family::V4, kPort, {}), "no UDP port")),
          buffer_(std::size_t{64} << 10) {
        peers_.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            peers_.emplace_back(i, daemon);
        }
    }

    void run() {
        std::printf("{\"made\": %zu}\n", peers_.size());
        std::fflush(stdout);
        began_ = host::boottime_now();
        for (;;) {
            const base::Instant now = host::boottime_now();
            while (started_ < peers_.size() && started_ - up_ < window_) {
                peers_[started_].start(now);
                pump(started_++, now);
            }
            run_timers(now);
            wait();
            read();
        }
    }

  private:
    struct Deadline {
        base::Instant at;
        std::size_t peer;
        bool operator<(const Deadline& other) const { return at > other.at; }
    };

    void wait() const {
        const base::Instant now = host::boottime_now();
        const base::Instant next = deadlines_.empty() ? now : deadlines_.top().at;
        const timespec timeout{0,
                               next <= now ? 0 : std::min<long>((next - now).count(), 50'000'000)};
        pollfd wanted{socket_.fd(), POLLIN, 0};
        ::ppoll(&wanted, 1, &timeout, nullptr);
    }

    void read() {
        bool more = true;
        while (more) {
            more = socket_.receive(batch_);
            const base::Instant now = host::boottime_now();
            for (const net::ReceivedDatagrams& received : batch_.received()) {
                std::uint32_t address = 0;
                for (const std::byte part : received.flow.local.ip.bytes()) {
                    address = address << 8 | std::to_integer<std::uint32_t>(part);
                }
                if (const std::size_t peer = address - kFirstAddress; peer < peers_.size()) {
                    peers_[peer].node().handle_udp(now, std::span(&received, 1));
                    pump(peer, now);
                }
            }
        }
    }

    void run_timers(base::Instant now) {
        while (!deadlines_.empty() && deadlines_.top().at <= now) {
            const std::size_t index = deadlines_.top().peer;
            deadlines_.pop();
            peers_[index].armed = base::Instant::never();
            if (peers_[index].node().next_deadline() <= now) {
                peers_[index].node().handle_timeout(now);
            }
            pump(index, now);
        }
    }

    void pump(std::size_t index, base::Instant now) {
        Peer& peer = peers_[index];
        while (const auto transmit = peer.node().poll_udp(now, buffer_)) {
            std::size_t offset = 0;
            socket_.send(*transmit, base::ByteView(buffer_).first(transmit->size), offset);
        }
        peer.node().clear_tun_frames();
        while (peer.node().poll_effect()) {
        }
        if (peer.has_come_up(now) && ++up_ == peers_.size()) {
            report(now);
        }
        if (const base::Instant next = peer.node().next_deadline(); next < peer.armed) {
            peer.armed = next;
            deadlines_.push({next, index});
        }
    }

    void report(base::Instant now) const {
        std::printf("{\"sessions\": %zu, \"seconds\": %.3f, \"send_blocked\": %llu}\n", up_,
                    std::chrono::duration<double>(now - began_).count(),
                    static_cast<unsigned long long>(socket_.counters().send_blocked));
        std::fflush(stdout);
    }

    std::size_t window_;
    host::UdpSocket socket_;
    host::UdpBatch batch_;
    base::Bytes buffer_;
    std::vector<Peer> peers_;
    std::priority_queue<Deadline> deadlines_;
    std::size_t started_ = 0;
    std::size_t up_ = 0;
    base::Instant began_;
};

std::size_t parse_count(std::string_view text) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count == 0 ||
        count > kPeersMax) {
        fail("a count must be 1 to 65000");
    }
    return count;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    if (words.size() == 2 && words[0] == "ids") {
        for (std::size_t i = 0; i < parse_count(words[1]); ++i) {
            std::puts(identity_of(i).node_id().to_string().c_str());
        }
        return 0;
    }
    if (words.size() == 5 && words[0] == "run") {
        const Daemon daemon{
            must(crypto::parse_node_id(words[3]), "a NodeId has 40 hex digits"),
            must(net::parse_socket_address(words[4], kPort), "the address is not address:port")};
        Load(parse_count(words[1]), parse_count(words[2]), daemon).run();
    }
    fail("usage: ids <count> | run <count> <window> <NodeId> <address:port>");
}
