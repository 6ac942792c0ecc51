// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/member_name.h"

#include <algorithm>

namespace qe::network {
namespace {

bool is_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_inner(char c) noexcept { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

std::string cut(std::string name, std::size_t size_max) {
    name.resize(std::min(name.size(), size_max));
    while (name.ends_with('-')) {
        name.pop_back();
    }
    return name;
}

}  // namespace

bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kNameBytesMax && is_letter(text.front()) &&
           !text.ends_with('-') && std::all_of(text.begin(), text.end(), is_inner);
}

base::Result<std::string> normalise_name(std::string_view wished) {
    std::string name;
    for (char c : wished) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        c = is_inner(c) ? c : '-';
        if (c != '-' || (!name.empty() && name.back() != '-')) {
            name.push_back(c);
        }
    }
    name = cut(std::move(name), wished.size());
    if (name.empty()) {
        return base::fail(base::ErrorCode::kInvalidArgument,
                          "a name needs at least one letter or digit");
    }
    if (!is_letter(name.front())) {
        name.insert(0, "node-");
    }
    return cut(std::move(name), kNameBytesMax);
}

std::string numbered_name(std::string_view name, unsigned number) {
    const std::string suffix = "-" + std::to_string(number);
    return cut(std::string(name), kNameBytesMax - suffix.size()) + suffix;
}

}  // namespace qe::network
