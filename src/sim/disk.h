// SPDX-License-Identifier: Apache-2.0
//
// Disk: what a host keeps over crashes. Writes take time, may find the disk full, and a crash in
// the middle of one leaves either the old contents, or a torn file where writes are not atomic.
//
// As with the daemon's writer, a file is written once at a time: of the writes that are asked for
// meanwhile only the newest follows.
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

    /// Begins a write, or queues it behind the one under way; contents are safe `write_time` after
    /// the beginning. False when the disk is full: then nothing changes.
    bool write(base::Instant now, const std::string& name, base::Bytes contents);
    /// When what was last asked to be written under this name is safe; in the past when it is.
    [[nodiscard]] base::Instant safe_at(const std::string& name) const;
    /// The host stops: finishes what had its time, tears or forgets the rest.
    void crash(base::Instant now);
    /// The host stops in order: what was being written gets its time.
    void finish();
    /// What a node that starts now finds.
    [[nodiscard]] const std::map<std::string, base::Bytes>& files(base::Instant now);

  private:
    struct Pending {
        base::Instant safe_at;
        base::Bytes contents;
        std::optional<base::Bytes> next;  ///< Begins when this one is safe.
    };
    void settle(base::Instant now);

    base::Rng rng_;
    DiskOptions options_;
    std::map<std::string, base::Bytes> files_;
    std::map<std::string, Pending> pending_;
};

}  // namespace qe::sim
