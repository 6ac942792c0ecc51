// SPDX-License-Identifier: Apache-2.0
//
// A tunnel without cryptography, congestion control or peers: the ceilings that bench/peers shows.
//
//     bench_forwarder plain|offloaded <TUN device> <port> <other end's address:port>
//
// `plain` moves one packet per system call, as the simplest tunnel does. `offloaded` uses all that
// the kernel offers to a tunnel in user space: super-packets from and to the TUN device, GSO and
// GRO for UDP; a byte in front of each packet says whether its checksum is partial. Creates the
// device; its addresses are the caller's business. Runs until it is terminated.
#include <poll.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/tun_device.h"
#include "host/udp_batch.h"
#include "host/udp_socket.h"
#include "quicether/net/coalescer.h"
#include "quicether/net/packet.h"
#include "quicether/net/segment_cutter.h"
#include "quicether/overlay/datagram.h"

namespace {

using namespace qe;

constexpr int kReadsPerRound = 16;
constexpr std::size_t kDatagramBytesMax = 1452;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "forwarder: %s\n", what);
    std::exit(1);
}

template <typename Checked>
auto must(Checked result, const char* what) {
    if (!result) {
        fail(what);
    }
    return std::move(*result);
}

/// Both ends of the tunnel as one process has them.
struct Ports {
    host::TunDevice tun;
    host::UdpSocket udp;
    net::FlowAddresses flow;

    void send(base::ByteView bytes, std::size_t segment_size) {
        const net::TransmitDatagrams datagrams{flow, net::Ecn::NotEct, segment_size, bytes.size(),
                                               true};
        std::size_t offset = 0;
        while (!udp.send(datagrams, bytes, offset)) {
            pollfd writable{udp.fd(), POLLOUT, 0};
            ::poll(&writable, 1, -1);
        }
    }
};

class PlainForwarder {
  public:
    explicit PlainForwarder(Ports& ports) : ports_(ports), buffer_(host::TunDevice::kReadBytes) {}

    void from_tun() {
        for (int i = 0; i < kReadsPerRound; ++i) {
            const auto packet = ports_.tun.read(buffer_);
            if (!packet) {
                return;
            }
            ports_.send(packet->bytes, packet->bytes.size());
        }
    }

    void from_udp() {
        for (int i = 0; i < kReadsPerRound; ++i) {
            const ssize_t size =
                ::recv(ports_.udp.fd(), buffer_.data(), kDatagramBytesMax, MSG_DONTWAIT);
            if (size < 0) {
                return;
            }
            const base::ByteView packet(buffer_.data(), static_cast<std::size_t>(size));
            const net::TunFrame frame{std::span(&packet, 1), packet.size(), {}};
            ports_.tun.write_batch(std::span(&frame, 1));
        }
    }

  private:
    Ports& ports_;
    base::Bytes buffer_;
};

class OffloadedForwarder {
  public:
    explicit OffloadedForwarder(Ports& ports)
        : ports_(ports), buffer_(host::TunDevice::kReadBytes) {}

    void from_tun() {
        for (int i = 0; i < kReadsPerRound; ++i) {
            const auto packet = ports_.tun.read(buffer_);
            if (!packet) {
                break;
            }
            auto cutter = net::SegmentCutter::make(packet->bytes, packet->offload);
            while (cutter && !cutter->done()) {
                append(cutter->next(kDatagramBytesMax - 1));
            }
        }
        flush();
    }

    void from_udp() {
        if (!ports_.udp.receive(batch_) && batch_.received().empty()) {
            return;
        }
        for (const net::ReceivedDatagrams& block : batch_.received()) {
            // They lie in our own batch, and nobody else reads them.
            const base::MutableBytes all(const_cast<std::byte*>(block.payload.data()),
                                         block.payload.size());
            for (std::size_t at = 0; at < all.size(); at += block.segment_size) {
                merge(all.subspan(at, std::min(block.segment_size, all.size() - at)));
            }
        }
        frames_.clear();
        for (const net::Coalescer::Frame& frame : coalescer_.frames()) {
            frames_.push_back(frame.frame);
        }
        ports_.tun.write_batch(frames_);
        coalescer_.clear();
    }

  private:
    static constexpr std::size_t kSegmentsMax = 64;
    static constexpr std::size_t kBurstBytesMax = 65'000;

    /// Segments of a burst have one size; only the last may be smaller.
    void append(const net::Segment& segment) {
        const std::size_t size = 1 + segment.size();
        const bool ended = used_ % std::max<std::size_t>(segment_size_, 1) != 0;
        if (used_ > 0 && (ended || size > segment_size_ || used_ / segment_size_ == kSegmentsMax ||
                          used_ + size > kBurstBytesMax)) {
            flush();
        }
        if (used_ == 0) {
            segment_size_ = size;
        }
        burst_[used_++] = overlay::packets_header(segment.checksum_partial);
        for (const base::ByteView part : {segment.header, segment.payload}) {
            if (!part.empty()) {
                std::memcpy(burst_.data() + used_, part.data(), part.size());
                used_ += part.size();
            }
        }
    }

    void flush() {
        if (used_ > 0) {
            ports_.send(base::ByteView(burst_).first(used_), std::min(segment_size_, used_));
        }
        used_ = 0;
    }

    void merge(base::MutableBytes datagram) {
        const auto packet = datagram.subspan(1);
        if (const auto facts = net::parse_packet(packet)) {
            coalescer_.add({0, ports_.tun.offloads()}, packet, *facts,
                           datagram[0] == overlay::packets_header(true));
        }
    }

    Ports& ports_;
    base::Bytes buffer_;
    std::array<std::byte, kBurstBytesMax> burst_;
    std::size_t used_ = 0;
    std::size_t segment_size_ = 0;
    host::UdpBatch batch_;
    net::Coalescer coalescer_;
    std::vector<net::TunFrame> frames_;
};

template <typename Forwarder>
[[noreturn]] void run(Ports& ports) {
    auto forwarder = std::make_unique<Forwarder>(ports);
    for (;;) {
        std::array<pollfd, 2> wanted{pollfd{ports.tun.fd(), POLLIN, 0},
                                     pollfd{ports.udp.fd(), POLLIN, 0}};
        ::poll(wanted.data(), wanted.size(), -1);
        if ((wanted[0].revents & POLLIN) != 0) {
            forwarder->from_tun();
        }
        if ((wanted[1].revents & POLLIN) != 0) {
            forwarder->from_udp();
        }
        if (ports.tun.lost()) {
            fail("the device is gone");
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    if (words.size() != 4 || (words[0] != "plain" && words[0] != "offloaded")) {
        fail("usage: plain|offloaded <TUN device> <port> <other end's address:port>");
    }
    const bool offloaded = words[0] == "offloaded";
    std::uint16_t port = 0;
    std::from_chars(words[2].data(), words[2].data() + words[2].size(), port);
    const net::SocketAddress remote =
        must(net::parse_socket_address(words[3], port), "the address is not address:port");
    Ports ports{must(host::TunDevice::create(std::string(words[1]), {.offloads = offloaded}),
                     "the device cannot be made"),
                must(host::UdpSocket::open(remote.ip.family(), port, {}), "no UDP port"),
                {{net::IpAddress::any(remote.ip.family()), port}, remote}};
    offloaded ? run<OffloadedForwarder>(ports) : run<PlainForwarder>(ports);
}
