// SPDX-License-Identifier: Apache-2.0
#include "host/event_loop.h"

#include "quicether/base/assert.h"

namespace qe::host {

EventLoop::EventLoop() { QE_ASSERT(uv_loop_init(&loop_) == 0); }

EventLoop::~EventLoop() {
    while (uv_loop_close(&loop_) == UV_EBUSY) {
        uv_run(&loop_, UV_RUN_DEFAULT);
    }
}

void EventLoop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void EventLoop::stop() noexcept { uv_stop(&loop_); }

FdWatch::FdWatch(EventLoop& loop, int fd, Callback callback)
    : handle_(Watcher{std::move(callback), 0}) {
    // Fails only for a descriptor that is closed or cannot be polled: a bug of the caller.
    QE_ASSERT(uv_poll_init(loop.raw(), handle_.raw(), fd) == 0);
}

void FdWatch::set(FdEvents wanted) {
    const int events = (wanted.readable ? UV_READABLE : 0) | (wanted.writable ? UV_WRITABLE : 0);
    Watcher& watcher = UvHandle<uv_poll_t, Watcher>::callback_of(handle_.raw());
    if (events == std::exchange(watcher.events, events)) {
        return;
    }
    if (events == 0) {
        uv_poll_stop(handle_.raw());
    } else {
        uv_poll_start(handle_.raw(), events, on_events);
    }
}

void FdWatch::on_events(uv_poll_t* handle, int status, int ready) noexcept {
    Watcher& watcher = UvHandle<uv_poll_t, Watcher>::callback_of(handle);
    watcher.callback({status < 0 || (ready & UV_READABLE) != 0, (ready & UV_WRITABLE) != 0});
    // libuv stops watching after POLLERR, which for netlink only means that messages were lost.
    const auto* base = reinterpret_cast<const uv_handle_t*>(handle);
    if (status < 0 && watcher.events != 0 && uv_is_closing(base) == 0) {
        uv_poll_start(handle, watcher.events, on_events);
    }
}

CoarseTimer::CoarseTimer(EventLoop& loop, Callback callback) : handle_(std::move(callback)) {
    uv_timer_init(loop.raw(), handle_.raw());
}

void CoarseTimer::start_once(base::milliseconds delay) {
    // The loop's idea of now may be a long callback old.
    uv_update_time(handle_.raw()->loop);
    uv_timer_start(
        handle_.raw(),
        [](uv_timer_t* handle) noexcept { UvHandle<uv_timer_t, Callback>::callback_of(handle)(); },
        static_cast<std::uint64_t>(delay.count()), 0);
}

void CoarseTimer::start_repeating(base::milliseconds interval) {
    start_once(interval);
    uv_timer_set_repeat(handle_.raw(), static_cast<std::uint64_t>(interval.count()));
}

void CoarseTimer::stop() noexcept { uv_timer_stop(handle_.raw()); }

bool CoarseTimer::active() noexcept {
    return uv_is_active(reinterpret_cast<const uv_handle_t*>(handle_.raw())) != 0;
}

LazyTimer::LazyTimer(EventLoop& loop, Callback callback)
    : latest_(loop, [] {}), check_(Schedule{std::move(callback), &latest_}) {
    uv_check_init(loop.raw(), check_.raw());
}

void LazyTimer::start_repeating(base::milliseconds interval) {
    Schedule& schedule = UvHandle<uv_check_t, Schedule>::callback_of(check_.raw());
    schedule.interval = interval;
    plan_next(schedule, check_.raw()->loop);
    uv_check_start(check_.raw(), on_round);
}

void LazyTimer::plan_next(Schedule& schedule, const uv_loop_t* loop) {
    schedule.latest->start_once(2 * schedule.interval);
    schedule.due = uv_now(loop) + static_cast<std::uint64_t>(schedule.interval.count());
}

void LazyTimer::on_round(uv_check_t* handle) noexcept {
    Schedule& schedule = UvHandle<uv_check_t, Schedule>::callback_of(handle);
    if (uv_now(handle->loop) >= schedule.due) {
        plan_next(schedule, handle->loop);
        schedule.callback();
    }
}

SignalWatch::SignalWatch(EventLoop& loop, int signal, Callback callback)
    : handle_(std::move(callback)) {
    uv_signal_init(loop.raw(), handle_.raw());
    QE_ASSERT(uv_signal_start(
                  handle_.raw(),
                  [](uv_signal_t* handle, int number) noexcept {
                      UvHandle<uv_signal_t, Callback>::callback_of(handle)(number);
                  },
                  signal) == 0);
}

RoundEnd::RoundEnd(EventLoop& loop, Callback callback) : check_(std::move(callback)), idle_({}) {
    uv_idle_init(loop.raw(), idle_.raw());
    uv_check_init(loop.raw(), check_.raw());
    uv_check_start(check_.raw(), [](uv_check_t* handle) noexcept {
        UvHandle<uv_check_t, Callback>::callback_of(handle)();
    });
}

void RoundEnd::request_another(bool wanted) {
    if (wanted == std::exchange(requested_, wanted)) {
        return;
    }
    // An active idle handle keeps libuv from sleeping in epoll.
    if (wanted) {
        uv_idle_start(idle_.raw(), [](uv_idle_t*) noexcept {});
    } else {
        uv_idle_stop(idle_.raw());
    }
}

}  // namespace qe::host
