// SPDX-License-Identifier: Apache-2.0
#include "app/interrupt.h"

#include <ctime>

namespace qe::app {
namespace {

volatile std::sig_atomic_t interrupted_flag = 0;

}  // namespace

InterruptWatch::InterruptWatch() noexcept {
    interrupted_flag = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted_flag = 1; };
    // Not restarted: a sleep must end. A second Ctrl-C ends the program as usual.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
}

InterruptWatch::~InterruptWatch() { sigaction(SIGINT, &before_, nullptr); }

bool InterruptWatch::interrupted() const noexcept { return interrupted_flag != 0; }

void InterruptWatch::sleep(base::Duration span) const noexcept {
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    if (interrupted() || span.count() <= 0) {
        return;
    }
    const timespec wait{span.count() / kNsPerSecond, span.count() % kNsPerSecond};
    nanosleep(&wait, nullptr);
}

}  // namespace qe::app
