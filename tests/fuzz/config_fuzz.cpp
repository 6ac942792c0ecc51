// SPDX-License-Identifier: Apache-2.0
//
// Configuration text: whatever parses is shown as a text that parses to the same, and every refusal
// is printable sentences.
#include <cstddef>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/base/bytes.h"
#include "quicether/config/config.h"
#include "quicether/config/diff.h"
#include "quicether/config/edit.h"

namespace {

using namespace qe;  // NOLINT: a test program

bool is_printable(std::string_view sentence) {
    for (const char c : sentence) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return !sentence.empty();
}

void check_refusal(const std::vector<config::Diagnostic>& problems) {
    QE_ASSERT(!problems.empty());
    for (const config::Diagnostic& problem : problems) {
        QE_ASSERT(is_printable(problem.to_string()));
    }
}

void check_config(std::string_view text, const config::Config& config) {
    const auto again = config::parse(config::to_toml(config), "shown");
    QE_ASSERT(again && *again == config);
    QE_ASSERT(config::diff(config, *again).empty());
    (void)config::unsupported_notes(config);
    // A good text stays good when a value is set, or the edit is refused.
    if (const auto edited = config::set_value(text, "edited", "network.mtu", "1400")) {
        config::Config wanted = config;
        wanted.network.mtu = 1400;
        QE_ASSERT(config::parse(*edited, "edited") == wanted);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = base::as_text(base::from_u8(data, size));
    const auto config = config::parse(text, "fuzz");
    if (config) {
        check_config(text, *config);
    } else {
        check_refusal(config.error());
    }
    return 0;
}
