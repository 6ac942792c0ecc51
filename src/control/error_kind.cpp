// SPDX-License-Identifier: Apache-2.0
#include "control/error_kind.h"

#include <array>
#include <utility>

#include "quicether/control/json.h"

namespace qe::control {
namespace {

constexpr std::array<std::pair<ErrorKind, std::string_view>, 10> kTexts{{
    {ErrorKind::BadRequest, "bad_request"},
    {ErrorKind::UnknownPeer, "unknown_peer"},
    {ErrorKind::AmbiguousPeer, "ambiguous_peer"},
    {ErrorKind::NotConnected, "not_connected"},
    {ErrorKind::Timeout, "timeout"},
    {ErrorKind::BadConfig, "bad_config"},
    {ErrorKind::Denied, "denied"},
    {ErrorKind::Failed, "failed"},
    {ErrorKind::NotRunning, "not_running"},
    {ErrorKind::Usage, "usage"},
}};

}  // namespace

std::string_view to_text(ErrorKind kind) noexcept {
    for (const auto& [known, text] : kTexts) {
        if (known == kind) {
            return text;
        }
    }
    return "failed";
}

std::optional<ErrorKind> parse_error_kind(std::string_view text) noexcept {
    for (const auto& [kind, known] : kTexts) {
        if (known == text) {
            return kind;
        }
    }
    return std::nullopt;
}

}  // namespace qe::control
