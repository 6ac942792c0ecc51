// SPDX-License-Identifier: Apache-2.0
//
// The real TUN device and the real kernel's TCP and UDP, in a namespace of each test's own.
#include "host/tun_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include "host/netlink.h"
#include "host/socket_address.h"
#include "quicether/base/assert.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"
#include "unit/host/crafted_packet.h"
#include "unit/host/network_namespace.h"

namespace qe::host {
namespace {

using ::testing::HasSubstr;

constexpr std::uint16_t kPort = 4000;
constexpr int kWaitMs = 5000;

net::SocketAddress socket_address(std::string_view ip, std::uint16_t port) {
    return {net::parse_ip_address(ip).value(), port, 0};
}

FileDescriptor open_socket(const net::SocketAddress& local, int type) {
    const int family = local.ip.is_v4() ? AF_INET : AF_INET6;
    FileDescriptor fd(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_storage address{};
    const socklen_t size = to_sockaddr(local, address);
    QE_ASSERT(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    return fd;
}

void connect_to(const FileDescriptor& fd, const net::SocketAddress& remote) {
    sockaddr_storage address{};
    const socklen_t size = to_sockaddr(remote, address);
    const int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size);
    QE_ASSERT(result == 0 || errno == EINPROGRESS);
}

/// True once the kernel delivers to its own address.
bool reaches_itself(const net::SocketAddress& address) {
    const FileDescriptor fd = open_socket(address, SOCK_DGRAM);
    connect_to(fd, address);
    const ssize_t sent = ::send(fd.get(), "?", 1, 0);
    pollfd waiting{fd.get(), POLLIN, 0};
    return sent == 1 && ::poll(&waiting, 1, 10) == 1 && (waiting.revents & POLLIN) != 0;
}

/// A host with one TUN device: 10.7.0.1/24 and fd00:7::1/64.
struct World {
    explicit World(const TunOptions& options = {})
        : tun(std::move(*TunDevice::create("qe-test0", options))), room(TunDevice::kReadBytes) {
        for (const char* address : {"10.7.0.1/24", "fd00:7::1/64"}) {
            QE_ASSERT(
                netlink.change(make_address_add(tun.index(), net::parse_prefix(address).value())));
        }
    }
    void up() {
        QE_ASSERT(netlink.change(make_link_up(tun.index())));
        QE_ASSERT(netlink.change(make_link_up(1)));  // lo
        // The kernel takes up IPv6 addresses a little later.
        bool ready = false;
        for (int i = 0; i < 500 && !ready; ++i) {
            ready = reaches_itself(socket_address("fd00:7::1", kPort + 2));
        }
        QE_ASSERT(ready);
        while (tun.read(room)) {
        }
    }

    /// The next packet from one of our addresses; the kernel also talks by itself (MLD).
    [[nodiscard]] std::optional<net::TunPacket> read(std::uint8_t protocol) {
        pollfd waiting{tun.fd(), POLLIN, 0};
        while (::poll(&waiting, 1, kWaitMs) == 1) {
            const auto packet = tun.read(room);
            const auto facts = packet ? net::parse_packet(packet->bytes)
                                      : base::Result<net::PacketFacts>(net::PacketFacts{});
            if (facts && facts->protocol == protocol) {
                return packet;
            }
        }
        return std::nullopt;
    }

    Netlink netlink = std::move(*Netlink::open());
    TunDevice tun;
    base::Bytes room;
};

base::Bytes numbered(std::size_t size) {
    base::Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
    }
    return bytes;
}

/// The next datagram at `fd`; empty when none comes.
base::Bytes receive(const FileDescriptor& fd) {
    pollfd waiting{fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, kWaitMs) != 1) {
        return {};
    }
    base::Bytes bytes(TunDevice::kReadBytes);
    const ssize_t size = ::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
}

TEST(TunDevice, RefusesANameThatExists) {
    QE_IN_FRESH_NAMESPACE([] {
        const auto first = TunDevice::create("qe-test0");
        ASSERT_TRUE(first) << first.error();
        const auto second = TunDevice::create("qe-test0");
        ASSERT_FALSE(second);
        EXPECT_THAT(second.error(), HasSubstr("interface qe-test0 exists already"));
        const auto loopback = TunDevice::create("lo");
        ASSERT_FALSE(loopback);
    });
}

TEST(TunDevice, RefusesANameTheKernelCannotHold) {
    EXPECT_FALSE(TunDevice::create(""));
    EXPECT_FALSE(TunDevice::create("sixteen-bytes-00"));
}

TEST(TunDevice, OffersNothingWithoutOffloads) {
    QE_IN_FRESH_NAMESPACE([] {
        const auto plain = TunDevice::create("qe-test0", {.offloads = false});
        ASSERT_TRUE(plain);
        EXPECT_EQ(plain->offloads(), net::TunOffloads{});
        const auto full = TunDevice::create("qe-test1");
        ASSERT_TRUE(full);
        EXPECT_TRUE(full->offloads().checksum);
        EXPECT_TRUE(full->offloads().tcp);
    });
}

TEST(TunDevice, IsSilentWhileDown) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        EXPECT_FALSE(world.tun.read(world.room));
        EXPECT_FALSE(world.tun.lost());
    });
}

TEST(TunDevice, NoticesThatItWasDeleted) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        NetlinkRequest request(RTM_DELLINK, NLM_F_ACK);
        auto* body = static_cast<ifinfomsg*>(
            mnl_nlmsg_put_extra_header(request.header(), sizeof(ifinfomsg)));
        body->ifi_index = static_cast<int>(world.tun.index());
        EXPECT_TRUE(world.netlink.change(request));
        EXPECT_FALSE(world.tun.read(world.room));
        EXPECT_TRUE(world.tun.lost());
    });
}

struct Case {
    const char* name;
    bool offloads;
    const char* ours;
    const char* theirs;
};

class TunTraffic : public ::testing::TestWithParam<Case> {
  protected:
    static net::SocketAddress ours() { return socket_address(GetParam().ours, kPort); }
    static net::SocketAddress theirs() { return socket_address(GetParam().theirs, kPort + 1); }
    static std::size_t ip_size() {
        return ours().ip.is_v4() ? net::kIpv4HeaderMin : net::kIpv6Header;
    }
    /// What the device could do for us is done before it gets the packet.
    static void send(TunDevice& tun, Crafted packet) {
        if (!GetParam().offloads) {
            packet.complete();
        }
        packet.write_to(tun);
    }
    /// Connects a socket of the kernel's to theirs(), which is played here: its SYN+ACK has no
    /// options, so that the kernel assumes the smallest MSS. Returns the kernel's first sequence
    /// number; ours is 1.
    static std::uint32_t connect_by_hand(World& world, const FileDescriptor& fd) {
        connect_to(fd, theirs());
        const auto syn = world.read(IPPROTO_TCP);
        QE_ASSERT(syn.has_value());
        const std::uint32_t first = sequence_of(*syn, ip_size()) + 1;
        send(world.tun, make_tcp(theirs(), ours(), {0, first, kSynAck}, {}));
        pollfd connected{fd.get(), POLLOUT, 0};
        QE_ASSERT(::poll(&connected, 1, kWaitMs) == 1);
        return first;
    }
};

TEST_P(TunTraffic, ReadsADatagramWhoseChecksumCanBeCompleted) {
    QE_IN_FRESH_NAMESPACE([] {
        World world({.offloads = GetParam().offloads});
        world.up();
        const FileDescriptor fd = open_socket(ours(), SOCK_DGRAM);
        connect_to(fd, theirs());
        const base::Bytes payload = numbered(333);
        ASSERT_EQ(::send(fd.get(), payload.data(), payload.size(), 0), 333);
        const auto packet = world.read(IPPROTO_UDP);
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->offload.checksum_partial, GetParam().offloads);
        EXPECT_EQ(packet->offload.transport_offset, GetParam().offloads ? ip_size() : 0);
        Crafted expected = make_udp(ours(), theirs(), payload);
        if (!GetParam().offloads) {
            expected.complete();
        }
        EXPECT_TRUE(std::ranges::equal(packet->bytes.subspan(ip_size()),
                                       expected.view().subspan(ip_size())));
    });
}

TEST_P(TunTraffic, WritesWhatALocalSocketReceives) {
    QE_IN_FRESH_NAMESPACE([] {
        World world({.offloads = GetParam().offloads});
        world.up();
        const FileDescriptor fd = open_socket(ours(), SOCK_DGRAM);
        const base::Bytes payload = numbered(1001);
        Crafted packet = make_udp(theirs(), ours(), payload);
        if (!GetParam().offloads) {
            packet.complete();
        }
        const std::array parts = {packet.view().first(100), packet.view().subspan(100)};
        const std::vector frames(2, net::TunFrame{parts, packet.bytes.size(), packet.offload});
        world.tun.write_batch(frames);
        EXPECT_EQ(world.tun.counters().written_packets, 2U);
        EXPECT_EQ(receive(fd), payload);
        EXPECT_EQ(receive(fd), payload);
    });
}

TEST_P(TunTraffic, ReadsTcpAsTheSenderWroteIt) {
    QE_IN_FRESH_NAMESPACE([] {
        World world({.offloads = GetParam().offloads});
        world.up();
        const FileDescriptor fd = open_socket(ours(), SOCK_STREAM);
        connect_by_hand(world, fd);
        const base::Bytes payload = numbered(4000);
        ASSERT_EQ(::send(fd.get(), payload.data(), payload.size(), 0), 4000);
        base::Bytes stream;
        while (stream.size() < payload.size()) {
            const auto packet = world.read(IPPROTO_TCP);
            ASSERT_TRUE(packet);
            EXPECT_EQ(packet->offload.checksum_partial, GetParam().offloads);
            if (packet->offload.segmentation == net::Segmentation::Tcp) {
                EXPECT_EQ(packet->offload.segment_bytes, ours().ip.is_v4() ? 536 : 1220);
                EXPECT_EQ(packet->offload.transport_offset, ip_size());
            }
            const base::ByteView data = packet->bytes.subspan(ip_size() + 20);
            stream.insert(stream.end(), data.begin(), data.end());
        }
        EXPECT_EQ(stream, payload);
        EXPECT_EQ(world.tun.counters().read_super_packets > 0, GetParam().offloads);
    });
}

TEST_P(TunTraffic, WritesTcpThatALocalSocketReceives) {
    QE_IN_FRESH_NAMESPACE([] {
        World world({.offloads = GetParam().offloads});
        world.up();
        const FileDescriptor fd = open_socket(ours(), SOCK_STREAM);
        const std::uint32_t first = connect_by_hand(world, fd);
        const base::Bytes payload = numbered(GetParam().offloads ? 20'000 : 1000);
        Crafted packet = make_tcp(theirs(), ours(), {1, first, kPushAck}, payload);
        if (GetParam().offloads) {
            packet.offload.segmentation = net::Segmentation::Tcp;
            packet.offload.segment_bytes = 1100;
        }
        send(world.tun, packet);
        EXPECT_EQ(world.tun.counters().written_super_packets, GetParam().offloads ? 1U : 0U);
        EXPECT_EQ(receive(fd), payload);
    });
}

INSTANTIATE_TEST_SUITE_P(Kinds, TunTraffic,
                         ::testing::Values(Case{"V4", true, "10.7.0.1", "10.7.0.2"},
                                           Case{"V6", true, "fd00:7::1", "fd00:7::2"},
                                           Case{"PlainV4", false, "10.7.0.1", "10.7.0.2"},
                                           Case{"PlainV6", false, "fd00:7::1", "fd00:7::2"}),
                         [](const auto& kind) { return kind.param.name; });

TEST(TunDevice, CarriesAUdpSuperPacketBothWays) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        world.up();
        if (!world.tun.offloads().udp) {
            GTEST_SKIP() << "the kernel is older than UDP segmentation for TUN devices";
        }
        const auto ours = socket_address("10.7.0.1", kPort);
        const auto theirs = socket_address("10.7.0.2", kPort + 1);
        const FileDescriptor fd = open_socket(ours, SOCK_DGRAM);
        connect_to(fd, theirs);
        const int segment = 500;
        ASSERT_EQ(::setsockopt(fd.get(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), 0);
        const base::Bytes payload = numbered(500 * 9 + 77);
        ASSERT_EQ(::send(fd.get(), payload.data(), payload.size(), 0),
                  static_cast<ssize_t>(payload.size()));
        const auto packet = world.read(IPPROTO_UDP);
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->offload, (net::Offload{net::Segmentation::Udp, true, 500, 20}));
        EXPECT_TRUE(std::ranges::equal(packet->bytes.subspan(28), payload));

        // Back it goes, from the other end; each datagram arrives by itself.
        Crafted back = make_udp(theirs, ours, payload);
        back.offload = packet->offload;
        back.write_to(world.tun);
        base::Bytes joined;
        for (std::size_t i = 0; i < 10; ++i) {
            const base::Bytes datagram = receive(fd);
            EXPECT_EQ(datagram.size(), i < 9 ? 500U : 77U);
            joined.insert(joined.end(), datagram.begin(), datagram.end());
        }
        EXPECT_EQ(joined, payload);
        EXPECT_EQ(world.tun.counters().written_super_packets, 1U);
    });
}

TEST(TunDevice, CarriesAFrameOfMorePartsThanACallTakes) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        world.up();
        const auto ours = socket_address("10.7.0.1", kPort);
        const FileDescriptor fd = open_socket(ours, SOCK_DGRAM);
        const base::Bytes payload = numbered(5000);
        const Crafted packet = make_udp(socket_address("10.7.0.2", kPort + 1), ours, payload);
        std::vector<base::ByteView> parts = {base::ByteView(packet.bytes).first(28)};
        for (std::size_t at = 28; at < packet.bytes.size(); at += 2) {
            parts.push_back(base::ByteView(packet.bytes).subspan(at, 2));
        }
        const net::TunFrame frame{parts, packet.bytes.size(), packet.offload};
        world.tun.write_batch({&frame, 1});
        EXPECT_EQ(receive(fd), payload);
    });
}

TEST(TunDevice, CountsWhatTheKernelRefusesAndStopsOfferingIt) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        world.up();
        Crafted packet =
            make_udp(socket_address("10.7.0.2", 1), socket_address("10.7.0.1", 2), numbered(3000));
        // UDP under a TCP segmentation: no kernel takes it.
        packet.offload.segmentation = net::Segmentation::Tcp;
        packet.offload.segment_bytes = 1000;
        packet.write_to(world.tun);
        EXPECT_EQ(world.tun.counters().write_refused, 1U);
        EXPECT_TRUE(world.tun.offloads().tcp) << "one may be the packet's fault";
        for (int i = 0; i < 10; ++i) {
            packet.write_to(world.tun);
        }
        EXPECT_FALSE(world.tun.offloads().tcp);
        EXPECT_TRUE(world.tun.offloads().checksum);
    });
}

}  // namespace
}  // namespace qe::host
