// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/diff.h"

#include <algorithm>

#include "config/encode.h"
#include "config/schema.h"

namespace qe::config {

bool ConfigDiff::needs_restart() const noexcept {
    return !std::ranges::all_of(changes, &Change::live);
}

ConfigDiff diff(const Config& before, const Config& after) {
    ConfigDiff result;
    for (const Field& field : schema()) {
        std::string old_text = field.write(before);
        std::string new_text = field.write(after);
        if (old_text != new_text) {
            result.changes.push_back({std::string(field.key), field.takes == Takes::Live,
                                      std::move(old_text), std::move(new_text)});
        }
    }
    if (before.peer != after.peer) {
        result.changes.push_back({"peer", true, encode(before.peer), encode(after.peer)});
    }
    return result;
}

Config take_live_changes(Config running, const Config& wanted) {
    for (const Field& field : schema()) {
        if (field.takes == Takes::Live) {
            field.copy(running, wanted);
        }
    }
    running.peer = wanted.peer;
    return running;
}

}  // namespace qe::config
