// SPDX-License-Identifier: Apache-2.0
//
// dht_abuser: what dht_abuse_test.py needs beyond Python: signatures of BEP 44 over any bytes, and
// floods.
//
//   dht_abuser sign SEED                                      hexadecimal bytes, one message a line
//   dht_abuser flood TO FIRST SOURCES PER_SECOND SECONDS      hexadecimal datagrams, one a line
//
// `sign` prints the public key, then the signature of each line. `flood` sends the datagrams in
// turn to the IPv4 endpoint TO, from SOURCES addresses that begin with FIRST and are local here,
// and prints one line of JSON about what really left. Answers are not read.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/core.h>
#include <netinet/in.h>

#include "helper.h"
#include "quicether/base/bytes.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace {

using namespace qe;
using namespace qe::helper;
using Clock = std::chrono::steady_clock;

std::vector<base::Bytes> read_lines() {
    std::vector<base::Bytes> lines;
    for (std::string line; std::getline(std::cin, line);) {
        base::Bytes bytes(line.size() / 2);
        if (!base::from_hex(line, bytes)) {
            die("a line is not hexadecimal");
        }
        lines.push_back(std::move(bytes));
    }
    return lines;
}

// --- Signatures ---------------------------------------------------------------------------------

void sign(std::string_view seed_hex) {
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    if (!base::from_hex(seed_hex, seed)) {
        die("the seed is not hexadecimal");
    }
    const crypto::Identity identity = crypto::Identity::from_seed(seed);
    fmt::print("{}\n", identity.public_key().to_string());
    for (const base::Bytes& message : read_lines()) {
        fmt::print("{}\n", base::to_hex(identity.sign(message)));
    }
}

// --- Floods -------------------------------------------------------------------------------------

struct Flood {
    net::SocketAddress to;
    std::uint32_t first_source = 0;
    std::uint32_t sources = 1;
    std::uint64_t per_second = 0;
    std::uint64_t seconds = 0;
};

/// One sendmmsg of datagrams that each leave from an address of their own (IP_PKTINFO).
class Volley {
  public:
    static constexpr std::size_t kSize = 64;

    explicit Volley(const Flood& flood) : flood_(flood) {
        to_.sin_family = AF_INET;
        to_.sin_port = htons(flood.to.port);
        std::memcpy(&to_.sin_addr, flood.to.ip.bytes().data(), sizeof to_.sin_addr);
    }

    /// How many of `count` left; `number` is that of the first in the whole flood.
    std::size_t send(int fd, std::vector<base::Bytes>& datagrams, std::uint64_t number,
                     std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            prepare(i, datagrams[(number + i) % datagrams.size()], number + i);
        }
        const int sent = ::sendmmsg(fd, messages_.data(), static_cast<unsigned>(count), 0);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }

  private:
    void prepare(std::size_t slot, base::Bytes& datagram, std::uint64_t number) {
        parts_[slot] = {datagram.data(), datagram.size()};
        msghdr& header = messages_[slot].msg_hdr;
        header = {};
        header.msg_name = &to_;
        header.msg_namelen = sizeof to_;
        header.msg_iov = &parts_[slot];
        header.msg_iovlen = 1;
        header.msg_control = controls_[slot].data();
        header.msg_controllen = controls_[slot].size();
        cmsghdr* const control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = IPPROTO_IP;
        control->cmsg_type = IP_PKTINFO;
        control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
        in_pktinfo info{};
        const auto offset = static_cast<std::uint32_t>(number % flood_.sources);
        info.ipi_spec_dst.s_addr = htonl(flood_.first_source + offset);
        std::memcpy(CMSG_DATA(control), &info, sizeof info);
    }

    struct alignas(cmsghdr) Control : std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> {};

    const Flood& flood_;
    sockaddr_in to_{};
    std::array<mmsghdr, kSize> messages_{};
    std::array<iovec, kSize> parts_{};
    std::array<Control, kSize> controls_{};
};

void run(const Flood& flood, std::vector<base::Bytes> datagrams) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || datagrams.empty()) {
        die("no socket, or nothing to send");
    }
    Volley volley(flood);
    const Clock::time_point begin = Clock::now();
    std::uint64_t sent = 0;
    std::uint64_t refused = 0;
    const std::uint64_t all = flood.per_second * flood.seconds;
    while (sent + refused < all && Clock::now() - begin < std::chrono::seconds(flood.seconds)) {
        const auto elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
        const auto due = std::min(
            all, static_cast<std::uint64_t>(elapsed * static_cast<double>(flood.per_second)));
        if (sent + refused >= due) {
            std::this_thread::sleep_for(std::chrono::microseconds(200));
            continue;
        }
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(due - sent - refused, Volley::kSize));
        const std::size_t left = volley.send(fd, datagrams, sent + refused, count);
        sent += left;
        refused += left == 0 ? 1 : 0;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    ::close(fd);
    fmt::print("{{\"sent\":{},\"refused\":{},\"seconds\":{:.3f}}}\n", sent, refused, seconds);
}

Flood flood_of(const std::vector<std::string>& words) {
    Flood flood;
    flood.to = must(net::parse_socket_address(words[2], 0), "TO");
    const auto first = must(net::parse_socket_address(words[3] + ":0", 0), "FIRST");
    if (!flood.to.ip.is_v4() || !first.ip.is_v4()) {
        die("floods are of IPv4");
    }
    std::memcpy(&flood.first_source, first.ip.bytes().data(), sizeof flood.first_source);
    flood.first_source = ntohl(flood.first_source);
    flood.sources = static_cast<std::uint32_t>(std::stoul(words[4]));
    flood.per_second = std::stoull(words[5]);
    flood.seconds = std::stoull(words[6]);
    return flood;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv, argv + argc);
    if (words.size() == 3 && words[1] == "sign") {
        sign(words[2]);
    } else if (words.size() == 7 && words[1] == "flood") {
        run(flood_of(words), read_lines());
    } else {
        die("see the head of dht_abuser.cpp");
    }
    return 0;
}
