// SPDX-License-Identifier: Apache-2.0
//
// EventLoop: drives an Emulator with the real clock, the interfaces' packets and commands.
//
// A sleeping process wakes some tens of microseconds late, which would be several per cent of a
// short round trip. Hence it sleeps until the next arrival is close and waits for that awake, if it
// has not done so too much; and a packet that woke it is taken for as old as timers are late.
#pragma once

#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "emulator.h"
#include "host/file_descriptor.h"
#include "line_source.h"

namespace qe::linkemu {

class EventLoop {
  public:
    explicit EventLoop(Emulator& emulator);

    [[nodiscard]] static base::Instant now() noexcept;

    /// A listening socket, whose connections send commands.
    void add_listener(host::FileDescriptor listener);
    /// Commands from a descriptor that is open already, for instance standard input.
    void add_source(host::FileDescriptor input, int output);
    /// Until `quit`, SIGINT or SIGTERM.
    void run();

  private:
    [[nodiscard]] bool watch(int fd, std::uint64_t key);
    void watch_new_links();
    [[nodiscard]] base::Duration time_to_sleep(base::Instant time);
    void wait(base::Duration time);
    [[nodiscard]] base::Instant sent_at(base::Instant slept, base::Instant woke) const;
    void on_timer(base::Duration lateness);
    void on_gone(std::uint64_t key);
    void on_ready(std::uint64_t key);
    void on_commands(std::uint64_t key);

    Emulator& emulator_;
    host::FileDescriptor epoll_;
    host::FileDescriptor signals_;
    host::FileDescriptor listener_;
    std::map<std::uint64_t, std::unique_ptr<LineSource>> sources_;
    std::uint64_t next_source_;
    std::size_t links_watched_ = 0;
    base::Duration usual_lateness_{0};  ///< Of timers; a moving average.
    base::Instant sent_;                ///< When what is read now was sent.
    base::Instant last_round_;
    base::Duration may_be_awake_{0};
    bool was_awake_ = false;
    bool ended_ = false;
};

}  // namespace qe::linkemu
