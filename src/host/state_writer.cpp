// SPDX-License-Identifier: Apache-2.0
#include "host/state_writer.h"

#include <utility>

#include "host/clock.h"
#include "host/failure.h"

namespace qe::host {

struct StateWriter::Job {
    uv_work_t request{};
    StateWriter* owner = nullptr;
    std::string name;
    base::Bytes contents;
    base::Status status;
};

StateWriter::StateWriter(EventLoop& loop, StateStore store, base::Log log)
    : loop_(loop), store_(std::move(store)), log_(log) {}

StateWriter::~StateWriter() {
    auto last = std::exchange(waiting_, {});
    while (running_) {
        uv_run(loop_.raw(), UV_RUN_ONCE);
    }
    for (const auto& [name, contents] : last) {
        report(name, store_.write(name, contents));
    }
}

void StateWriter::write(const std::string& name, base::Bytes contents) {
    waiting_.insert_or_assign(name, std::move(contents));
    start_next();
}

void StateWriter::start_next() {
    if (running_ || waiting_.empty()) {
        return;
    }
    auto next = waiting_.extract(waiting_.begin());
    running_ = std::make_unique<Job>();
    running_->owner = this;
    running_->name = std::move(next.key());
    running_->contents = std::move(next.mapped());
    running_->request.data = running_.get();
    const auto work = [](uv_work_t* request) noexcept {
        auto* job = static_cast<Job*>(request->data);
        job->status = job->owner->store_.write(job->name, job->contents);
    };
    const auto after = [](uv_work_t* request, int) noexcept {
        auto* job = static_cast<Job*>(request->data);
        job->owner->finish(*job);
    };
    uv_queue_work(loop_.raw(), &running_->request, work, after);
}

void StateWriter::finish(const Job& job) {
    report(job.name, job.status);
    running_.reset();
    start_next();
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
