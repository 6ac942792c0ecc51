// SPDX-License-Identifier: Apache-2.0
//
// The signed statements one by one: document, record, revocation, attributes.
#include <functional>

#include "network/envelope.h"
#include "network/fields.h"
#include "network_fixture.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using test::endpoint;
using test::kNow;
using test::must;
using test::prefix;

class Statements : public test::NetworkTest {
  protected:
    /// No changed byte and no shortened statement may pass `parses`.
    static void expect_no_change_passes(const base::Bytes& good,
                                        const std::function<bool(base::ByteView)>& parses) {
        ASSERT_TRUE(parses(good));
        for (std::size_t i = 0; i < good.size(); ++i) {
            base::Bytes spoiled = good;
            spoiled[i] ^= std::byte{0x01};
            EXPECT_FALSE(parses(spoiled)) << "byte " << i;
            EXPECT_FALSE(parses(base::ByteView(good).first(i))) << "length " << i;
        }
        base::Bytes longer = good;
        longer.push_back(std::byte{0});
        EXPECT_FALSE(parses(longer));
    }

    [[nodiscard]] NodeRecord full_record() {
        NodeRecord record = record_of(node_, kRecordSequenceMax);
        record.ttl = kRecordTtlMax;
        record.name = std::string(kNameBytesMax, 'n');
        record.role = MemberRole::Bootstrap;
        record.ipv4 = net::IpAddress::v4(0x6440ffff);
        record.capabilities = UINT64_MAX;
        record.underlay.assign(kRecordUnderlayMax,
                               endpoint("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535"));
        record.subnets.assign(kRecordSubnetsMax,
                              prefix("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128"));
        return record;
    }

    crypto::Identity node_ = new_identity();
};

TEST_F(Statements, DocumentSaysWhatWasFounded) {
    const auto parsed = parse_document(founding_.document.encoded, id_);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(*parsed, founding_.document);
    EXPECT_EQ(parsed->value.name, "home-net");
    EXPECT_EQ(parsed->value.ipv4.to_string(), "100.64.0.0/16");
    EXPECT_EQ(parsed->value.certificate_life.count(), 30 * 24 * 3600);
    EXPECT_EQ(parsed->value.created, kNow);
}

TEST_F(Statements, DocumentIsRefusedWhenChanged) {
    expect_no_change_passes(founding_.document.encoded, [this](base::ByteView bytes) {
        return parse_document(bytes, id_).has_value();
    });
}

TEST_F(Statements, DocumentOfAnotherNetworkIsRefused) {
    const auto other = must(Authority::found({"other"}, kNow, rng_));
    EXPECT_EQ(parse_document(other.document.encoded, id_).error().code, ErrorCode::kWrongIdentity);
}

TEST_F(Statements, DocumentWithUnsoundFieldsIsNotSigned) {
    const crypto::Identity authority = new_identity();
    NetworkDocument good;
    good.name = "net";
    good.authority = authority.public_key();
    EXPECT_TRUE(sign_document(authority, good));
    const std::vector<std::function<void(NetworkDocument&)>> changes{
        [](auto& d) { d.version = 0; },
        [](auto& d) { d.name = "Not A Name"; },
        [](auto& d) { d.ipv4 = prefix("10.0.0.1/16"); },
        [](auto& d) { d.ipv4 = prefix("10.0.0.0/31"); },
        [](auto& d) { d.ipv4 = prefix("0.0.0.0/7"); },
        [](auto& d) { d.ipv4 = prefix("fd00::/64"); },
        [](auto& d) { d.certificate_life = base::seconds(1); },
        [this](auto& d) { d.authority = node_.public_key(); },
    };
    for (const auto& change : changes) {
        NetworkDocument document = good;
        change(document);
        EXPECT_FALSE(sign_document(authority, document));
    }
}

TEST_F(Statements, RecordComesBackAsItWasSigned) {
    for (const NodeRecord& record : {record_of(node_, 7), full_record()}) {
        const auto made = sign_record(node_, record, id_);
        ASSERT_TRUE(made) << made.error().text;
        const auto parsed = parse_record(made->encoded, id_);
        ASSERT_TRUE(parsed) << parsed.error().text;
        EXPECT_EQ(*parsed, *made);
        EXPECT_EQ(parsed->value, record);
        EXPECT_EQ(parsed->version.order, record.sequence);
    }
}

TEST_F(Statements, RecordIsRefusedWhenChangedOrForAnotherNetwork) {
    const auto made = must(sign_record(node_, full_record(), id_));
    expect_no_change_passes(made.encoded, [this](base::ByteView bytes) {
        return parse_record(bytes, id_).has_value();
    });
    NetworkId other = id_;
    other.bytes[0] ^= std::byte{1};
    EXPECT_EQ(parse_record(made.encoded, other).error().code, ErrorCode::kBadSignature);
}

TEST_F(Statements, RecordWithUnsoundFieldsIsNotSigned) {
    const std::vector<std::function<void(NodeRecord&)>> changes{
        [](auto& r) { r.sequence = 0; },
        [](auto& r) { r.sequence = kRecordSequenceMax + 1; },
        [](auto& r) { r.ttl = base::seconds(59); },
        [](auto& r) { r.ttl = kRecordTtlMax + base::seconds(1); },
        [](auto& r) { r.name = ""; },
        [](auto& r) { r.underlay.resize(17, endpoint("10.0.0.1:1")); },
        [](auto& r) {
            r.underlay = {{net::IpAddress::v4(1), 0, 0}};
        },
        [](auto& r) { r.underlay = {endpoint("[fe80::1%3]:9000")}; },
        [](auto& r) { r.underlay = {endpoint("224.0.0.1:9000")}; },
        [](auto& r) { r.underlay = {endpoint("0.0.0.0:9000")}; },
        [](auto& r) { r.ipv4 = must(net::parse_ip_address("fd00::1")); },
        [](auto& r) { r.subnets = {prefix("10.0.0.1/8")}; },
        [](auto& r) { r.subnets.resize(17, prefix("10.0.0.0/8")); },
        [this](auto& r) { r.key = founding_.authority.public_key(); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        NodeRecord record = record_of(node_, 1);
        changes[i](record);
        EXPECT_FALSE(sign_record(node_, record, id_)) << i;
    }
}

TEST_F(Statements, RecordIsFreshUntilItsTtlIsOver) {
    NodeRecord record = record_of(node_, 1);
    record.ttl = base::seconds(600);
    EXPECT_TRUE(record.is_fresh(kNow));
    EXPECT_TRUE(record.is_fresh({kNow.seconds + 900}));
    EXPECT_FALSE(record.is_fresh({kNow.seconds + 901}));
}

TEST_F(Statements, FieldsOfALaterVersionAreKeptAndPassedOver) {
    base::Bytes payload;
    FieldWriter out(payload);
    out.map(4);
    out.key(1), out.bytes(node_.node_id().bytes);
    out.key(2), out.time(kNow);
    out.key(3), out.number(3);
    out.key(9), out.text("news");
    const base::Bytes bytes = sign_envelope(node_, {"quicether revocation 1", {}}, payload);
    const auto parsed = parse_revocation(bytes, node_.public_key());
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->encoded, bytes);
    EXPECT_EQ(parsed->value.reason, RevocationReason::Removed);
}

TEST_F(Statements, KeysOutOfOrderOrTwiceOrMissingAreRefused) {
    for (const std::vector<std::uint64_t>& keys :
         {std::vector<std::uint64_t>{2, 1, 3}, {1, 2, 2, 3}, {1, 2}, {}}) {
        base::Bytes payload;
        FieldWriter out(payload);
        out.map(keys.size());
        for (const std::uint64_t key : keys) {
            out.key(key);
            key == 1 ? out.bytes(node_.node_id().bytes) : out.number(1);
        }
        const base::Bytes bytes = sign_envelope(node_, {"quicether revocation 1", {}}, payload);
        EXPECT_EQ(parse_revocation(bytes, node_.public_key()).error().code, ErrorCode::kMalformed)
            << keys.size();
    }
}

TEST_F(Statements, RevocationIsRefusedWhenChangedOrFromAnotherKey) {
    const Signed<Revocation> made =
        sign_revocation(node_, {new_identity().node_id(), kNow, RevocationReason::Left});
    expect_no_change_passes(made.encoded, [this](base::ByteView bytes) {
        return parse_revocation(bytes, node_.public_key()).has_value();
    });
    EXPECT_EQ(*parse_revocation(made.encoded, node_.public_key()), made);
    EXPECT_EQ(parse_revocation(made.encoded, founding_.authority.public_key()).error().code,
              ErrorCode::kBadSignature);
}

TEST_F(Statements, AttributesComeBackAsTheyWere) {
    const MemberAttributes attributes{"laptop",
                                      MemberRole::Gateway,
                                      true,
                                      {"home", "linux"},
                                      {prefix("10.1.0.0/16"), prefix("fd01::/48")}};
    EXPECT_EQ(*parse_attributes(must(encode_attributes(attributes))), attributes);
    EXPECT_TRUE(attributes.is_entitled_to(prefix("10.1.2.0/24")));
    EXPECT_TRUE(attributes.is_entitled_to(prefix("fd01::/48")));
    EXPECT_FALSE(attributes.is_entitled_to(prefix("10.0.0.0/8")));
    EXPECT_FALSE(MemberAttributes{}.is_entitled_to(prefix("10.0.0.0/8")));
}

TEST_F(Statements, AttributesOutOfBoundsAreNotEncoded) {
    const MemberAttributes good{"laptop", MemberRole::Full, false, {}, {}};
    MemberAttributes bad = good;
    bad.tags = {"No Tag"};
    EXPECT_EQ(encode_attributes(bad).error().code, ErrorCode::kInvalidArgument);
    bad = good;
    bad.subnets.assign(kEntitledSubnetsMax + 1, prefix("10.0.0.0/8"));
    EXPECT_EQ(encode_attributes(bad).error().code, ErrorCode::kInvalidArgument);
    bad = good;
    bad.tags.assign(kTagsMax, std::string(kNameBytesMax, 't'));
    EXPECT_EQ(encode_attributes(bad).error().code, ErrorCode::kTooLarge);
}

TEST_F(Statements, SealedRecordsAreAllOfOneSizeAndOpenWithTheKeyOnly) {
    const crypto::SealKey key = record_key_of(founding_.secret);
    for (const NodeRecord& record : {record_of(node_, 7), full_record()}) {
        const base::Bytes encoded = must(sign_record(node_, record, id_)).encoded;
        base::Bytes sealed = seal_record(encoded, key, rng_);
        EXPECT_EQ(sealed.size(), kSealedRecordBytes);
        EXPECT_EQ(*open_record(sealed, key), encoded);
        EXPECT_FALSE(open_record(sealed, record_key_of(NetworkSecret::generate(rng_))));
        sealed.pop_back();
        EXPECT_EQ(open_record(sealed, key).error().code, ErrorCode::kMalformed);
    }
}

TEST_F(Statements, IpV6NetworkFollowsFromTheNetworkId) {
    NetworkId id;
    id.bytes.fill(std::byte{0xab});
    EXPECT_EQ(overlay_ipv6_network(id).to_string(), "fdab:abab:abab::/48");
    EXPECT_EQ(*parse_network_id(id.to_string()), id);
    EXPECT_FALSE(parse_network_id("ab"));
}

TEST(NetworkKeys, AreDistinctAndStable) {
    base::Rng rng{base::Rng::Seed{}};
    const NetworkSecret secret = NetworkSecret::generate(rng);
    EXPECT_EQ(swarm_seed_of(secret), swarm_seed_of(secret.clone()));
    EXPECT_NE(base::to_hex(swarm_mac_key(swarm_seed_of(secret)).bytes),
              base::to_hex(record_key_of(secret).bytes));
    EXPECT_NE(rendezvous_of(secret, 1), rendezvous_of(secret, 2));
    EXPECT_EQ(rendezvous_period({7199}), 1U);
    EXPECT_EQ(rendezvous_period({7200}), 2U);
    EXPECT_EQ(rendezvous_period({-5}), 0U);
}

TEST(NetworkKeys, SecretsAreGoneFromWhatTheyMovedOutOf) {
    base::Rng rng{base::Rng::Seed{}};
    NetworkSecret secret = NetworkSecret::generate(rng);
    const NetworkSecret copy = secret.clone();
    const NetworkSecret moved = std::move(secret);
    EXPECT_EQ(moved, copy);
    EXPECT_EQ(secret, NetworkSecret());  // NOLINT(bugprone-use-after-move): what is tested
}

TEST(MemberName, BecomesALabel) {
    EXPECT_EQ(must(normalise_name("Bob's MacBook Pro")), "bob-s-macbook-pro");
    EXPECT_EQ(must(normalise_name("  --x--  ")), "x");
    EXPECT_EQ(must(normalise_name("3com")), "node-3com");
    EXPECT_EQ(must(normalise_name("a.b_c")), "a-b-c");
    EXPECT_EQ(must(normalise_name("K\xc3\xbc"
                                  "che")),
              "k-che");
    EXPECT_EQ(must(normalise_name(std::string(200, 'a'))).size(), kNameBytesMax);
    EXPECT_EQ(must(normalise_name(std::string(62, 'a') + "-b")), std::string(62, 'a'));
    for (const std::string_view nothing : {"", "---", "...", "\xff\xfe"}) {
        EXPECT_EQ(normalise_name(nothing).error().code, ErrorCode::kInvalidArgument);
    }
}

TEST(MemberName, IsWhatNormalisingLeavesAlone) {
    for (const std::string_view text : {"a", "a-1", "node-3com"}) {
        EXPECT_TRUE(is_name(text)) << text;
        EXPECT_EQ(must(normalise_name(text)), text);
    }
    for (const std::string_view text : {"", "A", "1a", "a-", "-a", "a b", "a."}) {
        EXPECT_FALSE(is_name(text)) << text;
    }
    EXPECT_FALSE(is_name(std::string(64, 'a')));
}

TEST(MemberName, IsNumberedWithinItsBounds) {
    EXPECT_EQ(numbered_name("laptop", 2), "laptop-2");
    const std::string longest(kNameBytesMax, 'a');
    EXPECT_EQ(numbered_name(longest, 10).size(), kNameBytesMax);
    EXPECT_TRUE(is_name(numbered_name(std::string(60, 'a') + "-bb", 10)));
}

}  // namespace
}  // namespace qe::network
