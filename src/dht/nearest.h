// SPDX-License-Identifier: Apache-2.0
//
// Nearest: the few contacts nearest to a target out of many offered ones, nearest first. Bounded,
// without allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "quicether/dht/config.h"
#include "quicether/dht/distance.h"

namespace qe::dht {

class Nearest {
  public:
    /// `count_max` is cut to kBucketSizeMax.
    Nearest(const NodeId& target, std::size_t count_max) noexcept
        : target_(target), max_(std::min(count_max, kBucketSizeMax)) {}

    void offer(const Contact& contact) noexcept {
        std::size_t place = size_;
        while (place > 0 && is_closer(target_, contact.id, contacts_[place - 1].id)) {
            --place;
        }
        if (place == max_) {
            return;
        }
        size_ = std::min(size_ + 1, max_);
        std::copy_backward(contacts_.begin() + static_cast<std::ptrdiff_t>(place),
                           contacts_.begin() + static_cast<std::ptrdiff_t>(size_ - 1),
                           contacts_.begin() + static_cast<std::ptrdiff_t>(size_));
        contacts_[place] = contact;
    }

    [[nodiscard]] std::span<const Contact> view() const noexcept {
        return std::span(contacts_).first(size_);
    }

  private:
    NodeId target_;
    std::size_t max_;
    std::size_t size_ = 0;
    std::array<Contact, kBucketSizeMax> contacts_;
};

}  // namespace qe::dht
