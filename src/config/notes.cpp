// SPDX-License-Identifier: Apache-2.0
//
// Settings that are understood but have no effect yet. A row goes when its feature comes.
#include <array>

#include <fmt/format.h>

#include "config/schema.h"
#include "quicether/config/config.h"

namespace qe::config {
namespace {

struct Note {
    std::string_view key;
    std::string_view effect;  ///< What happens instead.
};

constexpr std::array<Note, 3> kNotes = {{
    {"monitoring.metrics_addr", "metrics are not served"},
    {"monitoring.health_addr", "health is not served"},
    {"performance.io_backend", "epoll is used"},
}};

}  // namespace

std::vector<std::string> unsupported_notes(const Config& config) {
    const Config defaults;
    std::vector<std::string> notes;
    for (const Note& note : kNotes) {
        const Field* field = find_field(note.key);
        if (field->write(config) != field->write(defaults)) {
            notes.push_back(
                fmt::format("{} has no effect in this version: {}", note.key, note.effect));
        }
    }
    return notes;
}

}  // namespace qe::config
