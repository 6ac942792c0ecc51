// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/invite.h"

#include <algorithm>

#include "network/base32.h"
#include "network_fixture.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using test::endpoint;
using test::kNow;
using test::must;

class InviteText : public test::NetworkTest {
  protected:
    [[nodiscard]] Invite made(std::vector<net::SocketAddress> endpoints) {
        return {id_,
                new_identity().node_id(),
                InviteSecret::generate(rng_),
                swarm_seed_of(founding_.secret),
                {kNow.seconds + 3600},
                std::move(endpoints)};
    }
    static void expect_same(const Invite& a, const Invite& b) {
        EXPECT_EQ(a.network, b.network);
        EXPECT_EQ(a.admin, b.admin);
        EXPECT_EQ(a.secret, b.secret);
        EXPECT_EQ(a.swarm, b.swarm);
        EXPECT_EQ(a.expires, b.expires);
        EXPECT_EQ(a.endpoints, b.endpoints);
    }
    static base::Error refusal(std::string_view text) {
        const auto invite = parse_invite(text, kNow);
        return invite ? base::Error{} : invite.error();
    }

    std::vector<net::SocketAddress> usual_{endpoint("[2001:db8::1]:9000"),
                                           endpoint("192.168.1.7:9000"),
                                           endpoint("203.0.113.9:65535")};
    Invite invite_ = made(usual_);
    std::string text_ = encode_invite(invite_);
};

TEST_F(InviteText, ComesBackAsItWasMade) {
    for (std::size_t count = 0; count <= usual_.size(); ++count) {
        std::vector<net::SocketAddress> endpoints(usual_.end() - static_cast<long>(count),
                                                  usual_.end());
        const Invite invite = made(endpoints);
        const auto parsed = parse_invite(encode_invite(invite), kNow);
        ASSERT_TRUE(parsed) << parsed.error().text;
        expect_same(*parsed, invite);
    }
}

TEST_F(InviteText, IsShortEnoughToPaste) {
    EXPECT_LE(text_.size(), 180U) << text_;
    EXPECT_TRUE(text_.starts_with("qe1-"));
    EXPECT_EQ(encode_invite(made({})).size(), 4U + 124U);
}

TEST_F(InviteText, MayBePastedUntidily) {
    std::string upper = text_;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    for (const std::string& text : {"  " + text_ + "\r\n", upper}) {
        const auto parsed = parse_invite(text, kNow);
        ASSERT_TRUE(parsed) << parsed.error().text;
        expect_same(*parsed, invite_);
    }
}

TEST_F(InviteText, SaysWhatIsNoInvite) {
    for (const std::string_view text : {"", "q", "hello", "https://example.org/", "abc-def"}) {
        EXPECT_EQ(refusal(text).text, "this is no invite: an invite begins with qe1-") << text;
    }
    EXPECT_EQ(refusal(text_.substr(4)).text, "this is no invite: an invite begins with qe1-");
}

TEST_F(InviteText, SaysWhenItIsForAnotherVersion) {
    for (const std::string_view prefix : {"qe2-", "qe17-"}) {
        const base::Error error = refusal(std::string(prefix) + text_.substr(4));
        EXPECT_EQ(error.code, ErrorCode::kUnsupported);
        EXPECT_EQ(error.text,
                  "the invite is for another version of QuicEther: ask for one made with yours");
    }
}

TEST_F(InviteText, SaysWhenItIsCutOff) {
    for (std::size_t size = 4; size < text_.size(); ++size) {
        const base::Error error = refusal(text_.substr(0, size));
        EXPECT_EQ(error.code, ErrorCode::kTruncated) << size;
        EXPECT_EQ(error.text, "the invite is cut off: copy it to its end") << size;
    }
}

TEST_F(InviteText, SaysWhenThereIsMore) {
    EXPECT_EQ(refusal(text_ + "aaaa").text,
              "there is more than an invite: copy it without the rest");
    EXPECT_EQ(refusal(text_ + std::string(1000, 'a')).code, ErrorCode::kTooLarge);
}

TEST_F(InviteText, SaysWhenACharacterIsForeign) {
    for (const char c : {'1', '0', '8', ' ', '-', '\xc3'}) {
        std::string typo = text_;
        typo[50] = c;
        EXPECT_EQ(refusal(typo).text,
                  "the invite has a character in it that invites do not have: copy it again");
    }
}

TEST_F(InviteText, NoticesEveryTypingError) {
    for (std::size_t i = 4; i < text_.size(); ++i) {
        std::string typo = text_;
        typo[i] = typo[i] == 'a' ? 'b' : 'a';
        const base::Error error = refusal(typo);
        EXPECT_FALSE(error.text.empty()) << i;
        if (i >= 6) {  // The first two characters say how long the rest is.
            EXPECT_EQ(error.text, "the invite has a typing error: copy it again, whole") << i;
        }
        std::string swapped = text_;
        std::swap(swapped[i - 1], swapped[i]);
        EXPECT_TRUE(swapped == text_ || !refusal(swapped).text.empty()) << i;
    }
}

TEST_F(InviteText, SaysWhenItHasExpired) {
    EXPECT_TRUE(parse_invite(text_, invite_.expires));
    const auto late = parse_invite(text_, {invite_.expires.seconds + 1});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().text, "the invite has expired: ask for a new one");
}

TEST_F(InviteText, ProofIsForOneAdminAndOneJoiner) {
    const crypto::MacKey key = invite_proof_key(invite_.secret);
    const crypto::PublicKey a = new_identity().public_key();
    const crypto::PublicKey b = new_identity().public_key();
    EXPECT_EQ(invite_proof(key, a, b), invite_proof(key, a, b));
    EXPECT_NE(invite_proof(key, a, b), invite_proof(key, b, a));
    EXPECT_NE(invite_proof(key, a, b), invite_proof(key, a, a));
    EXPECT_NE(invite_proof(invite_proof_key(InviteSecret::generate(rng_)), a, b),
              invite_proof(key, a, b));
    EXPECT_NE(base::to_hex(invite_id_of(invite_.secret).bytes),
              base::to_hex(invite_.secret.bytes()));
}

// RFC 4648, section 10, in lower case and without padding.
TEST(Base32, WritesTheExamplesOfTheRfc) {
    const std::pair<std::string_view, std::string_view> examples[] = {{"", ""},
                                                                      {"f", "my"},
                                                                      {"fo", "mzxq"},
                                                                      {"foo", "mzxw6"},
                                                                      {"foob", "mzxw6yq"},
                                                                      {"fooba", "mzxw6ytb"},
                                                                      {"foobar", "mzxw6ytboi"}};
    for (const auto& [plain, text] : examples) {
        EXPECT_EQ(to_base32(base::as_bytes(plain)), text);
        const auto bytes = from_base32(text);
        ASSERT_TRUE(bytes) << text;
        EXPECT_EQ(base::as_text(*bytes), plain);
    }
}

TEST(Base32, HasOneSpellingOnly) {
    for (const std::string_view text : {"m", "mz", "mzx", "mzxr", "mzxw6y", "my======", "m y"}) {
        EXPECT_FALSE(from_base32(text)) << text;
    }
    EXPECT_TRUE(from_base32("MY"));
}

}  // namespace
}  // namespace qe::network
