// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/path_state.h"

#include <cstddef>

#include "quicether/base/assert.h"

namespace qe::multipath {

namespace {

constexpr auto Probing = PathState::Probing;
constexpr auto Active = PathState::Active;
constexpr auto Degraded = PathState::Degraded;
constexpr auto Failed = PathState::Failed;

using Row = std::array<PathState, kPathNews.size()>;

/// As in the header: a row for each state, a column for each news.
constexpr std::array<Row, kPathStates.size()> kTable = {
    Row{Active, Probing, Failed, Probing, Probing, Failed, Probing},
    Row{Active, Degraded, Failed, Degraded, Active, Failed, Active},
    Row{Degraded, Degraded, Failed, Degraded, Active, Failed, Degraded},
    Row{Probing, Failed, Failed, Failed, Failed, Failed, Probing},
};

}  // namespace

PathState next_state(PathState state, PathNews news) noexcept {
    const auto row = static_cast<std::size_t>(state);
    const auto column = static_cast<std::size_t>(news);
    QE_ASSERT(row < kPathStates.size() && column < kPathNews.size());
    return kTable[row][column];
}

std::string_view to_text(PathState state) noexcept {
    constexpr std::array<std::string_view, kPathStates.size()> kNames = {"probing", "active",
                                                                         "degraded", "failed"};
    const auto index = static_cast<std::size_t>(state);
    QE_ASSERT(index < kNames.size());
    return kNames[index];
}

}  // namespace qe::multipath
