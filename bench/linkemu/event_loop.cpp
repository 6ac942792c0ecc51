// SPDX-License-Identifier: Apache-2.0
#include "event_loop.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

namespace qe::linkemu {
namespace {

/// Keys of descriptors: below are the ends of links, 2 × index + side; above, sources of commands.
constexpr std::uint64_t kSignals = 1U << 20;
constexpr std::uint64_t kListener = kSignals + 1;
constexpr std::uint64_t kFirstSource = kSignals + 2;
constexpr std::size_t kEventsMax = 64;
/// It sleeps until so long before an arrival, and what timers are late.
constexpr base::Duration kAwake = base::microseconds(20);
/// It is awake for an eighth of the time at most.
constexpr int kAwakeShare = 8;
constexpr base::Duration kAwakeInARow = base::microseconds(1000);
/// Then it sleeps for two per cent of the shortest delay, within these bounds.
constexpr int kNapShare = 50;
constexpr base::Duration kNapMin = base::microseconds(50);
constexpr base::Duration kNapMax = base::microseconds(300);
/// Later than this it was not a wake from sleep, but something else that went wrong.
constexpr base::Duration kLatenessMax = base::microseconds(200);
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

host::FileDescriptor ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    return host::FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

void complain(const std::string& text) { std::fprintf(stderr, "linkemu: %s\n", text.c_str()); }

}  // namespace

EventLoop::EventLoop(Emulator& emulator)
    : emulator_(emulator),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      signals_(ending_signals()),
      next_source_(kFirstSource) {
    std::signal(SIGPIPE, SIG_IGN);
    static_cast<void>(watch(signals_.get(), kSignals));
}

base::Instant EventLoop::now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return base::Instant::from_nanoseconds(
        static_cast<std::uint64_t>(time.tv_sec * kNanosecondsPerSecond + time.tv_nsec));
}

void EventLoop::add_listener(host::FileDescriptor listener) {
    listener_ = std::move(listener);
    static_cast<void>(watch(listener_.get(), kListener));
}

void EventLoop::add_source(host::FileDescriptor input, int output) {
    const std::uint64_t key = next_source_++;
    const auto [source, added] =
        sources_.emplace(key, std::make_unique<LineSource>(std::move(input), output));
    if (watch(source->second->fd(), key)) {
        return;
    }
    // A file, say: there is nothing to wait for.
    sent_ = now();
    for (std::size_t left = 1; left > 0; left = sources_.count(key)) {
        on_commands(key);
    }
}

bool EventLoop::watch(int fd, std::uint64_t key) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = key;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::watch_new_links() {
    for (; links_watched_ < emulator_.links().size(); ++links_watched_) {
        for (const std::size_t side : {kA, kB}) {
            static_cast<void>(watch(emulator_.links()[links_watched_]->end(side).fd(),
                                    2 * links_watched_ + side));
        }
    }
}

void EventLoop::run() {
    while (!ended_ && !emulator_.ended()) {
        watch_new_links();
        const base::Instant begin = now();
        emulator_.run_due(begin, complain);
        emulator_.deliver(begin);
        wait(time_to_sleep(now()));
    }
}

/// Zero while it waits awake, which it may do for a share of the time only: many packets a
/// millisecond are handed on a few at a time instead, as network cards do.
base::Duration EventLoop::time_to_sleep(base::Instant time) {
    const base::Duration passed = time - last_round_;
    last_round_ = time;
    may_be_awake_ = std::min(may_be_awake_ + passed / kAwakeShare, kAwakeInARow);
    const base::Duration left = emulator_.next_deadline() - time;
    const base::Duration awake = usual_lateness_ + kAwake;
    if (left > awake) {
        was_awake_ = false;
        return left - awake;
    }
    may_be_awake_ -= was_awake_ ? passed : base::Duration(0);
    was_awake_ = may_be_awake_.count() > 0;
    const base::Duration nap = std::clamp(emulator_.shortest_delay() / kNapShare, kNapMin, kNapMax);
    return was_awake_ ? base::Duration(0) : std::max(left, nap);
}

/// When a packet that is there now was sent, as far as we can know: if we slept it has waited for
/// us to wake, about as long as a timer lets us wait.
base::Instant EventLoop::sent_at(base::Instant slept, base::Instant woke) const {
    return std::max(slept, woke - usual_lateness_);
}

void EventLoop::on_timer(base::Duration lateness) {
    constexpr int kWeight = 16;
    usual_lateness_ += (std::min(lateness, kLatenessMax) - usual_lateness_) / kWeight;
}

void EventLoop::wait(base::Duration time) {
    std::array<epoll_event, kEventsMax> events{};
    const std::int64_t ns = std::min<std::int64_t>(time.count(), 3600 * kNanosecondsPerSecond);
    const timespec timeout{ns / kNanosecondsPerSecond, ns % kNanosecondsPerSecond};
    const base::Instant slept = now();
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), kEventsMax, &timeout, nullptr);
    const base::Instant woke = now();
    if (count == 0 && ns > 0) {
        on_timer(woke - (slept + time));
    }
    sent_ = sent_at(slept, woke);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const bool gone = (event.events & EPOLLERR) != 0 && event.data.u64 < kSignals;
        gone ? on_gone(event.data.u64) : on_ready(event.data.u64);
    }
}

/// Somebody has deleted the interface or its namespace. The link is one with a loose end then.
void EventLoop::on_gone(std::uint64_t key) {
    const TunPort& end = emulator_.links()[key / 2]->end(key % 2);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, end.fd(), nullptr);
    complain("interface " + end.interface() + " is gone");
}

void EventLoop::on_ready(std::uint64_t key) {
    if (key < kSignals) {
        emulator_.links()[key / 2]->read(sent_, key % 2);
    } else if (key == kSignals) {
        ended_ = true;
    } else if (key == kListener) {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) {
            add_source(host::FileDescriptor(fd), fd);
        }
    } else {
        on_commands(key);
    }
}

void EventLoop::on_commands(std::uint64_t key) {
    const auto source = sources_.find(key);
    const auto execute = [this](std::string_view line) { return emulator_.execute(sent_, line); };
    if (source != sources_.end() && !source->second->handle_input(execute)) {
        sources_.erase(source);
    }
}

}  // namespace qe::linkemu
