// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <utility>

namespace qe::sim {

Disk::Disk(base::Rng rng, const DiskOptions& options) : rng_(std::move(rng)), options_(options) {}

bool Disk::write(base::Instant now, const std::string& name, base::Bytes contents) {
    settle(now);
    if (options_.full) {
        return false;
    }
    const auto [found, begun] =
        pending_.try_emplace(name, Pending{now + options_.write_time, {}, std::nullopt});
    if (begun) {
        found->second.contents = std::move(contents);
    } else {
        found->second.next = std::move(contents);
    }
    settle(now);
    return true;
}

base::Instant Disk::safe_at(const std::string& name) const {
    const auto found = pending_.find(name);
    if (found == pending_.end()) {
        return {};
    }
    const base::Duration queued = found->second.next ? options_.write_time : base::Duration(0);
    return found->second.safe_at + queued;
}

void Disk::crash(base::Instant now) {
    settle(now);
    for (auto& [name, pending] : pending_) {
        if (options_.torn_on_crash) {
            pending.contents.resize(rng_.below(pending.contents.size() + 1));
            files_.insert_or_assign(name, std::move(pending.contents));
        }
    }
    pending_.clear();
}

void Disk::finish() { settle(base::Instant::never()); }

const std::map<std::string, base::Bytes>& Disk::files(base::Instant now) {
    settle(now);
    return files_;
}

void Disk::settle(base::Instant now) {
    for (auto at = pending_.begin(); at != pending_.end();) {
        Pending& pending = at->second;
        if (pending.safe_at > now) {
            ++at;
            continue;
        }
        files_.insert_or_assign(at->first, std::move(pending.contents));
        if (pending.next) {
            pending = {pending.safe_at + options_.write_time, std::move(*pending.next),
                       std::nullopt};
        } else {
            at = pending_.erase(at);
        }
    }
}

}  // namespace qe::sim
