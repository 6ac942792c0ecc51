// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/datagram.h"

#include "overlay/fragment_check.h"

namespace qe::overlay {

namespace {

using base::ErrorCode;

constexpr unsigned kTypeShift = 5;
constexpr std::uint8_t kSequenceFlag = 0x01;
constexpr std::uint8_t kChecksumPartialFlag = 0x02;
constexpr std::uint8_t kReservedFlags = 0x1c;

base::Status parse_header(base::ByteReader& reader, DatagramHeader& header) noexcept {
    const std::uint8_t first = reader.u8();
    if (!reader.ok()) {
        return base::fail(ErrorCode::kTruncated, "empty overlay datagram");
    }
    header.type = static_cast<DatagramType>(first >> kTypeShift);
    if ((header.type != DatagramType::Packets && header.type != DatagramType::Fragment) ||
        (first & kReservedFlags) != 0) {
        return base::fail(ErrorCode::kBadOverlayHeader, "reserved overlay type or flag");
    }
    header.checksum_partial = (first & kChecksumPartialFlag) != 0;
    if (header.checksum_partial && header.type != DatagramType::Packets) {
        return base::fail(ErrorCode::kBadOverlayHeader, "a fragment has no partial checksum");
    }
    if ((first & kSequenceFlag) != 0) {
        header.sequence = reader.u32();
    }
    if (header.type == DatagramType::Fragment) {
        header.fragment.id = reader.u32();
        header.fragment.offset = reader.u16();
        header.fragment.total = reader.u16();
    }
    return {};
}

}  // namespace

EncodedHeader encode_datagram_header(const DatagramHeader& header) noexcept {
    EncodedHeader encoded;
    base::ByteWriter writer(encoded.bytes);
    const unsigned flags = (header.sequence ? kSequenceFlag : 0U) |
                           (header.checksum_partial ? kChecksumPartialFlag : 0U);
    writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(header.type) << kTypeShift | flags));
    if (header.sequence) {
        writer.u32(*header.sequence);
    }
    if (header.type == DatagramType::Fragment) {
        writer.u32(header.fragment.id);
        writer.u16(header.fragment.offset);
        writer.u16(header.fragment.total);
    }
    encoded.size = writer.size();
    return encoded;
}

base::Result<ParsedDatagram> parse_datagram(base::MutableBytes bytes) noexcept {
    base::ByteReader reader(bytes);
    base::Result<ParsedDatagram> parsed(tl::in_place);  // built where the caller reads it
    DatagramHeader& header = parsed->header;
    QE_TRY_STATUS(parse_header(reader, header));
    if (!reader.ok() || reader.remaining() == 0) {
        return base::fail(ErrorCode::kTruncated, "overlay datagram is cut");
    }
    if (header.type == DatagramType::Fragment &&
        !is_possible_fragment(header.fragment, reader.remaining())) {
        return base::fail(ErrorCode::kBadFragment, "no packet has this fragment");
    }
    parsed->payload = bytes.last(reader.remaining());
    return parsed;
}

}  // namespace qe::overlay
