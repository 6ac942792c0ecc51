// SPDX-License-Identifier: Apache-2.0
//
// UdpSocket: one non-blocking UDP socket of one family, with the kernel's batching.
//
// Receives with recvmmsg and GRO, sends with sendmsg and GSO, or with sendmmsg where a path or a
// device does not take segmented sends. Both ends of every flow are explicit
// (packet info both ways), so one wildcard socket serves all local addresses. DF is set and the
// kernel's own path MTU is ignored (IP_PMTUDISC_PROBE): the core runs PLPMTUD (RFC 8899).
// A datagram that cannot be sent is counted and forgotten, never an error: the network may lose
// what it likes, and so may we. GSO that a device refuses is switched off for good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/file_descriptor.h"
#include "host/udp_batch.h"
#include "quicether/base/log.h"
#include "quicether/base/result.h"
#include "quicether/net/datagram.h"

namespace qe::host {

/// Events of one socket since it was opened.
struct UdpCounters {
    std::uint64_t received_batches = 0;  ///< GRO blocks count as one.
    std::uint64_t received_bytes = 0;
    std::uint64_t received_unusable = 0;  ///< Cut short, or without a local address.
    std::uint64_t kernel_drops = 0;       ///< SO_RXQ_OVFL: the receive buffer was full.
    std::uint64_t sent_calls = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t send_too_big = 0;      ///< EMSGSIZE: beyond the device's MTU.
    std::uint64_t send_unreachable = 0;  ///< ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL …
    std::uint64_t send_refused = 0;      ///< EPERM, EACCES: a firewall here.
    std::uint64_t send_no_buffer = 0;    ///< ENOBUFS, ENOMEM
    std::uint64_t send_failed = 0;       ///< Any other error.
    std::uint64_t send_blocked = 0;      ///< EAGAIN: had to wait for room.
};

class UdpSocket {
  public:
    /// Asked for both buffers; SO_RCVBUFFORCE needs CAP_NET_ADMIN, else the kernel's cap holds.
    static constexpr int kBufferBytes = 7 * 1024 * 1024;

    /// Binds the wildcard address; `port` 0 takes a free one.
    /// Errors: kInUse (port taken), kUnsupported (no such family here), kSystemCall.
    [[nodiscard]] static base::Result<UdpSocket> open(net::Family family, std::uint16_t port,
                                                      base::Log log);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::size_t receive_buffer_bytes() const noexcept { return receive_buffer_; }
    [[nodiscard]] bool segmentation_offload() const noexcept { return gso_; }
    [[nodiscard]] const UdpCounters& counters() const noexcept { return counters_; }

    /// One recvmmsg into `batch`. False when it left nothing behind: the socket is drained.
    bool receive(UdpBatch& batch) noexcept;

    /// Sends `payload` from `offset` on and moves `offset` past what was sent or given up. False
    /// when the socket must become writable first (offset < size then).
    bool send(const net::TransmitDatagrams& datagrams, base::ByteView payload,
              std::size_t& offset) noexcept;

    /// For operators (performance.segmentation_offload) and tests.
    void disable_segmentation_offload() noexcept { gso_ = false; }

  private:
    struct SinglyResult {
        bool passed = false;  ///< At least one datagram left.
        int blocked = 0;      ///< EAGAIN, or 0 when the end was reached.
    };

    UdpSocket(FileDescriptor fd, net::Family family, base::Log log) noexcept
        : fd_(std::move(fd)), family_(family), log_(log) {}

    [[nodiscard]] base::Status configure(std::uint16_t port);
    void accept_message(UdpBatch& batch, std::size_t index) noexcept;
    [[nodiscard]] int send_block(const net::TransmitDatagrams& datagrams, base::ByteView payload,
                                 std::size_t& offset, std::size_t size) noexcept;
    [[nodiscard]] int send_once(const net::TransmitDatagrams& datagrams, base::ByteView bytes,
                                bool segmented) noexcept;
    [[nodiscard]] SinglyResult send_singly(const net::TransmitDatagrams& datagrams,
                                           base::ByteView payload, std::size_t& offset,
                                           std::size_t end) noexcept;
    [[nodiscard]] std::size_t send_many(const msghdr& message, std::size_t segment_size,
                                        base::ByteView bytes) noexcept;
    void count_failure(int error) noexcept;
    void give_up_segmentation(int error);

    FileDescriptor fd_;
    net::Family family_;
    base::Log log_;
    std::uint16_t port_ = 0;
    std::size_t receive_buffer_ = 0;
    bool gso_ = true;
    std::uint32_t kernel_drops_seen_ = 0;
    UdpCounters counters_;
};

}  // namespace qe::host
