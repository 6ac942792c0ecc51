// SPDX-License-Identifier: Apache-2.0
#include "node/membership/entitlement.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

net::Prefix prefix(std::string_view text) { return *net::parse_prefix(text); }

class JudgeClaim : public ::testing::Test {
  protected:
    OwnPrefixes own_{{prefix("100.64.0.1/16"), prefix("fd71:7569:6365::1/48")},
                     {prefix("192.168.1.0/24")}};
    Entitlement unconfigured_{{prefix("100.64.7.7/32"), prefix("fd71:7569:6365::7/128")}, {}};
    Entitlement configured_{unconfigured_.derived, {prefix("10.1.0.0/16")}};

    ClaimVerdict judge(std::string_view claim, const Entitlement& peer, ClaimContext context = {}) {
        return judge_claim(prefix(claim), peer, own_, context);
    }
};

TEST_F(JudgeClaim, AcceptsDerivedAddresses) {
    EXPECT_EQ(judge("100.64.7.7", unconfigured_), ClaimVerdict::Accepted);
    EXPECT_EQ(judge("fd71:7569:6365::7", unconfigured_), ClaimVerdict::Accepted);
    EXPECT_EQ(judge("100.64.7.7", configured_), ClaimVerdict::Accepted);
}

TEST_F(JudgeClaim, AcceptsConfiguredSubnetsAndWhatLiesInside) {
    EXPECT_EQ(judge("10.1.0.0/16", configured_), ClaimVerdict::Accepted);
    EXPECT_EQ(judge("10.1.2.0/24", configured_), ClaimVerdict::Accepted);
    EXPECT_EQ(judge("10.1.2.3", configured_), ClaimVerdict::Accepted);
}

TEST_F(JudgeClaim, RefusesSubnetsThatAreNotConfigured) {
    EXPECT_EQ(judge("10.2.0.0/16", configured_), ClaimVerdict::NotConfigured);
    EXPECT_EQ(judge("10.0.0.0/8", configured_), ClaimVerdict::NotConfigured);
    EXPECT_EQ(judge("0.0.0.0/0", configured_), ClaimVerdict::NotConfigured);
    EXPECT_EQ(judge("10.2.0.0/16", unconfigured_), ClaimVerdict::NotConfigured);
}

TEST_F(JudgeClaim, LetsAnUnconfiguredPeerChooseOneAddressInsideTheOverlay) {
    EXPECT_EQ(judge("100.64.9.9", unconfigured_), ClaimVerdict::Accepted);
    EXPECT_EQ(judge("8.8.8.8", unconfigured_), ClaimVerdict::OutsideOverlay);
    EXPECT_EQ(judge("100.64.9.9", configured_), ClaimVerdict::NotConfigured);
}

TEST_F(JudgeClaim, NeverGivesAwayWhatIsOurs) {
    EXPECT_EQ(judge("100.64.0.1", unconfigured_), ClaimVerdict::OverlapsOurs);
    EXPECT_EQ(judge("192.168.1.7", configured_), ClaimVerdict::OverlapsOurs);
    Entitlement greedy{{}, {prefix("192.168.0.0/16")}};
    EXPECT_EQ(judge("192.168.1.0/24", greedy), ClaimVerdict::OverlapsOurs);
    EXPECT_EQ(judge("192.168.0.0/16", greedy), ClaimVerdict::Accepted);  // less specific than ours
}

TEST_F(JudgeClaim, GivesAnAddressToOnePeerOnly) {
    EXPECT_EQ(judge("100.64.9.9", unconfigured_, {true, false}), ClaimVerdict::ConfiguredForOther);
    EXPECT_EQ(judge("100.64.9.9", unconfigured_, {false, true}), ClaimVerdict::HeldByOther);
    // Two peers configured for one prefix are failover for each other.
    EXPECT_EQ(judge("10.1.0.0/16", configured_, {true, true}), ClaimVerdict::Accepted);
}

}  // namespace
}  // namespace qe::node
