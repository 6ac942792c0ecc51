// SPDX-License-Identifier: Apache-2.0
//
// StateDirectory: the daemon's own directory, locked for as long as this object lives.
//
// Holds `node.key` (the secret key, PKCS#8 PEM, 0600), `lock` (flock(2), so a crash unlocks by
// itself) and the StateStore's files. The directory is 0700 and belongs to the user that runs the
// daemon. All errors are sentences for the operator.
#pragma once

#include <string>

#include "host/failure.h"
#include "host/file_descriptor.h"
#include "quicether/base/rng.h"
#include "quicether/crypto/identity.h"

namespace qe::host {

class StateDirectory {
  public:
    /// Creates the directory where needed. Refuses one that somebody else owns or may write to, and
    /// one that another daemon has locked.
    [[nodiscard]] static Checked<StateDirectory> open(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// The key in `node.key`; makes one when there is none. A file that others may read is refused:
    /// its secret may be out.
    [[nodiscard]] Checked<crypto::Identity> load_or_create_identity(base::Rng& rng) const;

  private:
    StateDirectory(std::string path, FileDescriptor lock) noexcept
        : path_(std::move(path)), lock_(std::move(lock)) {}

    [[nodiscard]] std::string key_path() const { return path_ + "/node.key"; }

    std::string path_;
    FileDescriptor lock_;
};

}  // namespace qe::host
