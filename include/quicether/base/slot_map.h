// SPDX-License-Identifier: Apache-2.0
//
// SlotMap: values named by generational handles, so that a stale handle finds nothing.
//
// Insertion, erasure and lookup are O(1). Values never move while they live (each sits in its own
// allocation), handles stay valid until erase. Iteration is in slot order, hence deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace qe::base {

/// Names a value of a SlotMap. `Tag` keeps handles of different maps apart. The default handle
/// names nothing.
template <typename Tag>
struct Handle {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;

    [[nodiscard]] bool is_null() const noexcept { return generation == 0; }
    friend bool operator==(const Handle&, const Handle&) = default;
    friend auto operator<=>(const Handle&, const Handle&) = default;
};

template <typename T, typename Tag>
class SlotMap {
  public:
    using HandleType = Handle<Tag>;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    template <typename... Args>
    HandleType emplace(Args&&... args) {
        const std::uint32_t index = take_slot();
        Slot& slot = slots_[index];
        slot.value = std::make_unique<T>(std::forward<Args>(args)...);
        ++size_;
        return {index, slot.generation};
    }

    [[nodiscard]] T* find(HandleType handle) noexcept {
        return const_cast<T*>(std::as_const(*this).find(handle));
    }
    [[nodiscard]] const T* find(HandleType handle) const noexcept {
        if (handle.index >= slots_.size()) {
            return nullptr;
        }
        const Slot& slot = slots_[handle.index];
        return slot.generation == handle.generation ? slot.value.get() : nullptr;
    }

    /// False when the handle is stale.
    bool erase(HandleType handle) noexcept {
        if (find(handle) == nullptr) {
            return false;
        }
        Slot& slot = slots_[handle.index];
        slot.value.reset();
        slot.generation = slot.generation == UINT32_MAX ? 1 : slot.generation + 1;
        free_.push_back(handle.index);
        --size_;
        return true;
    }

    /// Calls `visit(handle, value)` for each value; `visit` must not insert or erase.
    template <typename Visit>
    void for_each(Visit&& visit) {
        for (std::uint32_t i = 0; i < slots_.size(); ++i) {
            if (slots_[i].value) {
                visit(HandleType{i, slots_[i].generation}, *slots_[i].value);
            }
        }
    }
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (std::uint32_t i = 0; i < slots_.size(); ++i) {
            if (slots_[i].value) {
                visit(HandleType{i, slots_[i].generation}, std::as_const(*slots_[i].value));
            }
        }
    }

  private:
    struct Slot {
        std::unique_ptr<T> value;
        std::uint32_t generation = 1;
    };

    std::uint32_t take_slot() {
        if (!free_.empty()) {
            const std::uint32_t index = free_.back();
            free_.pop_back();
            return index;
        }
        slots_.emplace_back();
        free_.reserve(slots_.size());  // so that erase() cannot fail
        return static_cast<std::uint32_t>(slots_.size() - 1);
    }

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t size_ = 0;
};

}  // namespace qe::base

template <typename Tag>
struct std::hash<qe::base::Handle<Tag>> {
    std::size_t operator()(const qe::base::Handle<Tag>& handle) const noexcept {
        return (std::size_t{handle.generation} << 32) ^ handle.index;
    }
};
