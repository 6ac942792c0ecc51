// SPDX-License-Identifier: Apache-2.0
#include "config/report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace qe::config {

void Report::add(std::size_t line, std::string_view key, std::string message) {
    if (problems_.size() >= kProblemsMax) {
        ++left_out_;
        return;
    }
    problems_.push_back({label_, line, std::string(key), std::move(message)});
}

std::vector<Diagnostic> Report::take() {
    std::ranges::stable_sort(problems_, {}, &Diagnostic::line);
    if (left_out_ > 0) {
        problems_.push_back(
            {label_, 0, {}, fmt::format("{} more problems; correct these first", left_out_)});
    }
    return std::exchange(problems_, {});
}

}  // namespace qe::config
