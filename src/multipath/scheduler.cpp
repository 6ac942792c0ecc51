// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/scheduler.h"

namespace qe::multipath {

std::unique_ptr<Scheduler> make_scheduler(const SchedulerChoice& choice) {
    if (choice.name == "round_robin") {
        return make_round_robin();
    }
    if (choice.name == "weighted") {
        return make_weighted();
    }
    if (choice.name == "latency") {
        return make_latency(choice.latency_threshold);
    }
    if (choice.name == "redundant") {
        return make_redundant();
    }
    return make_adaptive();
}

}  // namespace qe::multipath
