// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

template <typename T, typename Take>
void optional(std::optional<T>& out, Take&& take) {
    T value{};
    if (take(value)) {
        out = value;
    }
}

void read_loss(TableReader& table, std::optional<LossModel>& out) {
    const config::Value* value = table.take("loss");
    if (value == nullptr) {
        return;
    }
    LossModel model;
    if (value->kind != config::Value::Kind::Table) {
        if (table.share("loss", model.good)) {
            out = model;
        }
        return;
    }
    TableReader burst(*value, table.shown("loss") + ".", table.problems());
    burst.share("good", model.good);
    burst.share("bad", model.bad);
    burst.share("to_bad", model.to_bad);
    burst.share("to_good", model.to_good);
    burst.finish();
    out = model;
}

}  // namespace

void read_pipe(TableReader& table, PipeChange& out) {
    optional(out.up, [&](bool& v) { return table.truth("carrier", v); });
    optional(out.delay, [&](base::Duration& v) { return table.duration("delay", v); });
    optional(out.jitter, [&](base::Duration& v) { return table.duration("jitter", v); });
    optional(out.rate_bps, [&](std::uint64_t& v) { return table.rate("rate", v); });
    optional(out.queue_bytes, [&](std::size_t& v) { return table.size("queue", v); });
    optional(out.reorder, [&](double& v) { return table.share("reorder", v); });
    optional(out.reorder_by, [&](base::Duration& v) { return table.duration("reorder_by", v); });
    optional(out.duplicate, [&](double& v) { return table.share("duplicate", v); });
    optional(out.corrupt, [&](double& v) { return table.share("corrupt", v); });
    optional(out.mtu, [&](std::size_t& v) { return table.whole("mtu", 68, 65535, v); });
    optional(out.queue, [&](QueueKind& v) {
        return table.choice<QueueKind>(
            "queue_kind", {{"drop-tail", QueueKind::DropTail}, {"codel", QueueKind::CoDel}}, v);
    });
    base::Duration rtt{0};
    if (table.duration("rtt", rtt)) {
        out.delay = rtt / 2;
    }
    read_loss(table, out.loss);
}

void read_link(TableReader& from, std::string_view key, LinkChange& out) {
    const config::Value* value = from.table(key);
    if (value == nullptr) {
        return;
    }
    TableReader table(*value, from.shown(key) + ".", from.problems());
    read_pipe(table, out.both);
    for (const auto& [name, pipe] : {std::pair{"up", &out.up}, std::pair{"down", &out.down}}) {
        if (const config::Value* direction = table.table(name)) {
            TableReader one_way(*direction, table.shown(name) + ".", table.problems());
            read_pipe(one_way, *pipe);
            one_way.finish();
        }
    }
    table.finish();
}

}  // namespace qe::sim
