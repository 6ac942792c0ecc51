// SPDX-License-Identifier: Apache-2.0
//
// KRPC datagrams from strangers and from a node that is asked: nothing stops the Dht, its answers
// parse and are no larger than three times the question, and what it holds stays bounded.
//
// The input is a run of records: source (1 byte), milliseconds to wait (1), size (2), datagram. A
// datagram whose transaction id is "????" gets the id of the last query that was sent to its
// source.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "dht/message.h"
#include "quicether/base/assert.h"
#include "quicether/dht/dht.h"

using namespace qe;

namespace {

constexpr std::size_t kSources = 4;
/// It answers nothing, so its address is never proven.
constexpr std::size_t kStranger = kSources - 1;
constexpr std::string_view kBlank = "1:t4:????";

net::SocketAddress source(std::size_t number) {
    return {net::IpAddress::v4(static_cast<std::uint32_t>(0x14000001U + (number << 16))), 9000, 0};
}

class World {
  public:
    World() : dht_(config(), base::Rng(base::Rng::Seed{}), now_) {
        std::array<net::SocketAddress, 2> starts{source(0), source(1)};
        dht_.bootstrap(now_, starts);
        drain(SIZE_MAX, 0);
        (void)dht_.get_mutable(now_, crypto::PublicKey{}, {});
        drain(SIZE_MAX, 0);
    }

    void receive(std::size_t from, base::Duration wait, base::ByteView datagram) {
        now_ = now_ + wait;
        dht_.handle_deadline(now_);
        drain(SIZE_MAX, 0);
        base::Bytes bytes(datagram.begin(), datagram.end());
        fill_in_transaction(bytes, from);
        dht_.handle_datagram(now_, source(from), bytes);
        drain(from, bytes.size());
        const dht::DhtStatus status = dht_.status();
        QE_ASSERT(status.contacts_v4 <= kSources && status.operations < 64);
    }

  private:
    static dht::DhtConfig config() {
        dht::DhtConfig config;
        config.id.bytes[0] = std::byte{0x55};
        return config;
    }

    void fill_in_transaction(base::Bytes& bytes, std::size_t from) {
        const auto blank = base::as_bytes(kBlank);
        const auto found = std::search(bytes.begin(), bytes.end(), blank.begin(), blank.end());
        if (found != bytes.end() && from != kStranger) {
            std::ranges::copy(last_query_[from],
                              found + static_cast<std::ptrdiff_t>(kBlank.size() - 4));
        }
    }

    /// `received` bytes have just come from `from`.
    void drain(std::size_t from, std::size_t received) {
        std::size_t answered = 0;
        while (const auto transmit = dht_.poll_transmit()) {
            const auto message = dht::parse_message(transmit->bytes);
            QE_ASSERT(message.has_value());
            const bool is_query = std::holds_alternative<dht::Query>(message->body);
            for (std::size_t i = 0; i < kSources && is_query; ++i) {
                if (transmit->to == source(i)) {
                    std::ranges::copy(message->transaction, last_query_[i].begin());
                }
            }
            answered += is_query ? 0 : transmit->bytes.size();
        }
        QE_ASSERT(from != kStranger || answered <= 3 * received);
        while (dht_.poll_event()) {
        }
    }

    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
    dht::Dht dht_;
    std::array<std::array<std::byte, 4>, kSources> last_query_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    base::ByteReader reader(base::from_u8(data, size));
    World world;
    while (reader.remaining() >= 4) {
        const std::size_t from = reader.u8() % kSources;
        const base::Duration wait = base::milliseconds(reader.u8());
        const std::size_t length = std::min<std::size_t>(reader.u16(), reader.remaining());
        world.receive(from, wait, reader.take(length));
    }
    return 0;
}
