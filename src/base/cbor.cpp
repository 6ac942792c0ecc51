// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/cbor.h"

namespace qe::base {
namespace {

constexpr std::uint8_t kUnsigned = 0;
constexpr std::uint8_t kNegative = 1;
constexpr std::uint8_t kByteString = 2;
constexpr std::uint8_t kText = 3;
constexpr std::uint8_t kArray = 4;
constexpr std::uint8_t kMap = 5;
constexpr std::uint8_t kSimple = 7;
constexpr std::uint64_t kFalse = 20;
constexpr std::uint64_t kNull = 22;

}  // namespace

void CborReader::fail() noexcept {
    ok_ = false;
    reader_ = ByteReader({});
}

CborReader::Head CborReader::head() noexcept {
    const std::uint8_t first = reader_.u8();
    const std::uint8_t extra = first & 0x1f;
    std::uint64_t value = extra;
    std::uint64_t smallest = 0;
    switch (extra) {
        case 24:
            value = reader_.u8();
            smallest = 24;
            break;
        case 25:
            value = reader_.u16();
            smallest = 1ULL << 8;
            break;
        case 26:
            value = reader_.u32();
            smallest = 1ULL << 16;
            break;
        case 27:
            value = reader_.u64();
            smallest = 1ULL << 32;
            break;
        default:
            break;
    }
    // 28 … 31 are reserved or mean an indefinite length; a longer form than needed is not
    // canonical.
    if (!ok_ || !reader_.ok() || extra > 27 || value < smallest) {
        fail();
        return {};
    }
    return {static_cast<std::uint8_t>(first >> 5), value};
}

std::uint64_t CborReader::expect(std::uint8_t major) noexcept {
    const Head h = head();
    if (!ok_ || h.major != major) {
        fail();
        return 0;
    }
    return h.value;
}

std::uint64_t CborReader::container(std::uint8_t major, std::uint64_t bytes_per_item) noexcept {
    const std::uint64_t count = expect(major);
    if (count > reader_.remaining() / bytes_per_item) {
        fail();
        return 0;
    }
    return count;
}

std::uint64_t CborReader::unsigned_integer() noexcept { return expect(kUnsigned); }

bool CborReader::boolean() noexcept {
    const std::uint64_t value = expect(kSimple);
    if (ok_ && value != kFalse && value != kFalse + 1) {
        fail();
    }
    return ok_ && value == kFalse + 1;
}

ByteView CborReader::byte_string() noexcept {
    const std::uint64_t size = container(kByteString, 1);
    return reader_.take(static_cast<std::size_t>(size));
}

std::string_view CborReader::text() noexcept {
    const std::uint64_t size = container(kText, 1);
    return as_text(reader_.take(static_cast<std::size_t>(size)));
}

std::uint64_t CborReader::array() noexcept { return container(kArray, 1); }

std::uint64_t CborReader::map() noexcept { return container(kMap, 2); }

void CborReader::skip(unsigned depth) noexcept {
    const Head h = head();
    if (!ok_ || depth >= kCborDepthMax) {
        return fail();
    }
    switch (h.major) {
        case kUnsigned:
        case kNegative:
            return;
        case kByteString:
        case kText:
            if (h.value > reader_.remaining()) {
                return fail();
            }
            reader_.take(static_cast<std::size_t>(h.value));
            return;
        case kArray:
        case kMap: {
            const std::uint64_t per_item = h.major == kMap ? 2 : 1;
            if (h.value > reader_.remaining() / per_item) {
                return fail();
            }
            for (std::uint64_t i = 0; ok_ && i < h.value * per_item; ++i) {
                skip(depth + 1);
            }
            return;
        }
        case kSimple:
            if (h.value < kFalse || h.value > kNull) {
                fail();
            }
            return;
        default:
            fail();  // tags
    }
}

void CborWriter::head(std::uint8_t major, std::uint64_t value) {
    unsigned size = 0;
    std::uint8_t extra = static_cast<std::uint8_t>(value);
    if (value >= 1ULL << 32) {
        size = 8, extra = 27;
    } else if (value >= 1ULL << 16) {
        size = 4, extra = 26;
    } else if (value >= 1ULL << 8) {
        size = 2, extra = 25;
    } else if (value >= 24) {
        size = 1, extra = 24;
    }
    out_.push_back(static_cast<std::byte>(major << 5 | extra));
    for (unsigned i = size; i > 0; --i) {
        out_.push_back(static_cast<std::byte>(value >> (8 * (i - 1))));
    }
}

void CborWriter::byte_string(ByteView bytes) {
    head(kByteString, bytes.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void CborWriter::text(std::string_view text) {
    const ByteView bytes = as_bytes(text);
    head(kText, bytes.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
}

}  // namespace qe::base
