// SPDX-License-Identifier: Apache-2.0
//
// open_dht_node: our DHT without a network MAC on UDP sockets, for dht_interop_*_test.py, so that
// other implementations of BEP 5, 32, 42, 43 and 44 can be in one swarm with it.
//
//   open_dht_node [listen=ADDRESS]... [bootstrap=ADDRESS]... [read_only] [require_secure_ids]
//
// Its id follows from the first ADDRESS it listens on (BEP 42). Reads one command a line and prints
// one line of JSON for each; lib/dht_node.py has the list of commands, which all helpers share.
// It ends with its standard input.
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <netinet/in.h>

#include "helper.h"
#include "quicether/dht/bencode_reader.h"
#include "quicether/dht/bencode_writer.h"
#include "quicether/dht/dht.h"
#include "quicether/dht/secure_id.h"

namespace {

using namespace qe;
using namespace qe::helper;
using Words = std::vector<std::string>;

base::Rng fresh_rng() {
    base::Rng::Seed seed{};
    if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
        die("getrandom failed");
    }
    return base::Rng(seed);
}

// --- Sockets ------------------------------------------------------------------------------------

net::SocketAddress from_sockaddr(const sockaddr_storage& raw) {
    if (raw.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(raw);
        return {net::IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(raw);
    return {net::IpAddress::from_bytes(base::from_u8(v6.sin6_addr.s6_addr, 16)),
            ntohs(v6.sin6_port)};
}

int open_socket(const net::SocketAddress& local) {
    sockaddr_storage raw{};
    const socklen_t size = to_sockaddr(local, raw);
    const int fd = ::socket(raw.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&raw), size) != 0) {
        die("cannot bind the UDP socket");
    }
    return fd;
}

// --- Commands -----------------------------------------------------------------------------------

base::Bytes bytes_of(const std::string& hex) {
    base::Bytes bytes(hex == "-" ? 0 : hex.size() / 2);
    if (!bytes.empty() && !base::from_hex(hex, bytes)) {
        die("a word is not hexadecimal");
    }
    return bytes;
}

/// What lies in items here: one bencoded string.
base::Bytes bencoded(base::ByteView text) {
    base::Bytes value(text.size() + 8);
    dht::BencodeWriter out(value);
    out.string(text);
    value.resize(out.size());
    return value;
}

std::string json_of(const dht::LookupFinished& finished) {
    std::vector<std::string> peers;
    for (const net::SocketAddress& peer : finished.peers) {
        peers.push_back(fmt::format("\"{}\"", peer.to_string()));
    }
    std::string text = "null";
    std::string seq = "null";
    if (finished.item) {
        const auto value = dht::parse_bencode(finished.item->value);
        const auto string = value ? value->string() : std::nullopt;
        text = string ? fmt::format("\"{}\"", base::to_hex(*string)) : "\"?\"";
        seq = finished.item->owner ? std::to_string(finished.item->owner->seq) : seq;
    }
    return fmt::format(R"({{"text":{},"seq":{},"peers":[{}],"queries":{}}})", text, seq,
                       fmt::join(peers, ","), finished.queries);
}

std::string json_of(const dht::StoreFinished& finished, std::uint16_t port) {
    return fmt::format(R"({{"target":"{}","stored":{},"refused":{},"error":{},"port":{}}})",
                       finished.target.to_string(), finished.accepted, finished.refused,
                       finished.last_error, port);
}

// --- The node -----------------------------------------------------------------------------------

class OpenNode {
  public:
    OpenNode(const dht::DhtConfig& config, const std::vector<net::SocketAddress>& listen)
        : dht_(config, fresh_rng(), now()) {
        waiting_.push_back({STDIN_FILENO, POLLIN, 0});
        for (const net::SocketAddress& local : listen) {
            waiting_.push_back({open_socket(local), POLLIN, 0});
        }
    }

    void bootstrap(const std::vector<net::SocketAddress>& endpoints) {
        dht_.bootstrap(now(), endpoints);
    }

    /// Until the standard input ends.
    void run() {
        while (!ended_) {
            flush();
            const base::Duration left = dht_.next_deadline() - now();
            const auto ms = std::chrono::ceil<base::milliseconds>(left).count();
            if (::poll(waiting_.data(), waiting_.size(), static_cast<int>(std::min(ms, 1000L))) <
                0) {
                die("poll failed");
            }
            for (std::size_t i = 1; i < waiting_.size(); ++i) {
                receive(waiting_[i].fd);
            }
            if (waiting_[0].revents != 0) {
                read_commands();
            }
            if (dht_.next_deadline() <= now()) {
                dht_.handle_deadline(now());
            }
        }
    }

  private:
    void receive(int fd) {
        std::array<std::byte, 65536> buffer;
        sockaddr_storage raw{};
        socklen_t size = sizeof raw;
        for (;;) {
            const ssize_t got = ::recvfrom(fd, buffer.data(), buffer.size(), 0,
                                           reinterpret_cast<sockaddr*>(&raw), &size);
            if (got < 0) {
                return;
            }
            dht_.handle_datagram(now(), from_sockaddr(raw),
                                 base::ByteView(buffer).first(static_cast<std::size_t>(got)));
        }
    }

    void flush() {
        while (const auto transmit = dht_.poll_transmit()) {
            sockaddr_storage raw{};
            const socklen_t size = to_sockaddr(transmit->to, raw);
            for (std::size_t i = 1; i < waiting_.size(); ++i) {
                // The socket of the wrong family refuses.
                (void)::sendto(waiting_[i].fd, transmit->bytes.data(), transmit->bytes.size(), 0,
                               reinterpret_cast<sockaddr*>(&raw), size);
            }
        }
        while (const auto event = dht_.poll_event()) {
            if (const auto* lookup = std::get_if<dht::LookupFinished>(&*event)) {
                say(json_of(*lookup));
            } else if (const auto* store = std::get_if<dht::StoreFinished>(&*event)) {
                say(json_of(*store, port_));
            }
        }
    }

    static void say(const std::string& line) {
        fmt::print("{}\n", line);
        (void)std::fflush(stdout);
    }

    void read_commands() {
        std::array<char, 8192> buffer;
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        ended_ = got <= 0;
        input_.append(buffer.data(), ended_ ? 0 : static_cast<std::size_t>(got));
        for (std::size_t end = input_.find('\n'); end != std::string::npos;
             end = input_.find('\n')) {
            std::istringstream line(input_.substr(0, end));
            input_.erase(0, end + 1);
            Words words;
            for (std::string word; line >> word;) {
                words.push_back(word);
            }
            obey(words);
        }
    }

    void obey(const Words& words) {
        const std::string_view verb = words.empty() ? std::string_view() : words[0];
        if (verb == "nodes") {
            say_nodes();
        } else if (verb == "get") {
            begin(dht_.get_immutable(now(), target_of(words, 1)));
        } else if (verb == "get_mutable") {
            const auto key = must(crypto::parse_public_key(words.at(1)), "key");
            begin(dht_.get_mutable(now(), key, bytes_of(words.at(2))));
        } else if (verb == "put") {
            put(must(dht::make_immutable_item(bencoded(bytes_of(words.at(1)))), "item"));
        } else if (verb == "put_mutable") {
            put_mutable(words);
        } else if (verb == "peers") {
            begin(dht_.get_peers(now(), target_of(words, 1)));
        } else if (verb == "announce") {
            port_ = static_cast<std::uint16_t>(std::stoi(words.at(2)));
            begin(dht_.announce(now(), target_of(words, 1), port_, dht::Keep::Once));
        } else {
            die("no such command");
        }
    }

    static dht::NodeId target_of(const Words& words, std::size_t index) {
        return must(crypto::parse_node_id(words.at(index)), "target");
    }

    /// put_mutable KEYPAIR SEQ SALT TEXT [CAS]
    void put_mutable(const Words& words) {
        std::array<std::byte, crypto::Identity::kSeedSize> seed{};
        if (!base::from_hex(std::string_view(words.at(1)).substr(0, seed.size() * 2), seed)) {
            die("the key pair is not hexadecimal");
        }
        const auto item =
            dht::make_mutable_item(crypto::Identity::from_seed(seed), bytes_of(words.at(3)),
                                   std::stoll(words.at(2)), bencoded(bytes_of(words.at(4))));
        const auto cas = words.size() > 5 ? std::optional(std::stoll(words[5])) : std::nullopt;
        put(must(item, "item"), cas);
    }

    void put(const dht::Item& item, std::optional<std::int64_t> cas = std::nullopt) {
        begin(dht_.put(now(), item, dht::Keep::Once, cas));
    }
    static void begin(const base::Result<dht::OperationId>& started) {
        if (!started) {
            die(started.error().text);
        }
    }

    void say_nodes() const {
        std::vector<std::string> nodes;
        for (const dht::NodeInfo& node : dht_.nodes(now())) {
            nodes.push_back(fmt::format("\"{}\"", node.contact.endpoint.to_string()));
        }
        const dht::DhtStatus status = dht_.status();
        say(fmt::format(R"({{"nodes":[{}],"items":{},"peers":{},"malformed":{},"timeouts":{}}})",
                        fmt::join(nodes, ","), status.items_stored, status.peers_stored,
                        status.counters.dropped_malformed, status.counters.timeouts));
    }

    dht::Dht dht_;
    std::vector<pollfd> waiting_;  ///< Standard input, then the sockets.
    std::string input_;
    std::uint16_t port_ = 0;  ///< Announced last.
    bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    dht::DhtConfig config;
    std::vector<net::SocketAddress> listen;
    std::vector<net::SocketAddress> starts;
    for (const std::string_view word : std::vector<std::string_view>(argv + 1, argv + argc)) {
        const std::string_view value = word.substr(std::min(word.find('=') + 1, word.size()));
        if (word.starts_with("listen=")) {
            listen.push_back(must(net::parse_socket_address(value, 0), "listen"));
        } else if (word.starts_with("bootstrap=")) {
            starts.push_back(must(net::parse_socket_address(value, 0), "bootstrap"));
        } else if (word == "read_only") {
            config.read_only = true;
        } else if (word == "require_secure_ids") {
            config.require_secure_ids = true;
        } else {
            die("no such word");
        }
    }
    if (listen.empty()) {
        die("listen= is missing");
    }
    base::Rng rng = fresh_rng();
    config.id = dht::make_secure_id(listen.front().ip, rng);
    OpenNode node(config, listen);
    node.bootstrap(starts);
    node.run();
    return 0;
}
