// SPDX-License-Identifier: Apache-2.0
//
// A reassembler fed by a hostile peer: it stays within its bounds, and a packet it hands out has
// exactly the bytes that the fragments said.
//
// The input is a run of records: id (1 byte), offset (1), total (1), size (1), milliseconds to wait
// (1). Small numbers, so that fragments meet. Every fragment carries the byte that belongs at its
// place, a function of id and offset, so a whole packet can be checked without a second copy;
// fragments of an odd size record claim other bytes.
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/overlay/reassembler.h"

using namespace qe;

namespace {

constexpr overlay::ReassemblyOptions kOptions{600, 4, base::milliseconds(500)};
constexpr std::size_t kRecordSize = 5;

std::byte byte_at(std::uint32_t id, std::size_t offset) {
    return static_cast<std::byte>(id * 31 + offset * 7);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    base::ByteReader reader(base::from_u8(data, size));
    overlay::Reassembler reassembler(kOptions);
    base::Instant now;
    while (reader.remaining() >= kRecordSize) {
        const overlay::FragmentFields fields{reader.u8(), reader.u8(), reader.u8()};
        base::Bytes payload(reader.u8() / 2U);
        const bool lies = payload.size() % 16 == 15;
        for (std::size_t i = 0; i < payload.size(); ++i) {
            payload[i] = byte_at(fields.id, fields.offset + i) ^ std::byte{lies};
        }
        now = now + base::milliseconds(reader.u8());
        const auto whole = reassembler.handle_fragment(now, fields, payload);
        QE_ASSERT(reassembler.bytes_held() <= kOptions.bytes_max);
        QE_ASSERT(reassembler.next_deadline() > now);
        if (!whole || !*whole) {
            continue;
        }
        QE_ASSERT((*whole)->size() == fields.total);
        for (std::size_t i = 0; i < (*whole)->size(); ++i) {
            const auto differs = (**whole)[i] ^ byte_at(fields.id, i);
            QE_ASSERT(differs == std::byte{0} || differs == std::byte{1});
        }
    }
    reassembler.handle_timeout(now + base::seconds(1));
    QE_ASSERT(reassembler.bytes_held() == 0 && reassembler.next_deadline().is_never());
    return 0;
}
