// SPDX-License-Identifier: Apache-2.0
#include "host/state_writer.h"

#include <utility>

#include "host/clock.h"
#include "host/failure.h"

namespace qe::host {

struct StateWriter::Job {
    uv_work_t request{};
    StateWriter* owner = nullptr;
    node::PersistState state;
    base::Status status;
};

StateWriter::StateWriter(EventLoop& loop, StateStore store, base::Log log, OnWritten on_written)
    : loop_(loop), store_(std::move(store)), log_(log), on_written_(std::move(on_written)) {}

StateWriter::~StateWriter() {
    on_written_ = nullptr;
    auto last = std::exchange(waiting_, {});
    while (running_) {
        uv_run(loop_.raw(), UV_RUN_ONCE);
    }
    for (auto& [name, state] : last) {
        report(name, store_.write(name, state.contents));
        base::wipe(state.contents);
    }
}

void StateWriter::write(node::PersistState state) {
    node::PersistState& waiting = waiting_[state.name];
    base::wipe(waiting.contents);
    waiting = std::move(state);
    start_next();
}

void StateWriter::start_next() {
    if (running_ || waiting_.empty()) {
        return;
    }
    auto next = waiting_.extract(waiting_.begin());
    running_ = std::make_unique<Job>();
    running_->owner = this;
    running_->state = std::move(next.mapped());
    running_->request.data = running_.get();
    const auto work = [](uv_work_t* request) noexcept {
        auto* job = static_cast<Job*>(request->data);
        job->status = job->owner->store_.write(job->state.name, job->state.contents);
        base::wipe(job->state.contents);
    };
    const auto after = [](uv_work_t* request, int) noexcept {
        auto* job = static_cast<Job*>(request->data);
        job->owner->finish(*job);
    };
    uv_queue_work(loop_.raw(), &running_->request, work, after);
}

void StateWriter::finish(Job& job) {
    report(job.state.name, job.status);
    const std::uint64_t written = job.status ? job.state.number : 0;
    running_.reset();
    start_next();
    if (written != 0 && on_written_) {
        on_written_(written);
    }
}

void StateWriter::report(const std::string& name, const base::Status& status) {
    if (status) {
        return;
    }
    if (const auto held_back = limiter_.admit(boottime_now())) {
        log_.warn("state \"{}\" cannot be kept for the next start: {}", name,
                  describe(status.error()));
    }
}

}  // namespace qe::host
