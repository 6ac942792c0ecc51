// SPDX-License-Identifier: Apache-2.0
#include "host/atomic_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include "host/failure.h"
#include "host/file_descriptor.h"

namespace qe::host {
namespace {

base::Status write_all(int fd, base::ByteView contents) {
    while (!contents.empty()) {
        const ssize_t size = ::write(fd, contents.data(), contents.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return fail_errno("writing a file");
        }
        contents = contents.subspan(static_cast<std::size_t>(size));
    }
    return {};
}

base::Status write_new(const std::string& path, base::ByteView contents, mode_t mode) {
    const FileDescriptor fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd.valid()) {
        return fail_errno("creating a file");
    }
    // The umask does not decide, nor does a left-over file's mode.
    if (::fchmod(fd.get(), mode) != 0) {
        return fail_errno("setting a file's mode");
    }
    QE_TRY_STATUS(write_all(fd.get(), contents));
    if (::fsync(fd.get()) != 0) {
        return fail_errno("flushing a file to disk");
    }
    return {};
}

base::Status sync_directory_of(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path().string();
    const FileDescriptor fd(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0) {
        return fail_errno("flushing a directory to disk");
    }
    return {};
}

base::Status put_in_place(const std::string& from, const std::string& path,
                          const std::string& previous) {
    if (!previous.empty() && ::rename(path.c_str(), previous.c_str()) != 0 && errno != ENOENT) {
        return fail_errno("keeping the previous copy of a file");
    }
    if (::rename(from.c_str(), path.c_str()) != 0) {
        return fail_errno("renaming a file");
    }
    return sync_directory_of(path);
}

}  // namespace

base::Status write_file_atomically(const std::string& path, base::ByteView contents,
                                   const AtomicWrite& how) {
    const std::string temporary = path + ".tmp";
    base::Status status = write_new(temporary, contents, how.mode);
    if (status) {
        status = put_in_place(temporary, path, how.keep_previous_as);
    }
    if (!status) {
        ::unlink(temporary.c_str());
    }
    return status;
}

base::Result<base::Bytes> read_file(const std::string& path, std::size_t bytes_max) {
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
        return fail_errno("opening a file");
    }
    base::Bytes contents(bytes_max + 1);
    std::size_t size = 0;
    while (size < contents.size()) {
        const ssize_t part = ::read(fd.get(), contents.data() + size, contents.size() - size);
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part < 0) {
            return fail_errno("reading a file");
        }
        if (part == 0) {
            break;
        }
        size += static_cast<std::size_t>(part);
    }
    if (size > bytes_max) {
        return base::fail(base::ErrorCode::kTooLarge, "the file is too large", EFBIG);
    }
    contents.resize(size);
    return contents;
}

}  // namespace qe::host
