// SPDX-License-Identifier: Apache-2.0
//
// PathState: what a session may use a path for, as an explicit state machine.
//
//     state    | Answers  | Doubtful | Silent | Impaired | Healthy  | LinkDown | LinkUp
//     ---------+----------+----------+--------+----------+----------+----------+--------
//     Probing  | Active   | Probing  | Failed | Probing  | Probing  | Failed   | Probing
//     Active   | Active   | Degraded | Failed | Degraded | Active   | Failed   | Active
//     Degraded | Degraded | Degraded | Failed | Degraded | Active   | Failed   | Degraded
//     Failed   | Probing  | Failed   | Failed | Failed   | Failed   | Failed   | Probing
//
// docs/protocol/multipath.md says what each state means for traffic.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace qe::multipath {

enum class PathState : std::uint8_t {
    Probing,   ///< Exists, has not answered since it was made or failed: probes only.
    Active,    ///< Carries traffic.
    Degraded,  ///< Carries traffic when nothing better does; copies of packets test it.
    Failed,    ///< Carries probes only, ever fewer.
};
inline constexpr std::array kPathStates = {PathState::Probing, PathState::Active,
                                           PathState::Degraded, PathState::Failed};

enum class PathNews : std::uint8_t {
    Answers,   ///< The peer acknowledged something that was sent in this state.
    Doubtful,  ///< Under traffic the acknowledgement is overdue.
    Silent,    ///< Overdue for so long that the path counts as dead.
    Impaired,  ///< Loss or queueing beyond what traffic bears.
    Healthy,   ///< Neither overdue nor impaired any more.
    LinkDown,  ///< The interface lost its carrier or address.
    LinkUp,    ///< It is back.
};
inline constexpr std::array kPathNews = {PathNews::Answers,  PathNews::Doubtful, PathNews::Silent,
                                         PathNews::Impaired, PathNews::Healthy,  PathNews::LinkDown,
                                         PathNews::LinkUp};

/// The table above.
[[nodiscard]] PathState next_state(PathState state, PathNews news) noexcept;
/// "probing", "active", "degraded", "failed".
[[nodiscard]] std::string_view to_text(PathState state) noexcept;

}  // namespace qe::multipath
