// SPDX-License-Identifier: Apache-2.0
//
// DeadlineQueue: one deadline per key, earliest first; ties in key order, hence deterministic.
// Setting, clearing and popping cost O(log n); an idle key costs nothing. The memory of the last
// key that left is the next one's: a deadline that moves, or comes and is set anew, allocates
// nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "quicether/base/time.h"

namespace qe::node {

template <typename Key>
class DeadlineQueue {
  public:
    /// Replaces the key's deadline; never() clears it.
    void set(const Key& key, base::Instant deadline) {
        clear(key);
        if (deadline.is_never()) {
            return;
        }
        if (spare_of_key_.empty()) {
            by_key_.emplace(key, deadline);
            queue_.emplace(deadline, key);
            return;
        }
        spare_of_key_.key() = key;
        spare_of_key_.mapped() = deadline;
        by_key_.insert(std::move(spare_of_key_));
        spare_of_queue_.value() = {deadline, key};
        queue_.insert(std::move(spare_of_queue_));
    }

    /// Moves the key's deadline to `deadline` if that is earlier.
    void set_no_later(const Key& key, base::Instant deadline) {
        const auto it = by_key_.find(key);
        if (it == by_key_.end() || deadline < it->second) {
            set(key, deadline);
        }
    }

    void clear(const Key& key) {
        if (const auto it = by_key_.find(key); it != by_key_.end()) {
            spare_of_queue_ = queue_.extract({it->second, key});
            spare_of_key_ = by_key_.extract(it);
        }
    }

    [[nodiscard]] base::Instant next_deadline() const noexcept {
        return queue_.empty() ? base::Instant::never() : queue_.begin()->first;
    }

    /// Removes and returns a key whose deadline has come.
    [[nodiscard]] std::optional<Key> pop_due(base::Instant now) {
        if (queue_.empty() || queue_.begin()->first > now) {
            return std::nullopt;
        }
        const Key key = queue_.begin()->second;
        clear(key);
        return key;
    }

  private:
    std::map<Key, base::Instant> by_key_;
    std::set<std::pair<base::Instant, Key>> queue_;
    typename decltype(by_key_)::node_type spare_of_key_;
    typename decltype(queue_)::node_type spare_of_queue_;
};

}  // namespace qe::node
