// SPDX-License-Identifier: Apache-2.0
//
// The libuv loop and the few kinds of handle this daemon uses, as owning C++ objects.
//
// A libuv handle dies asynchronously: uv_close() returns at once and the memory is wanted until the
// loop has run its close callback. UvHandle hides that, so the objects here may be destroyed at any
// time, also from within their own callback. They must go before their EventLoop does.
// Callbacks are called on the loop's thread and must not throw.
#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include <uv.h>

#include "quicether/base/time.h"

namespace qe::host {

class EventLoop {
  public:
    EventLoop();
    /// Runs the close callbacks that are still due, then frees the loop.
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Until stop(), or until nothing is watched.
    void run();
    /// Makes run() return after the current round.
    void stop() noexcept;
    [[nodiscard]] uv_loop_t* raw() noexcept { return &loop_; }

  private:
    uv_loop_t loop_{};
};

/// One heap-allocated libuv handle of type T with the callback that it serves.
template <typename T, typename Callback>
class UvHandle {
  public:
    struct Block {
        T handle{};
        Callback callback;
    };

    explicit UvHandle(Callback callback) : block_(new Block{{}, std::move(callback)}) {
        block_->handle.data = block_;
    }
    ~UvHandle() {
        // The callback may be running right now: it stays whole until the close callback.
        uv_close(reinterpret_cast<uv_handle_t*>(&block_->handle),
                 [](uv_handle_t* handle) noexcept { delete static_cast<Block*>(handle->data); });
    }
    UvHandle(const UvHandle&) = delete;
    UvHandle& operator=(const UvHandle&) = delete;

    [[nodiscard]] T* raw() noexcept { return &block_->handle; }
    /// The callback behind a handle that libuv passed to a C function.
    [[nodiscard]] static Callback& callback_of(const T* handle) noexcept {
        return static_cast<Block*>(handle->data)->callback;
    }

  private:
    Block* block_;
};

struct FdEvents {
    bool readable = false;  ///< Also on error and hang-up: reading tells which.
    bool writable = false;
};

/// Watches a descriptor that somebody else owns and that stays open for as long as this lives.
class FdWatch {
  public:
    using Callback = std::function<void(FdEvents)>;

    FdWatch(EventLoop& loop, int fd, Callback callback);

    /// What to wait for from now on; costs nothing when unchanged.
    void set(FdEvents wanted);

  private:
    struct Watcher {
        Callback callback;
        int events = 0;  ///< UV_READABLE, UV_WRITABLE: what is being waited for.
    };

    static void on_events(uv_poll_t* handle, int status, int ready) noexcept;

    UvHandle<uv_poll_t, Watcher> handle_;
};

/// A timer in whole milliseconds of CLOCK_MONOTONIC, for what need not be exact.
class CoarseTimer {
  public:
    using Callback = std::function<void()>;

    CoarseTimer(EventLoop& loop, Callback callback);

    void start_once(base::milliseconds delay);
    void start_repeating(base::milliseconds interval);
    void stop() noexcept;
    [[nodiscard]] bool active() noexcept;

  private:
    UvHandle<uv_timer_t, Callback> handle_;
};

/// Repeats without waking anybody that sleeps well: it is served by the first round that comes
/// after its interval, whatever made that round, and makes one itself only after twice the
/// interval.
class LazyTimer {
  public:
    using Callback = std::function<void()>;

    LazyTimer(EventLoop& loop, Callback callback);

    void start_repeating(base::milliseconds interval);

  private:
    struct Schedule {
        Callback callback;
        CoarseTimer* latest = nullptr;
        base::milliseconds interval{};
        std::uint64_t due = UINT64_MAX;  ///< The loop's time, ms.
    };

    static void on_round(uv_check_t* handle) noexcept;
    static void plan_next(Schedule& schedule, const uv_loop_t* loop);

    CoarseTimer latest_;  ///< The round that it makes is all that it does.
    UvHandle<uv_check_t, Schedule> check_;
};

class SignalWatch {
  public:
    using Callback = std::function<void(int)>;

    SignalWatch(EventLoop& loop, int signal, Callback callback);

  private:
    UvHandle<uv_signal_t, Callback> handle_;
};

/// Called once in each round of the loop, after all descriptors of that round have been served.
class RoundEnd {
  public:
    using Callback = std::function<void()>;

    RoundEnd(EventLoop& loop, Callback callback);

    /// Makes the next round come at once instead of waiting for an event.
    void request_another(bool wanted);

  private:
    UvHandle<uv_check_t, Callback> check_;
    UvHandle<uv_idle_t, Callback> idle_;
    bool requested_ = false;
};

}  // namespace qe::host
