// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/link_change.h"

namespace qe::sim {
namespace {

template <typename T>
void set(const std::optional<T>& change, T& field) {
    if (change) {
        field = *change;
    }
}

double mix_numbers(double from, double to, double share) { return from + (to - from) * share; }

base::Duration mix_times(base::Duration from, base::Duration to, double share) {
    return base::Duration(static_cast<std::int64_t>(
        mix_numbers(static_cast<double>(from.count()), static_cast<double>(to.count()), share)));
}

PipeOptions between(const PipeOptions& from, const PipeOptions& to, double share) {
    PipeOptions now = share < 1 ? from : to;
    now.delay = mix_times(from.delay, to.delay, share);
    now.jitter = mix_times(from.jitter, to.jitter, share);
    now.reorder_by = mix_times(from.reorder_by, to.reorder_by, share);
    now.loss = {mix_numbers(from.loss.good, to.loss.good, share),
                mix_numbers(from.loss.bad, to.loss.bad, share),
                mix_numbers(from.loss.to_bad, to.loss.to_bad, share),
                mix_numbers(from.loss.to_good, to.loss.to_good, share)};
    now.reorder = mix_numbers(from.reorder, to.reorder, share);
    now.duplicate = mix_numbers(from.duplicate, to.duplicate, share);
    now.corrupt = mix_numbers(from.corrupt, to.corrupt, share);
    if (from.rate_bps != 0 && to.rate_bps != 0) {  // From or to "no limit" there is no way.
        now.rate_bps = static_cast<std::uint64_t>(mix_numbers(
            static_cast<double>(from.rate_bps), static_cast<double>(to.rate_bps), share));
    }
    return now;
}

}  // namespace

void PipeChange::apply_to(PipeOptions& options) const {
    set(up, options.up);
    set(mtu, options.mtu);
    set(rate_bps, options.rate_bps);
    set(queue, options.queue);
    set(queue_bytes, options.queue_bytes);
    set(delay, options.delay);
    set(jitter, options.jitter);
    set(loss, options.loss);
    set(reorder, options.reorder);
    set(reorder_by, options.reorder_by);
    set(duplicate, options.duplicate);
    set(corrupt, options.corrupt);
}

LinkOptions LinkChange::applied_to(LinkOptions options) const {
    both.apply_to(options.up);
    both.apply_to(options.down);
    up.apply_to(options.up);
    down.apply_to(options.down);
    return options;
}

LinkOptions between(const LinkOptions& from, const LinkOptions& to, double share) {
    return {between(from.up, to.up, share), between(from.down, to.down, share)};
}

}  // namespace qe::sim
