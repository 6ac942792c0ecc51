// SPDX-License-Identifier: Apache-2.0
//
// hostile_peer: a QUIC peer that misbehaves in one chosen way, for hostile_test.py.
//
//   hostile_peer id SEED
//   hostile_peer dial  SEED LOCAL REMOTE EXPECTED CERTIFICATE SAY TRIES
//   hostile_peer serve SEED LOCAL ALLOWED SECONDS
//
// SEED is a number that stands for a key pair. CERTIFICATE is good, expired, future or tampered.
// SAY is what a dialler that was let in writes on its control stream: nothing, oversized,
// truncated, garbage or out_of_order. Prints one line of JSON about the last try.
//
// It speaks real QUIC through quic::Endpoint. Only its certificate is made here: this program
// defines make_self_signed_certificate() itself, which the linker prefers to the library's.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <netinet/in.h>

#include "helper.h"
#include "quicether/crypto/certificate.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/trust.h"
#include "quicether/net/ip_address.h"
#include "quicether/quic/endpoint.h"

namespace {

using namespace qe;
using namespace qe::helper;

enum class CertificateKind { Good, Expired, Future, Tampered };
CertificateKind certificate_kind = CertificateKind::Good;

// --- A certificate by hand (X.680 DER, RFC 5280, RFC 8410)
// ----------------------------------------

using Der = std::string;

Der tlv(unsigned char tag, const Der& content) {
    Der out(1, static_cast<char>(tag));
    if (content.size() >= 256) {
        out += static_cast<char>(0x82);
        out += static_cast<char>(content.size() >> 8);
    } else if (content.size() >= 128) {
        out += static_cast<char>(0x81);
    }
    out += static_cast<char>(content.size() & 0xff);
    return out + content;
}
Der sequence(const Der& content) { return tlv(0x30, content); }
Der bit_string(std::string_view bytes) { return tlv(0x03, Der(1, '\0') + Der(bytes)); }

Der utc_time(std::int64_t unix_seconds) {
    const std::time_t time = unix_seconds;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%y%m%d%H%M%SZ", &parts);
    return tlv(0x17, text.data());
}

crypto::Validity validity_of_kind(crypto::Validity honest) {
    constexpr std::int64_t kDay = 86400;
    const std::int64_t shift = certificate_kind == CertificateKind::Expired  ? -60 * kDay
                               : certificate_kind == CertificateKind::Future ? 60 * kDay
                                                                             : 0;
    return {{honest.not_before.seconds + shift}, {honest.not_after.seconds + shift}};
}

Der to_be_signed(const crypto::Identity& identity, const crypto::Validity& validity) {
    const Der algorithm = sequence(tlv(0x06, "\x2b\x65\x70"));  // 1.3.101.112, Ed25519
    const Der common_name = tlv(0x06, "\x55\x04\x03") + tlv(0x0c, identity.node_id().to_string());
    const Der name = sequence(tlv(0x31, sequence(common_name)));
    const Der key(base::as_text(identity.public_key().bytes));
    return sequence(
        tlv(0xa0, tlv(0x02, "\x02")) + tlv(0x02, "serial-01") + algorithm + name +
        sequence(utc_time(validity.not_before.seconds) + utc_time(validity.not_after.seconds)) +
        name + sequence(algorithm + bit_string(key)));
}

}  // namespace

namespace qe::crypto {

base::Result<base::Bytes> make_self_signed_certificate(const Identity& identity,
                                                       const Validity& validity, base::Rng&,
                                                       base::ByteView /*attributes*/) {
    Der body = to_be_signed(identity, validity_of_kind(validity));
    const Signature signature = identity.sign(base::as_bytes(body));
    if (certificate_kind == CertificateKind::Tampered) {
        body.replace(body.find("serial-01"), 9, "serial-02");
    }
    const Der whole =
        sequence(body + sequence(tlv(0x06, "\x2b\x65\x70")) + bit_string(base::as_text(signature)));
    const base::ByteView bytes = base::as_bytes(whole);
    return base::Bytes(bytes.begin(), bytes.end());
}

/// Stands in the same file of the library; nobody here has a network.
base::Result<base::Bytes> make_member_certificate(const Identity&, const PublicKey&, base::ByteView,
                                                  const Validity&, base::Rng&) {
    return base::fail(base::ErrorCode::kUnsupported, "there is no network");
}

}  // namespace qe::crypto

namespace {

// --- The endpoint and its socket
// ------------------------------------------------------------------

crypto::Identity identity_of(const char* seed) {
    std::array<std::byte, crypto::Identity::kSeedSize> bytes{};
    bytes.fill(static_cast<std::byte>(std::strtoul(seed, nullptr, 10)));
    return crypto::Identity::from_seed(bytes);
}

/// Different each time: connection ids must not repeat between tries.
base::Rng fresh_rng() {
    base::Rng::Seed seed{};
    const std::uint64_t time = now().nanoseconds() ^ static_cast<std::uint64_t>(::getpid());
    std::memcpy(seed.data(), &time, sizeof time);
    return base::Rng(seed);
}

class Socket {
  public:
    explicit Socket(const net::SocketAddress& local) : local_(local) {
        sockaddr_storage raw{};
        const socklen_t size = to_sockaddr(local, raw);
        fd_ = ::socket(raw.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&raw), size) != 0) {
            die("cannot bind the UDP socket");
        }
    }
    ~Socket() { ::close(fd_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void send(const net::SocketAddress& to, base::ByteView bytes) const {
        sockaddr_storage raw{};
        const socklen_t size = to_sockaddr(to, raw);
        (void)::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&raw), size);
    }

    /// Waits for a datagram; true when `buffer` has one.
    bool receive(int wait_ms, std::vector<std::byte>& buffer, net::SocketAddress& from) const {
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, wait_ms) <= 0) {
            return false;
        }
        buffer.resize(65536);
        sockaddr_storage raw{};
        socklen_t size = sizeof raw;
        const ssize_t got = ::recvfrom(fd_, buffer.data(), buffer.size(), 0,
                                       reinterpret_cast<sockaddr*>(&raw), &size);
        buffer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        from = from_sockaddr(raw);
        return got > 0;
    }
    [[nodiscard]] const net::SocketAddress& local() const { return local_; }

  private:
    static net::SocketAddress from_sockaddr(const sockaddr_storage& raw) {
        if (raw.ss_family == AF_INET) {
            const auto& v4 = reinterpret_cast<const sockaddr_in&>(raw);
            return {net::IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
        }
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(raw);
        const base::ByteView bytes = base::from_u8(v6.sin6_addr.s6_addr, 16);
        return {net::IpAddress::from_bytes(bytes), ntohs(v6.sin6_port)};
    }

    net::SocketAddress local_;
    int fd_ = -1;
};

class Peer {
  public:
    Peer(const crypto::Identity& identity, const crypto::NodeId& trusted, const Socket& socket)
        : socket_(socket),
          endpoint_(must(quic::Endpoint::make({}, identity, fresh_rng(), {},
                                              base::UnixTime{std::time(nullptr)}),
                         "endpoint")) {
        crypto::Trust trust;
        trust.allow(trusted);
        endpoint_->set_trust(std::move(trust));
    }

    quic::Endpoint& endpoint() { return *endpoint_; }

    /// One turn of the loop: send what is due, wait at most 20 ms, take what came.
    void turn() {
        std::array<std::byte, 65536> out;
        while (const auto datagrams = endpoint_->poll_transmit(now(), out)) {
            for (std::size_t at = 0; at < datagrams->size; at += datagrams->segment_size) {
                const std::size_t size = std::min(datagrams->segment_size, datagrams->size - at);
                socket_.send(datagrams->flow.remote, base::ByteView(out).subspan(at, size));
            }
        }
        net::SocketAddress from;
        if (socket_.receive(20, in_, from)) {
            endpoint_->handle_datagrams(
                now(), {{socket_.local(), from}, net::Ecn::NotEct, in_.size(), in_});
        }
        if (endpoint_->next_deadline() <= now()) {
            endpoint_->handle_timeout(now());
        }
        endpoint_->clear_datagrams();
    }

  private:
    const Socket& socket_;
    std::unique_ptr<quic::Endpoint> endpoint_;
    std::vector<std::byte> in_;
};

// --- What it does
// -----------------------------------------------------------------------------------

/// What goes on the control stream, and whether the stream ends behind it.
struct Speech {
    std::string bytes;
    bool fin = false;
};

/// The framing is a 2-byte length and a CBOR message, docs/protocol/peer.md.
std::optional<Speech> speech_of(std::string_view say) {
    using namespace std::string_literals;
    if (say == "nothing") {
        return Speech{};
    }
    if (say == "oversized") {
        return Speech{"\xff\xff"s + std::string(8192, 'x'), false};
    }
    if (say == "truncated") {
        return Speech{"\x01\x00"s + std::string(20, 'x'), true};
    }
    if (say == "garbage") {
        return Speech{"\x00\x40"s + std::string(64, '\xa5'), false};
    }
    if (say == "out_of_order") {  // EchoRequest before Hello: [3, {1: 7}]
        return Speech{"\x00\x05\x82\x03\xa1\x01\x07"s, false};
    }
    return std::nullopt;
}

struct Outcome {
    bool let_in = false;
    std::string ended = "still_open";
    std::uint64_t peer_code = 0;
    std::string text;
};

void note(const quic::Closed& closed, Outcome& outcome) {
    outcome.ended = quic::to_text(closed.cause);
    outcome.peer_code = closed.peer_code;
    outcome.text = closed.reason.empty() ? std::string(closed.error.text) : closed.reason;
}

void speak(Peer& peer, quic::ConnectionHandle connection, const Speech& speech) {
    if (speech.bytes.empty()) {
        return;
    }
    const auto stream = must(peer.endpoint().open_stream(connection), "open_stream");
    if (!peer.endpoint().write_stream(connection, stream, base::as_bytes(speech.bytes),
                                      speech.fin)) {
        die("write_stream failed");
    }
}

/// Handles news until `until`; true when a connection has ended. With `ours`, only of that one: the
/// attacked daemon may dial us too, which is none of our business here.
bool watch(Peer& peer, base::Instant until, std::optional<quic::ConnectionHandle> ours,
           const Speech& speech, Outcome& outcome) {
    while (now() < until) {
        peer.turn();
        while (auto event = peer.endpoint().poll_event()) {
            const auto* connected = std::get_if<quic::Connected>(&*event);
            const auto* closed = std::get_if<quic::Closed>(&*event);
            if (connected != nullptr && (!ours || connected->connection == *ours)) {
                outcome.let_in = true;
                speak(peer, connected->connection, speech);
            } else if (closed != nullptr && (!ours || closed->connection == *ours)) {
                note(*closed, outcome);
                return true;
            }
        }
    }
    return false;
}

CertificateKind certificate_kind_of(std::string_view text) {
    constexpr std::array<std::string_view, 4> kNames = {"good", "expired", "future", "tampered"};
    const auto* const found = std::find(kNames.begin(), kNames.end(), text);
    if (found == kNames.end()) {
        die("no such certificate kind");
    }
    return static_cast<CertificateKind>(found - kNames.begin());
}

int dial(char** argument) {
    const crypto::Identity identity = identity_of(argument[0]);
    const Socket socket(must(net::parse_socket_address(argument[1], 0), "local address"));
    const auto remote = must(net::parse_socket_address(argument[2], 0), "remote address");
    const auto expected = must(crypto::parse_node_id(argument[3]), "expected node id");
    certificate_kind = certificate_kind_of(argument[4]);
    const auto speech = speech_of(argument[5]);
    if (!speech) {
        die("no such speech");
    }
    const int tries = std::atoi(argument[6]);
    int ended = 0;
    Outcome outcome;
    for (int i = 0; i < tries; ++i) {
        Peer peer(identity, expected, socket);
        outcome = {};
        quic::ConnectRequest request;
        request.flow = net::FlowAddresses{socket.local(), remote};
        request.expected = expected;
        const auto ours = must(peer.endpoint().connect(now(), request), "connect");
        ended += watch(peer, now() + base::seconds(3), ours, *speech, outcome) ? 1 : 0;
    }
    fmt::print(
        "{{\"tries\":{},\"ended\":{},\"handshake_done\":{},\"cause\":\"{}\",\"code\":{},"
        "\"text\":\"{}\"}}\n",
        tries, ended, outcome.let_in, outcome.ended, outcome.peer_code, outcome.text);
    return 0;
}

int serve(char** argument) {
    const crypto::Identity identity = identity_of(argument[0]);
    const Socket socket(must(net::parse_socket_address(argument[1], 0), "local address"));
    Peer peer(identity, must(crypto::parse_node_id(argument[2]), "allowed node id"), socket);
    const base::Instant until = now() + base::seconds(std::atoi(argument[3]));
    int ended = 0;
    Outcome outcome;
    while (watch(peer, until, std::nullopt, {}, outcome)) {
        ++ended;
    }
    fmt::print("{{\"ended\":{},\"cause\":\"{}\",\"code\":{}}}\n", ended, outcome.ended,
               outcome.peer_code);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "id" && argc == 3) {
        fmt::print("{}\n", identity_of(argv[2]).node_id().to_string());
        return 0;
    }
    if (verb == "dial" && argc == 9) {
        return dial(argv + 2);
    }
    if (verb == "serve" && argc == 6) {
        return serve(argv + 2);
    }
    die("see the top of hostile_peer.cpp for its arguments");
}
