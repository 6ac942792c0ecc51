// SPDX-License-Identifier: Apache-2.0
#include "host/state_directory.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "host/atomic_file.h"

namespace qe::host {
namespace {

constexpr std::size_t kKeyFileBytesMax = 16 * 1024;

Checked<void> create_directory(const std::string& path) {
    std::error_code error;
    const auto parent = std::filesystem::path(path).parent_path();
    if (!parent.empty()) {
        std::filesystem::create_directories(parent, error);
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return refuse(
            fmt::format("state directory {} cannot be created: {}; run as root or choose "
                        "another with --state-dir",
                        path, errno_text(errno)));
    }
    return {};
}

Checked<void> check_directory(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return refuse(
            fmt::format("state directory {} cannot be read: {}", path, errno_text(errno)));
    }
    if (!S_ISDIR(info.st_mode)) {
        return refuse(fmt::format(
            "state directory {} is not a directory: choose another with --state-dir", path));
    }
    if (info.st_uid != ::geteuid()) {
        return refuse(fmt::format(
            "state directory {} belongs to user {}, not to user {} who runs the daemon: chown it "
            "or choose another with --state-dir",
            path, info.st_uid, ::geteuid()));
    }
    if ((info.st_mode & 0022) != 0) {
        return refuse(fmt::format(
            "state directory {} can be written by others (mode {:04o}): run chmod 700 {}", path,
            info.st_mode & 07777, path));
    }
    return {};
}

Checked<FileDescriptor> lock_directory(const std::string& path) {
    const std::string file = path + "/lock";
    FileDescriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock.valid()) {
        return refuse(fmt::format("lock file {} cannot be opened: {}", file, errno_text(errno)));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
        return lock;
    }
    if (errno == EWOULDBLOCK) {
        return refuse(fmt::format(
            "another quicether daemon runs on state directory {}: stop it with `quicether stop` or "
            "choose another with --state-dir",
            path));
    }
    return refuse(fmt::format("lock file {} cannot be locked: {}", file, errno_text(errno)));
}

Checked<void> check_key_mode(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        return refuse(fmt::format("key file {} cannot be read: {}", path, errno_text(errno)));
    }
    if (!S_ISREG(info.st_mode) || (info.st_mode & 0077) != 0) {
        return refuse(fmt::format(
            "key file {} can be read by others (mode {:04o}): run chmod 600 {}, or remove it for a "
            "new identity if the key may have leaked",
            path, info.st_mode & 07777, path));
    }
    return {};
}

Checked<crypto::Identity> load_identity(const std::string& path, base::Bytes& contents) {
    auto identity = crypto::parse_key_file(contents);
    base::wipe(contents);
    if (!identity) {
        return refuse(
            fmt::format("key file {} is damaged ({}): restore it from a backup, or "
                        "remove it for a new identity",
                        path, identity.error().text));
    }
    return std::move(*identity);
}

Checked<crypto::Identity> create_identity(const std::string& path, base::Rng& rng) {
    auto identity = crypto::Identity::generate(rng);
    auto contents = crypto::encode_key_file(identity);
    const base::Status written =
        contents ? write_file_atomically(path, *contents) : base::Status(base::fail(contents));
    if (contents) {
        base::wipe(*contents);
    }
    if (!written) {
        return refuse(
            fmt::format("key file {} cannot be written: {}", path, describe(written.error())));
    }
    return identity;
}

}  // namespace

Checked<StateDirectory> StateDirectory::open(const std::string& path) {
    if (auto created = create_directory(path); !created) {
        return refuse(created.error());
    }
    if (auto checked = check_directory(path); !checked) {
        return refuse(checked.error());
    }
    auto lock = lock_directory(path);
    if (!lock) {
        return refuse(lock.error());
    }
    return StateDirectory(path, std::move(*lock));
}

Checked<crypto::Identity> StateDirectory::load_or_create_identity(base::Rng& rng) const {
    auto contents = read_file(key_path(), kKeyFileBytesMax);
    if (!contents && contents.error().native == ENOENT) {
        return create_identity(key_path(), rng);
    }
    if (!contents) {
        return refuse(fmt::format("key file {} cannot be read: {}", key_path(),
                                  errno_text(contents.error().native)));
    }
    if (auto checked = check_key_mode(key_path()); !checked) {
        base::wipe(*contents);
        return refuse(checked.error());
    }
    return load_identity(key_path(), *contents);
}

}  // namespace qe::host
