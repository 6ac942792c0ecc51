// SPDX-License-Identifier: Apache-2.0
//
// StateWriter: StateStore writes on a worker thread, so that a slow disk never holds up packets.
//
// One write at a time; a newer value of a name replaces one that still waits. Failures are logged
// now and then and otherwise ignored: the daemon works without its state. What was written is wiped
// from memory: there may be secrets in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "host/event_loop.h"
#include "host/state_store.h"
#include "quicether/base/log.h"
#include "quicether/node/node.h"

namespace qe::host {

class StateWriter {
  public:
    /// A write with a number other than 0 is on the disk.
    using OnWritten = std::function<void(std::uint64_t number)>;

    StateWriter(EventLoop& loop, StateStore store, base::Log log, OnWritten on_written);
    /// Waits for the write in flight and writes what still waits, on this thread.
    ~StateWriter();
    StateWriter(const StateWriter&) = delete;
    StateWriter& operator=(const StateWriter&) = delete;

    /// See node::PersistState.
    void write(node::PersistState state);

  private:
    struct Job;

    void start_next();
    void finish(Job& job);
    void report(const std::string& name, const base::Status& status);

    EventLoop& loop_;
    StateStore store_;
    base::Log log_;
    base::LogLimiter limiter_{base::seconds(60)};
    OnWritten on_written_;
    std::map<std::string, node::PersistState> waiting_;
    std::unique_ptr<Job> running_;
};

}  // namespace qe::host
