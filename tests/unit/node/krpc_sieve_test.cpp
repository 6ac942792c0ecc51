// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/krpc_sieve.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace qe::node {
namespace {

struct Sieved {
    std::vector<std::string> krpc;
    std::vector<std::string> rest;
};

Sieved sieve(std::string_view payload, std::size_t segment_size) {
    net::ReceivedDatagrams received;
    received.payload = base::as_bytes(payload);
    received.segment_size = segment_size;
    Sieved out;
    sieve_krpc(
        received, [&](base::ByteView krpc) { out.krpc.emplace_back(base::as_text(krpc)); },
        [&](const net::ReceivedDatagrams& rest) {
            EXPECT_EQ(rest.segment_size, segment_size);
            out.rest.emplace_back(base::as_text(rest.payload));
        });
    return out;
}

TEST(KrpcSieve, KnowsDictionariesOnly) {
    EXPECT_TRUE(is_krpc(base::as_bytes("d1:y1:qe")));
    EXPECT_FALSE(is_krpc(base::as_bytes("d1:y1:q")));
    EXPECT_FALSE(is_krpc(base::as_bytes("d0:e")));
    EXPECT_FALSE(is_krpc(base::as_bytes("de")));
    EXPECT_FALSE(is_krpc(base::as_bytes("d\x91quic packet e")));
    EXPECT_FALSE(is_krpc({}));
}

TEST(KrpcSieve, HandsWholeBlocksOn) {
    const Sieved all = sieve("quicquicqu", 4);
    EXPECT_TRUE(all.krpc.empty());
    EXPECT_EQ(all.rest, (std::vector<std::string>{"quicquicqu"}));
}

TEST(KrpcSieve, PicksMessagesOutOfABlock) {
    const Sieved mixed = sieve("quicd1:equicquicd2:ed3e", 4);
    EXPECT_EQ(mixed.krpc, (std::vector<std::string>{"d1:e", "d2:e", "d3e"}));
    EXPECT_EQ(mixed.rest, (std::vector<std::string>{"quic", "quicquic"}));
}

TEST(KrpcSieve, TakesASingleDatagramWithoutSegmentSize) {
    const Sieved one = sieve("d1:y1:qe", 0);
    EXPECT_EQ(one.krpc, (std::vector<std::string>{"d1:y1:qe"}));
    EXPECT_TRUE(one.rest.empty());
    EXPECT_TRUE(sieve("", 0).rest.empty());
}

}  // namespace
}  // namespace qe::node
