// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/pattern.h"

#include <algorithm>

namespace qe::config {

bool matches_pattern(std::string_view pattern, std::string_view name) noexcept {
    std::size_t at = 0;    // in the pattern
    std::size_t used = 0;  // of the name
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;  // of the name, when the last star takes one character more
    while (used < name.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            resume = used;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == name[used])) {
            ++at;
            ++used;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            used = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

double value_for(const std::map<std::string, double>& table, std::string_view name) {
    if (const auto exact = table.find(std::string(name)); exact != table.end()) {
        return exact->second;
    }
    const auto found = std::ranges::find_if(
        table, [name](const auto& entry) { return matches_pattern(entry.first, name); });
    return found == table.end() ? 0 : found->second;
}

}  // namespace qe::config
