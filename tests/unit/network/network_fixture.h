// SPDX-License-Identifier: Apache-2.0
//
// A network in memory for tests: its authority, and members made on demand.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "quicether/network/authority.h"

namespace qe::network::test {

inline constexpr base::UnixTime kNow{1'780'000'000};

/// Asserts success of what a test only needs as an ingredient.
template <typename T>
T must(base::Result<T> result) {
    EXPECT_TRUE(result.has_value()) << result.error().text;
    return std::move(*result);
}

class NetworkTest : public testing::Test {
  protected:
    [[nodiscard]] Directory new_directory() const { return Directory(founding_.document); }
    [[nodiscard]] crypto::Identity new_identity() { return crypto::Identity::generate(rng_); }

    /// A member of `directory` named `name`.
    base::Bytes certify(Directory& directory, const crypto::Identity& node, std::string name,
                        std::vector<net::Prefix> subnets = {}) {
        return must(founding_.authority.certify(
            directory, node.public_key(),
            {std::move(name), MemberRole::Full, false, {}, std::move(subnets)}, kNow, rng_));
    }
    [[nodiscard]] NodeRecord record_of(const crypto::Identity& node, std::uint64_t sequence) const {
        NodeRecord record;
        record.key = node.public_key();
        record.sequence = sequence;
        record.issued = kNow;
        record.name = "somebody";
        record.underlay = {{net::IpAddress::v4(0x0a000001), 9000, 0}};
        return record;
    }
    [[nodiscard]] Item record_item(const crypto::Identity& node, const NodeRecord& record) const {
        return {ItemKind::Record, must(sign_record(node, record, id_)).encoded};
    }

    base::Rng rng_{base::Rng::Seed{}};
    Authority::Founding founding_ = must(Authority::found({"Home Net"}, kNow, rng_));
    NetworkId id_ = founding_.document.value.id();
};

inline net::Prefix prefix(std::string_view text) { return must(net::parse_prefix(text)); }
inline net::SocketAddress endpoint(std::string_view text) {
    return must(net::parse_socket_address(text, 0));
}

}  // namespace qe::network::test
