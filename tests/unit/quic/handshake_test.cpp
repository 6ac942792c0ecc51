// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "quic/tls_context.h"
#include "test_net.h"

namespace qe::quic::testing {
namespace {

constexpr std::uint64_t kAccessDenied = 49;
constexpr std::uint64_t kCertificateExpired = 45;
constexpr std::uint64_t kCertificateUnknown = 46;

constexpr std::int64_t kDay = 24 * 3600;

TEST(Handshake, TwoNodesThatKnowEachOtherConnect) {
    Pair pair;
    pair.connect();
    const auto here = pair.client.last<Connected>();
    const auto there = pair.server.last<Connected>();
    EXPECT_EQ(here->role, Role::Client);
    EXPECT_EQ(here->key, pair.server.identity.public_key());
    EXPECT_EQ(here->node_id, pair.server.identity.node_id());
    EXPECT_FALSE(here->resumed);
    EXPECT_EQ(there->role, Role::Server);
    EXPECT_EQ(there->key, pair.client.identity.public_key());
    EXPECT_EQ(there->flow.remote, pair.client.addresses.front());
    EXPECT_EQ(pair.client.counters().handshakes_completed, 1U);
    EXPECT_EQ(pair.server.counters().handshakes_completed, 1U);
}

TEST(Handshake, UsesTheHybridKeyExchangeAndTheFastCipher) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto info = pair.client.endpoint->info(pair.at_client);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->key_exchange, "X25519MLKEM768");
    EXPECT_EQ(info->cipher,
              processor_has_aes() ? "TLS_AES_128_GCM_SHA256" : "TLS_CHACHA20_POLY1305_SHA256");
    EXPECT_EQ(info->congestion_control, "bbr");
    EXPECT_TRUE(info->handshake_confirmed);
    EXPECT_EQ(info->key, pair.server.identity.public_key());
    EXPECT_GE(info->smoothed_rtt, base::milliseconds(19));
}

TEST(Handshake, ListenerRefusesAStrangerAndTellsHimSo) {
    Pair pair;
    pair.server.endpoint->set_trust({});
    const ConnectionHandle handle = pair.dial();
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); }));
    const auto ours = pair.client.last<Closed>();
    EXPECT_EQ(ours->connection, handle);
    EXPECT_EQ(ours->cause, CloseCause::TlsAlert);
    EXPECT_EQ(ours->peer_code, kAccessDenied);
    const auto theirs = pair.server.last<Closed>();
    ASSERT_TRUE(theirs);
    EXPECT_EQ(theirs->cause, CloseCause::PeerRefused);
    EXPECT_EQ(theirs->error.code, base::ErrorCode::kNotTrusted);
    EXPECT_TRUE(pair.server.all<Connected>().empty());
    EXPECT_EQ(pair.server.counters().peers_refused, 1U);
    EXPECT_EQ(pair.server.counters().handshakes_failed, 1U);
    EXPECT_EQ(pair.server.endpoint->connection_count(), 0U);
}

TEST(Handshake, DiallerRefusesAListenerItDoesNotTrust) {
    Pair pair;
    pair.client.endpoint->set_trust({});
    static_cast<void>(pair.dial());
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::PeerRefused);
    EXPECT_EQ(pair.client.last<Closed>()->error.code, base::ErrorCode::kNotTrusted);
    EXPECT_EQ(pair.server.last<Closed>()->cause, CloseCause::TlsAlert);
    EXPECT_EQ(pair.server.last<Closed>()->peer_code, kAccessDenied);
    EXPECT_TRUE(pair.client.all<Connected>().empty());
}

TEST(Handshake, DiallerRefusesATrustedNodeThatIsNotTheExpectedOne) {
    Pair pair;
    const crypto::Identity other = make_identity(77);
    pair.client.trust(other.public_key());
    const auto handle = pair.client.endpoint->connect(
        pair.net.now(), {.flow = pair.flow(), .expected = other.node_id()});
    ASSERT_TRUE(handle);
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::PeerRefused);
    EXPECT_EQ(pair.client.last<Closed>()->error.code, base::ErrorCode::kWrongIdentity);
    EXPECT_EQ(pair.server.last<Closed>()->peer_code, kAccessDenied);
}

TEST(Handshake, ExpiredCertificateIsRefusedWithItsAlert) {
    Pair pair;
    // The server's certificate was made 31 days before the client's now.
    pair.server.restart(5, {kWallNow.seconds - 31 * kDay});
    static_cast<void>(pair.dial());
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->error.code, base::ErrorCode::kCertificateExpired);
    EXPECT_EQ(pair.server.last<Closed>()->cause, CloseCause::TlsAlert);
    EXPECT_EQ(pair.server.last<Closed>()->peer_code, kCertificateExpired);
}

TEST(Handshake, CertificateOfTheFutureIsRefused) {
    Pair pair;
    pair.server.restart(5, {kWallNow.seconds + 2 * kDay});
    static_cast<void>(pair.dial());
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->error.code, base::ErrorCode::kCertificateNotYetValid);
    EXPECT_EQ(pair.server.last<Closed>()->peer_code, kCertificateUnknown);
}

TEST(Handshake, CertificateIsRenewedAtHalfItsLife) {
    Pair pair;
    for (std::int64_t day = 1; day <= 60; ++day) {
        const base::UnixTime wall{kWallNow.seconds + day * kDay};
        ASSERT_TRUE(pair.client.endpoint->set_wall_clock(wall));
        ASSERT_TRUE(pair.server.endpoint->set_wall_clock(wall));
    }
    pair.connect();
}

TEST(Handshake, ConnectionsOutliveTheCertificateTheyBeganWith) {
    Pair pair;
    pair.connect();
    const base::UnixTime wall{kWallNow.seconds + 40 * kDay};
    ASSERT_TRUE(pair.client.endpoint->set_wall_clock(wall));
    ASSERT_TRUE(pair.server.endpoint->set_wall_clock(wall));
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 1U);
}

TEST(Handshake, TamperedCertificateIsRefused) {
    base::Rng rng = make_rng(9);
    const crypto::Identity identity = make_identity(2);
    const crypto::Validity validity{{kWallNow.seconds - 10}, {kWallNow.seconds + 1000}};
    base::Bytes der = *crypto::make_self_signed_certificate(identity, validity, rng);
    crypto::Trust trust;
    trust.allow(identity.public_key());
    ASSERT_TRUE(trust.check(der, kWallNow));
    for (std::size_t at = 0; at < der.size(); ++at) {
        base::Bytes damaged = der;
        damaged[at] ^= std::byte{0x20};
        EXPECT_FALSE(trust.check(damaged, kWallNow)) << "byte " << at;
    }
}

TEST(Handshake, SurvivesTheLossOfEveryThirdPacket) {
    Pair pair;
    int counter = 0;
    pair.net.filter = [&](WirePacket&) { return ++counter % 3 != 0; };
    pair.connect();
}

TEST(Handshake, GivesUpWhenNobodyAnswers) {
    Pair pair;
    pair.net.filter = [](WirePacket&) { return false; };
    const ConnectionHandle handle = pair.dial();
    const base::Instant start = pair.net.now();
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::HandshakeTimeout);
    EXPECT_EQ(pair.client.last<Closed>()->connection, handle);
    EXPECT_EQ(pair.net.now() - start, pair.client.options.handshake_timeout);
    EXPECT_EQ(pair.client.endpoint->connection_count(), 0U);
}

TEST(Handshake, BothMayDialEachOtherAtOnce) {
    Pair pair;
    const ConnectionHandle one = pair.dial();
    const auto two = pair.server.endpoint->connect(pair.net.now(),
                                                   {.flow = {pair.flow().remote, pair.flow().local},
                                                    .expected = pair.client.identity.node_id()});
    ASSERT_TRUE(two);
    ASSERT_TRUE(pair.net.run_until([&] {
        return pair.client.all<Connected>().size() == 2 && pair.server.all<Connected>().size() == 2;
    }));
    EXPECT_TRUE(pair.client.endpoint->info(one));
    EXPECT_TRUE(pair.server.endpoint->info(*two));
}

TEST(Handshake, DialsNoMoreThanConnectionsMax) {
    EndpointOptions options;
    options.connections_max = 2;
    Pair pair(options);
    static_cast<void>(pair.dial());
    static_cast<void>(pair.dial());
    const auto third = pair.client.endpoint->connect(
        pair.net.now(), {.flow = pair.flow(), .expected = pair.server.identity.node_id()});
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, base::ErrorCode::kQueueFull);
}

TEST(Handshake, CipherPreferenceFollowsTheProcessor) {
    EXPECT_TRUE(std::string_view(preferred_ciphers(true)).starts_with("TLS_AES_128_GCM"));
    EXPECT_TRUE(std::string_view(preferred_ciphers(false)).starts_with("TLS_CHACHA20"));
}

}  // namespace
}  // namespace qe::quic::testing
