// SPDX-License-Identifier: Apache-2.0
//
// Files that are either whole or not there: write to a temporary name, fsync, rename, fsync the
// directory. A crash or a full disk leaves the old contents.
#pragma once

#include <cstddef>
#include <string>

#include <sys/types.h>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::host {

struct AtomicWrite {
    mode_t mode = 0600;
    /// Keeps what `path` held before under this name; empty: it goes.
    std::string keep_previous_as;
};

/// Errors: kSystemCall with errno, kNoPermission. The file is unchanged then.
[[nodiscard]] base::Status write_file_atomically(const std::string& path, base::ByteView contents,
                                                 const AtomicWrite& how = {});

/// Errors: kSystemCall (ENOENT …), kNoPermission, kTooLarge beyond `bytes_max`.
[[nodiscard]] base::Result<base::Bytes> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace qe::host
