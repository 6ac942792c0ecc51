// SPDX-License-Identifier: Apache-2.0
//
// What somebody pastes as an invite: no text crashes the parser, every refusal is a sentence, and
// what parses is written again in the same digits. The input is also taken as an invite's bytes,
// whose checksum is put right, so that what lies behind it is reached.
#include <cstddef>
#include <cstdint>
#include <string>

#include "network/base32.h"
#include "quicether/base/assert.h"
#include "quicether/crypto/digest.h"
#include "quicether/network/invite.h"

namespace {

using namespace qe;

void check(std::string_view text) {
    const auto invite = network::parse_invite(text, {0});
    if (!invite) {
        QE_ASSERT(!invite.error().text.empty());
        return;
    }
    const std::string again = network::encode_invite(*invite);
    const auto twice = network::parse_invite(again, {0});
    QE_ASSERT(twice.has_value() && network::encode_invite(*twice) == again);
    QE_ASSERT(invite->endpoints.size() <= network::kInviteEndpointsMax);
}

std::string with_checksum(base::ByteView body) {
    base::Bytes covered;
    for (const char c : std::string_view("qe1-")) {
        covered.push_back(static_cast<std::byte>(c));
    }
    covered.insert(covered.end(), body.begin(), body.end());
    const crypto::Sha256Digest sum = crypto::sha256(covered);
    base::Bytes whole(body.begin(), body.end());
    whole.insert(whole.end(), sum.begin(), sum.begin() + 4);
    return "qe1-" + network::to_base32(whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView input = base::from_u8(data, size);
    check(base::as_text(input));
    check("qe1-" + network::to_base32(input));
    check(with_checksum(input));
    return 0;
}
