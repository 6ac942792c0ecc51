// SPDX-License-Identifier: Apache-2.0
#include "host/config_file.h"

#include <fmt/format.h>

#include "host/atomic_file.h"

namespace qe::host {
namespace {

Checked<std::string> read_text(const std::string& path) {
    if (path.empty()) {
        return std::string();
    }
    const auto bytes = read_file(path, config::kConfigBytesMax);
    if (!bytes) {
        return refuse(
            fmt::format("{}: cannot be read: {}; the daemon reads it as its own user, "
                        "without the right to override file permissions",
                        path, errno_text(bytes.error().native)));
    }
    return std::string(base::as_text(*bytes));
}

/// Diagnostics without the last newline.
std::string to_sentences(const std::vector<config::Diagnostic>& diagnostics) {
    std::string text = config::to_string(diagnostics);
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

}  // namespace

Checked<config::Config> load_config(const std::string& path, const config::Overrides& overrides) {
    const auto text = read_text(path);
    if (!text) {
        return refuse(text.error());
    }
    auto parsed = config::parse(*text, path.empty() ? "no file" : path);
    if (!parsed) {
        return refuse(to_sentences(parsed.error()));
    }
    auto effective = config::apply(std::move(*parsed), overrides);
    if (!effective) {
        return refuse(to_sentences(effective.error()));
    }
    return std::move(*effective);
}

}  // namespace qe::host
