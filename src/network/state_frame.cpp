// SPDX-License-Identifier: Apache-2.0
#include "network/state_frame.h"

#include <algorithm>
#include <array>

#include "quicether/crypto/digest.h"

namespace qe::network {
namespace {

constexpr std::size_t kHeadBytes = 4;
constexpr std::size_t kSumBytes = 8;

std::array<std::byte, kHeadBytes> head_of(StateKind kind) noexcept {
    return {std::byte{'q'}, std::byte{'e'}, static_cast<std::byte>(kind.letter),
            std::byte{kind.version}};
}

crypto::Sha256Digest sum_of(base::ByteView head, base::ByteView payload) {
    base::Bytes covered(head.begin(), head.end());
    covered.insert(covered.end(), payload.begin(), payload.end());
    const crypto::Sha256Digest sum = crypto::sha256(covered);
    base::wipe(covered);
    return sum;
}

}  // namespace

base::Bytes frame_state(StateKind kind, base::ByteView payload) {
    const auto head = head_of(kind);
    const crypto::Sha256Digest sum = sum_of(head, payload);
    base::Bytes bytes(kHeadBytes + kSumBytes + payload.size());
    base::ByteWriter out(bytes);
    out.bytes(head);
    out.bytes(base::ByteView(sum).first(kSumBytes));
    out.bytes(payload);
    return bytes;
}

base::Result<base::ByteView> unframe_state(StateKind kind, base::ByteView bytes) {
    const auto head = head_of(kind);
    base::ByteReader in(bytes);
    const base::ByteView stored = in.take(kHeadBytes);
    const base::ByteView sum = in.take(kSumBytes);
    if (!in.ok() || !std::equal(stored.begin(), stored.end() - 1, head.begin())) {
        return base::fail(base::ErrorCode::kMalformed, "not a file of this kind");
    }
    if (stored.back() != head.back()) {
        return base::fail(base::ErrorCode::kUnsupported, "stored by another version");
    }
    const crypto::Sha256Digest expected = sum_of(stored, in.rest());
    if (!std::equal(sum.begin(), sum.end(), expected.begin())) {
        return base::fail(base::ErrorCode::kMalformed, "the stored bytes are damaged");
    }
    return in.rest();
}

}  // namespace qe::network
