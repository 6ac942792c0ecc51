// SPDX-License-Identifier: Apache-2.0
//
// Real sockets over loopback: what the kernel really does with GSO, GRO, ECN and packet info.
#include "host/udp_port.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "host/netlink.h"
#include "quicether/base/assert.h"
#include "unit/host/network_namespace.h"

namespace qe::host {
namespace {

net::IpAddress loopback(net::Family family) {
    return net::parse_ip_address(family == net::Family::V4 ? "127.0.0.1" : "::1").value();
}

struct Received {
    net::FlowAddresses flow;
    net::Ecn ecn;
    std::size_t segment_size;
    base::Bytes payload;
};

class UdpTest : public ::testing::TestWithParam<net::Family> {
  protected:
    static UdpSocket open() {
        auto socket = UdpSocket::open(GetParam(), 0, {});
        QE_ASSERT(socket.has_value());
        return std::move(*socket);
    }

    /// Everything that arrives until `bytes` have, or nothing has for a second.
    std::vector<Received> receive_all(UdpSocket& socket, std::size_t bytes) {
        std::vector<Received> all;
        for (std::size_t seen = 0; seen < bytes;) {
            pollfd waiting{socket.fd(), POLLIN, 0};
            if (::poll(&waiting, 1, 1000) <= 0) {
                break;
            }
            [[maybe_unused]] const bool more = socket.receive(batch_);
            for (const net::ReceivedDatagrams& part : batch_.received()) {
                all.push_back({part.flow, part.ecn, part.segment_size,
                               base::Bytes(part.payload.begin(), part.payload.end())});
                seen += part.payload.size();
            }
        }
        return all;
    }

    net::TransmitDatagrams flow_to(const UdpSocket& from, const UdpSocket& to,
                                   std::size_t segment_size, std::size_t size) const {
        const auto ip = loopback(GetParam());
        return {{{ip, from.port(), 0}, {ip, to.port(), 0}}, net::Ecn::NotEct, segment_size, size};
    }

    static base::Bytes numbered(std::size_t size) {
        base::Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i) {
            bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
        }
        return bytes;
    }

    void expect_whole(const std::vector<Received>& parts, const base::Bytes& sent,
                      std::size_t segment_size) {
        base::Bytes joined;
        for (const Received& part : parts) {
            EXPECT_TRUE(part.segment_size == segment_size ||
                        part.segment_size == part.payload.size());
            joined.insert(joined.end(), part.payload.begin(), part.payload.end());
        }
        EXPECT_EQ(joined, sent);
    }

    UdpSocket a_ = open();
    UdpSocket b_ = open();
    UdpBatch batch_;
};

TEST_P(UdpTest, CarriesOneDatagramWithBothAddressesAndEcn) {
    const base::Bytes sent = numbered(1200);
    for (const net::Ecn ecn : {net::Ecn::NotEct, net::Ecn::Ect0, net::Ecn::Ect1, net::Ecn::Ce}) {
        auto datagrams = flow_to(a_, b_, 1200, 1200);
        datagrams.ecn = ecn;
        std::size_t offset = 0;
        ASSERT_TRUE(a_.send(datagrams, sent, offset));
        const auto got = receive_all(b_, sent.size());
        ASSERT_EQ(got.size(), 1U);
        EXPECT_EQ(got[0].payload, sent);
        EXPECT_EQ(got[0].ecn, ecn);
        EXPECT_EQ(got[0].segment_size, 1200U);
        EXPECT_EQ(got[0].flow.remote, datagrams.flow.local);
        EXPECT_EQ(got[0].flow.local, datagrams.flow.remote);
    }
}

TEST_P(UdpTest, CarriesAGsoBlockWithAShorterLastSegment) {
    const base::Bytes sent = numbered(40 * 1400 + 300);
    std::size_t offset = 0;
    ASSERT_TRUE(a_.send(flow_to(a_, b_, 1400, sent.size()), sent, offset));
    EXPECT_EQ(offset, sent.size());
    EXPECT_EQ(a_.counters().sent_calls, 1U);
    const auto got = receive_all(b_, sent.size());
    expect_whole(got, sent, 1400);
    EXPECT_LE(got.size(), 2U) << "GRO should keep the block together on loopback";
}

TEST_P(UdpTest, SplitsABlockOfMoreSegmentsThanTheKernelTakes) {
    const base::Bytes sent = numbered(200 * 100 + 1);
    std::size_t offset = 0;
    ASSERT_TRUE(a_.send(flow_to(a_, b_, 100, sent.size()), sent, offset));
    EXPECT_EQ(a_.counters().sent_calls, 4U);
    expect_whole(receive_all(b_, sent.size()), sent, 100);
}

TEST_P(UdpTest, SendsManyDatagramsACallWithoutGso) {
    a_.disable_segmentation_offload();
    const base::Bytes sent = numbered(150 * 100 + 5);
    std::size_t offset = 0;
    ASSERT_TRUE(a_.send(flow_to(a_, b_, 100, sent.size()), sent, offset));
    EXPECT_EQ(offset, sent.size());
    EXPECT_EQ(a_.counters().sent_calls, 3U) << "64, 64 and 23";
    EXPECT_EQ(a_.counters().sent_bytes, sent.size());
    expect_whole(receive_all(b_, sent.size()), sent, 100);
}

TEST_P(UdpTest, SendsUnsegmentedWhereThePathAsksForIt) {
    const base::Bytes sent = numbered(10 * 1000 + 5);
    auto datagrams = flow_to(a_, b_, 1000, sent.size());
    datagrams.segmentation_offload = false;
    datagrams.ecn = net::Ecn::Ect0;
    std::size_t offset = 0;
    ASSERT_TRUE(a_.send(datagrams, sent, offset));
    EXPECT_EQ(a_.counters().sent_calls, 1U);
    const auto got = receive_all(b_, sent.size());
    expect_whole(got, sent, 1000);
    // GRO joins only what was segmented on this host, or what a device with GRO received.
    EXPECT_EQ(got.size(), 11U);
    for (const Received& part : got) {
        EXPECT_EQ(part.ecn, net::Ecn::Ect0);
        EXPECT_EQ(part.flow.remote, datagrams.flow.local);
    }
    EXPECT_TRUE(a_.segmentation_offload()) << "other paths keep it";
}

TEST_P(UdpTest, CountsEachDatagramOfABrokenFlow) {
    const base::Bytes sent = numbered(1000);
    auto nowhere = flow_to(a_, b_, 100, 1000);
    nowhere.flow.local.ip =
        net::parse_ip_address(GetParam() == net::Family::V4 ? "192.0.2.1" : "2001:db8::1").value();
    nowhere.segmentation_offload = false;
    std::size_t offset = 0;
    EXPECT_TRUE(a_.send(nowhere, sent, offset));
    EXPECT_EQ(offset, sent.size());
    EXPECT_EQ(a_.counters().send_unreachable, 10U);
    EXPECT_EQ(a_.counters().sent_calls, 0U);
}

TEST_P(UdpTest, ReceivesManySendersInOneBatch) {
    std::vector<UdpSocket> senders;
    for (int i = 0; i < 40; ++i) {
        senders.push_back(open());
    }
    const base::Bytes sent = numbered(64);
    for (UdpSocket& sender : senders) {
        std::size_t offset = 0;
        ASSERT_TRUE(sender.send(flow_to(sender, b_, 64, 64), sent, offset));
    }
    EXPECT_TRUE(b_.receive(batch_)) << "40 datagrams do not fit one batch";
    EXPECT_EQ(batch_.received().size(), UdpBatch::kSlots);
    EXPECT_TRUE(b_.receive(batch_));
    EXPECT_FALSE(b_.receive(batch_));
    EXPECT_EQ(batch_.received().size(), 8U);
    EXPECT_FALSE(b_.receive(batch_));
    EXPECT_TRUE(batch_.received().empty());
}

TEST_P(UdpTest, CountsWhatCannotBeSentAndGoesOn) {
    const base::Bytes sent = numbered(100);
    auto nowhere = flow_to(a_, b_, 100, 100);
    // Not an address of this host.
    nowhere.flow.local.ip =
        net::parse_ip_address(GetParam() == net::Family::V4 ? "192.0.2.1" : "2001:db8::1").value();
    std::size_t offset = 0;
    EXPECT_TRUE(a_.send(nowhere, sent, offset));
    EXPECT_EQ(offset, sent.size());
    EXPECT_EQ(a_.counters().send_unreachable, 1U);
    EXPECT_TRUE(a_.segmentation_offload());
}

TEST_P(UdpTest, KeepsGsoWhenABlockFailsForAnotherReason) {
    const base::Bytes sent = numbered(1000);
    auto nowhere = flow_to(a_, b_, 100, 1000);
    nowhere.flow.local.ip =
        net::parse_ip_address(GetParam() == net::Family::V4 ? "192.0.2.1" : "2001:db8::1").value();
    std::size_t offset = 0;
    EXPECT_TRUE(a_.send(nowhere, sent, offset));
    EXPECT_GE(a_.counters().send_unreachable, 1U);
    EXPECT_TRUE(a_.segmentation_offload());
}

TEST_P(UdpTest, CountsWhatTheKernelDroppedForWantOfRoom) {
    const int small = 4096;
    ASSERT_EQ(::setsockopt(b_.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    const base::Bytes sent = numbered(1000);
    for (int i = 0; i < 100; ++i) {
        std::size_t offset = 0;
        ASSERT_TRUE(a_.send(flow_to(a_, b_, 1000, 1000), sent, offset));
    }
    while (b_.receive(batch_)) {
    }
    // The count travels with the next datagram that is received.
    std::size_t offset = 0;
    ASSERT_TRUE(a_.send(flow_to(a_, b_, 1000, 1000), sent, offset));
    receive_all(b_, 1000);
    EXPECT_GT(b_.counters().kernel_drops, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, UdpTest, ::testing::Values(net::Family::V4, net::Family::V6),
                         [](const auto& family) {
                             return family.param == net::Family::V4 ? "V4" : "V6";
                         });

TEST(UdpPort, OpensBothFamiliesOnOneNumber) {
    auto port = UdpPort::open(0, {});
    ASSERT_TRUE(port);
    ASSERT_NE(port->v6(), nullptr);
    EXPECT_EQ(port->v4().port(), port->v6()->port());
}

TEST(UdpPort, SaysThatAPortIsTaken) {
    auto first = UdpPort::open(0, {});
    ASSERT_TRUE(first);
    const auto second = UdpPort::open(first->port(), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), "UDP port " + std::to_string(first->port()) +
                                  " is in use by another program; stop it or choose another with "
                                  "--port");
}

/// An Ethernet device on which nobody answers ARP: what is sent there waits, charged to the sender.
FileDescriptor make_silent_neighbourhood() {
    FileDescriptor tap(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    ifreq request{};
    std::strcpy(request.ifr_name, "qe-tap0");
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    auto netlink = Netlink::open();
    QE_ASSERT(netlink && ::ioctl(tap.get(), TUNSETIFF, &request) == 0);
    const std::uint32_t index = ::if_nametoindex("qe-tap0");
    const auto address = net::parse_prefix("10.9.0.1/24").value();
    QE_ASSERT(netlink->change(make_address_add(index, address)).has_value());
    QE_ASSERT(netlink->change(make_link_up(index)).has_value());
    return tap;
}

TEST(UdpSocket, GoesOnAfterTheDatagramThatFoundNoRoom) {
    QE_IN_FRESH_NAMESPACE([] {
        FileDescriptor tap = make_silent_neighbourhood();
        auto socket = UdpSocket::open(net::Family::V4, 0, {});
        ASSERT_TRUE(socket);
        const int small = 8192;
        ASSERT_EQ(::setsockopt(socket->fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
        const auto from = net::parse_ip_address("10.9.0.1").value();
        const auto to = net::parse_ip_address("10.9.0.2").value();
        const net::TransmitDatagrams datagrams{
            {{from, socket->port(), 0}, {to, 7, 0}}, net::Ecn::NotEct, 1000, 60'000, false};
        const base::Bytes payload(60'000);
        std::size_t offset = 0;
        EXPECT_FALSE(socket->send(datagrams, payload, offset));
        EXPECT_GT(offset, 0U);
        EXPECT_LT(offset, payload.size());
        EXPECT_EQ(offset % 1000, 0U);
        EXPECT_EQ(offset, socket->counters().sent_bytes);
        const std::size_t before = offset;
        EXPECT_FALSE(socket->send(datagrams, payload, offset));
        EXPECT_EQ(offset, before);
        EXPECT_EQ(socket->counters().send_blocked, 2U);
        tap.reset();  // Frees what waited there.
        pollfd room{socket->fd(), POLLOUT, 0};
        ASSERT_EQ(::poll(&room, 1, 5000), 1);
        EXPECT_TRUE(socket->send(datagrams, payload, offset));
        EXPECT_EQ(offset, payload.size());
    });
}

TEST(UdpPort, KeepsTheBlockThatFoundNoRoomUntilItFits) {
    QE_IN_FRESH_NAMESPACE([] {
        FileDescriptor tap = make_silent_neighbourhood();
        auto port = UdpPort::open(0, {});
        ASSERT_TRUE(port);
        const int small = 8192;
        ASSERT_EQ(::setsockopt(port->v4().fd(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
        const auto from = net::parse_ip_address("10.9.0.1").value();
        const auto to = net::parse_ip_address("10.9.0.2").value();
        const net::TransmitDatagrams datagrams{
            {{from, port->port(), 0}, {to, 7, 0}}, net::Ecn::NotEct, 1000, 10'000};
        for (int i = 0; i < 100 && !port->blocked(); ++i) {
            port->send(datagrams);
        }
        ASSERT_TRUE(port->blocked());
        EXPECT_EQ(port->blocked_socket(), &port->v4());
        EXPECT_EQ(port->counters().send_blocked, 1U);
        port->resume();
        EXPECT_TRUE(port->blocked());
        tap.reset();  // Frees what waited there.
        pollfd room{port->v4().fd(), POLLOUT, 0};
        ASSERT_EQ(::poll(&room, 1, 5000), 1);
        port->resume();
        EXPECT_FALSE(port->blocked());
        EXPECT_EQ(port->blocked_socket(), nullptr);
    });
}

}  // namespace
}  // namespace qe::host
