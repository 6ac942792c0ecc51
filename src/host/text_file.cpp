// SPDX-License-Identifier: Apache-2.0
#include "quicether/host/text_file.h"

#include <filesystem>

#include <fmt/core.h>
#include <sys/stat.h>

#include "host/atomic_file.h"
#include "host/failure.h"

namespace qe::host {
namespace {

constexpr mode_t kNewFileMode = 0644;
constexpr mode_t kModeBits = 07777;

/// Where `path` leads to in the end; `path` itself when it leads nowhere yet.
std::string resolved(const std::string& path) {
    std::error_code error;
    const auto target = std::filesystem::canonical(path, error);
    return error ? path : target.string();
}

}  // namespace

tl::expected<std::string, std::string> read_text_file(const std::string& path,
                                                      std::size_t bytes_max) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
        return refuse(fmt::format("{} cannot be read: {}", path, errno_text(errno)));
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse(fmt::format("{} cannot be read: it is not a regular file", path));
    }
    const auto contents = read_file(path, bytes_max);
    if (!contents && contents.error().code == base::ErrorCode::kTooLarge) {
        return refuse(
            fmt::format("{} cannot be read: it is longer than {} bytes", path, bytes_max));
    }
    if (!contents) {
        return refuse(
            fmt::format("{} cannot be read: {}", path, errno_text(contents.error().native)));
    }
    return std::string(base::as_text(*contents));
}

tl::expected<void, std::string> replace_text_file(const std::string& path, std::string_view text) {
    const std::string target = resolved(path);
    struct stat info {};
    AtomicWrite how{kNewFileMode, ""};
    if (stat(target.c_str(), &info) == 0) {
        how.mode = info.st_mode & kModeBits;
    } else {
        std::error_code ignored;  // What matters is reported by the write.
        std::filesystem::create_directories(std::filesystem::path(target).parent_path(), ignored);
    }
    if (auto written = write_file_atomically(target, base::as_bytes(text), how); !written) {
        return refuse(
            fmt::format("{} cannot be written: {}", path, errno_text(written.error().native)));
    }
    return {};
}

}  // namespace qe::host
