// SPDX-License-Identifier: Apache-2.0
//
// Disk: what a host keeps over crashes. Writes take time, may find the disk full, and a crash in
// the middle of one leaves either the old contents, or a torn file where writes are not atomic.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "quicether/base/bytes.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"

namespace qe::sim {

struct DiskOptions {
    base::Duration write_time{0};  ///< From the node's wish to the contents being safe.
    bool full = false;             ///< New writes fail; the old contents stay.
    /// A crash leaves the first part of what was being written instead of the old contents, as a
    /// file system without atomic replacement does.
    bool torn_on_crash = false;

    friend bool operator==(const DiskOptions&, const DiskOptions&) = default;
};

class Disk {
  public:
    Disk(base::Rng rng, const DiskOptions& options);

    void set_options(const DiskOptions& options) noexcept { options_ = options; }
    [[nodiscard]] const DiskOptions& options() const noexcept { return options_; }

    /// Begins a write; contents are safe `write_time` later. False when the disk is full.
    bool write(base::Instant now, const std::string& name, base::Bytes contents);
    /// The host stops: finishes what had its time, tears or forgets the rest.
    void crash(base::Instant now);
    /// What a node that starts now finds.
    [[nodiscard]] const std::map<std::string, base::Bytes>& files(base::Instant now);

  private:
    struct Pending {
        base::Instant safe_at;
        base::Bytes contents;
    };
    void settle(base::Instant now);

    base::Rng rng_;
    DiskOptions options_;
    std::map<std::string, base::Bytes> files_;
    std::map<std::string, Pending> pending_;
};

}  // namespace qe::sim
