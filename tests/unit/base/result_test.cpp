// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace qe::base {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) {
        return fail(ErrorCode::kInvalidArgument, "odd", number);
    }
    return number / 2;
}

Result<std::string> quarter(int number, int& evaluations) {
    QE_TRY(const int first, half((++evaluations, number)));
    QE_TRY(const int second, half(first));
    return std::to_string(second);
}

Status check_even(int number) {
    QE_TRY_STATUS(half(number));
    return {};
}

Result<std::unique_ptr<int>> boxed(int number) {
    QE_TRY(std::unique_ptr<int> box, Result<std::unique_ptr<int>>(std::make_unique<int>(number)));
    return box;
}

TEST(Result, CarriesAValueOrAnError) {
    EXPECT_EQ(half(4), 2);
    const auto failed = half(3);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), (Error{ErrorCode::kInvalidArgument, 3, "odd"}));
}

TEST(Try, PassesTheErrorOnFromTheStepThatFailed) {
    int evaluations = 0;
    EXPECT_EQ(quarter(8, evaluations), "2");
    EXPECT_EQ(quarter(6, evaluations).error().native, 3);
    EXPECT_EQ(quarter(5, evaluations).error().native, 5);
    EXPECT_EQ(evaluations, 3) << "an expression is evaluated once";
}

TEST(TryStatus, ReturnsOnlyTheError) {
    EXPECT_TRUE(check_even(2));
    EXPECT_EQ(check_even(1).error().text, "odd");
}

TEST(Try, MovesWhatCannotBeCopied) { EXPECT_EQ(**boxed(7), 7); }

TEST(Fail, ConvertsBetweenResultTypes) {
    const Result<std::string> other = fail(half(1));
    EXPECT_EQ(other.error().text, "odd");
}

TEST(Error, CodesNameTheirModule) {
    EXPECT_EQ(static_cast<int>(ErrorCode::kBadKey) / 100, 2);
    EXPECT_EQ(static_cast<int>(ErrorCode::kBadConfig) / 100, 3);
    EXPECT_EQ(static_cast<int>(ErrorCode::kSystemCall) / 100, 9);
}

}  // namespace
}  // namespace qe::base
