// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/secure_id.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

struct Vector {
    const char* ip;
    const char* id;
};

// BEP 42, "test vectors".
constexpr Vector kVectors[] = {
    {"124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"},
    {"21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"},
    {"65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"},
    {"84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"},
    {"43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"},
};

base::Rng rng() { return base::Rng(base::Rng::Seed{}); }

TEST(SecureId, FitsTheVectorsOfTheStandard) {
    for (const Vector& vector : kVectors) {
        const auto ip = net::parse_ip_address(vector.ip).value();
        const auto id = crypto::parse_node_id(vector.id).value();
        EXPECT_TRUE(is_secure_id(id, ip)) << vector.ip;
        EXPECT_FALSE(is_secure_id(id, net::parse_ip_address("203.0.113.77").value()));
    }
}

TEST(SecureId, IsMadeForBothFamilies) {
    base::Rng random = rng();
    for (const char* text : {"203.0.113.5", "8.8.8.8", "2001:db8:1:2::3"}) {
        const auto ip = net::parse_ip_address(text).value();
        const NodeId first = make_secure_id(ip, random);
        EXPECT_TRUE(is_secure_id(first, ip));
        EXPECT_NE(first, make_secure_id(ip, random));
    }
}

TEST(SecureId, ExemptsLocalAddresses) {
    for (const char* text : {"10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.9.9", "127.0.0.1"}) {
        EXPECT_TRUE(is_secure_id(NodeId{}, net::parse_ip_address(text).value())) << text;
    }
}

}  // namespace
}  // namespace qe::dht
