// SPDX-License-Identifier: Apache-2.0
//
// The listening Unix socket: its directory, its mode and group, and the remains of a crash.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "host/failure.h"
#include "host/file_descriptor.h"

namespace qe::host {

/// Listening and non-blocking. A stale socket (nobody answers) is replaced; a live one and anything
/// that is no socket are refused with a sentence.
[[nodiscard]] Checked<FileDescriptor> open_control_socket(const std::string& path,
                                                          std::optional<gid_t> group);

}  // namespace qe::host
