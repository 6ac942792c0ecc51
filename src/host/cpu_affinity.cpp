// SPDX-License-Identifier: Apache-2.0
#include "host/cpu_affinity.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

namespace qe::host {
namespace {

bool run_on(const cpu_set_t& set) noexcept { return ::sched_setaffinity(0, sizeof set, &set) == 0; }

std::string sentence(unsigned cpu, int error) {
    if (error != EINVAL) {
        return fmt::format("performance.cpu_affinity cannot be applied: {}", errno_text(error));
    }
    const long count = ::sysconf(_SC_NPROCESSORS_CONF);
    return fmt::format(
        "performance.cpu_affinity: CPU {} does not exist, is offline or is closed to this process; "
        "this host has CPUs 0 to {}",
        cpu, count - 1);
}

}  // namespace

Checked<void> set_cpu_affinity(std::span<const unsigned> cpus) {
    cpu_set_t before;
    CPU_ZERO(&before);
    const bool known = ::sched_getaffinity(0, sizeof before, &before) == 0;
    cpu_set_t all;
    CPU_ZERO(&all);
    for (const unsigned cpu : cpus) {
        // One by one: of a set the kernel silently leaves out what it does not have.
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        CPU_SET(cpu, &all);
        if (!run_on(one)) {
            const int error = errno;
            if (known) {
                run_on(before);
            }
            return refuse(sentence(cpu, error));
        }
    }
    if (!cpus.empty() && !run_on(all)) {
        return refuse(sentence(cpus.front(), errno));
    }
    return {};
}

}  // namespace qe::host
