// SPDX-License-Identifier: Apache-2.0
//
// StateWriter: StateStore writes on a worker thread, so that a slow disk never holds up packets.
//
// One write at a time; a newer value of a name replaces one that still waits. Failures are logged
// now and then and otherwise ignored: the daemon works without its state.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "host/event_loop.h"
#include "host/state_store.h"
#include "quicether/base/log.h"

namespace qe::host {

class StateWriter {
  public:
    StateWriter(EventLoop& loop, StateStore store, base::Log log);
    /// Waits for the write in flight and writes what still waits, on this thread.
    ~StateWriter();
    StateWriter(const StateWriter&) = delete;
    StateWriter& operator=(const StateWriter&) = delete;

    void write(const std::string& name, base::Bytes contents);

  private:
    struct Job;

    void start_next();
    void finish(const Job& job);
    void report(const std::string& name, const base::Status& status);

    EventLoop& loop_;
    StateStore store_;
    base::Log log_;
    base::LogLimiter limiter_{base::seconds(60)};
    std::map<std::string, base::Bytes> waiting_;
    std::unique_ptr<Job> running_;
};

}  // namespace qe::host
