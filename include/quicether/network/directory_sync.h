// SPDX-License-Identifier: Apache-2.0
//
// Anti-entropy: two directories become equal, whoever missed what.
//
//   A → B  Digest            B compares sums and describes where they differ
//   B → A  Summary …         A sends what is newer here, and asks for what is newer there
//   A → B  News … , Wanted   B merges, and answers
//   B → A  News …
//
// One round settles up to kAnswerPagesMax pages; the next round does the rest. What a node merges
// as news it also sends on as News at once; these rounds repair what that missed. Each answer is
// bounded whatever the question; how often questions are answered is for the caller to limit.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quicether/network/network_message.h"

namespace qe::network {

/// Messages that answer one message.
inline constexpr std::size_t kAnswerPagesMax = 8;

[[nodiscard]] Digest digest_of(const Directory& directory);

/// Summaries of where the two differ, News of our document if it is newer, Wanted for theirs.
/// Nothing when the two are equal.
[[nodiscard]] std::vector<NetworkMessage> answer_digest(const Directory& directory,
                                                        const Digest& theirs);
/// News of what is newer here, and at most one Wanted.
[[nodiscard]] std::vector<NetworkMessage> answer_summary(const Directory& directory,
                                                         const Summary& theirs);
[[nodiscard]] std::vector<NetworkMessage> answer_wanted(const Directory& directory,
                                                        const Wanted& wanted);

/// As many messages as the items need. Certificates go before records, else they are refused.
[[nodiscard]] std::vector<News> news_of(std::vector<Item> items);

}  // namespace qe::network
