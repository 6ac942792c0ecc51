// SPDX-License-Identifier: Apache-2.0
//
// The operator's own text files (configurations), read and replaced as a whole.
//
// All errors are sentences that name the file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace qe::host {

/// The text of a regular file of at most `bytes_max` bytes.
[[nodiscard]] tl::expected<std::string, std::string> read_text_file(const std::string& path,
                                                                    std::size_t bytes_max);

/// Replaces the text of `path` atomically and keeps its mode; a symbolic link keeps pointing where
/// it did. A file that is not there is made with mode 0644, its directory with it.
[[nodiscard]] tl::expected<void, std::string> replace_text_file(const std::string& path,
                                                                std::string_view text);

}  // namespace qe::host
