// SPDX-License-Identifier: Apache-2.0
#include "app/config_file.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "quicether/host/text_file.h"

namespace qe::app {

std::string absolute_path(const std::string& path) {
    std::error_code error;
    const auto full = std::filesystem::absolute(path, error);
    return error ? path : full.lexically_normal().string();
}

std::optional<std::string> find_config_file() {
    std::vector<std::string> places{kSystemConfigPath};
    if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        places.push_back(std::string(home) + "/.config/quicether/config.toml");
    }
    for (const std::string& place : places) {
        std::error_code ignored;
        if (std::filesystem::exists(place, ignored)) {
            return place;
        }
    }
    return std::nullopt;
}

tl::expected<ConfigText, Failure> read_config(const std::optional<std::string>& asked) {
    const std::optional<std::string> place = asked ? asked : find_config_file();
    if (!place) {
        return ConfigText{};
    }
    auto text = host::read_text_file(*place, config::kConfigBytesMax);
    if (!text) {
        return tl::unexpected(Failure{ExitCode::Failure,
                                      control::ErrorKind::BadConfig,
                                      {"configuration file " + text.error() + "; check the path"}});
    }
    return ConfigText{absolute_path(*place), std::move(*text)};
}

Failure to_failure(const std::vector<config::Diagnostic>& problems) {
    const bool all_typed = std::ranges::all_of(
        problems, [](const config::Diagnostic& problem) { return problem.file == "command line"; });
    Failure failure{all_typed ? ExitCode::Usage : ExitCode::Failure,
                    all_typed ? control::ErrorKind::Usage : control::ErrorKind::BadConfig,
                    {}};
    for (const config::Diagnostic& problem : problems) {
        failure.sentences.push_back(problem.to_string());
    }
    return failure;
}

std::optional<std::string> if_given(const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(value);
}

}  // namespace qe::app
