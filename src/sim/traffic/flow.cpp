// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/flow.h"

#include "sim/traffic/ping_flow.h"
#include "sim/traffic/reliable_flow.h"
#include "sim/traffic/udp_flow.h"

namespace qe::sim {

Flow::Flow(World& world, FlowOptions options)
    : world_(world), options_(std::move(options)), began_(world.now() - world.elapsed()) {
    key_ = world.stream("flow " + options_.name).u64();
}

Flow::~Flow() = default;

bool Flow::over() const noexcept { return options_.stop && world_.elapsed() >= *options_.stop; }

void Flow::arm() {
    scheduler().at(began_ + options_.start, [this] { try_to_begin(); });
}

void Flow::try_to_begin() {
    const auto from = sender().overlay_address(options_.family);
    const auto to = receiver().overlay_address(options_.family);
    if (from && to) {
        source_ = *from;
        destination_ = *to;
        begin();
    } else if (!over()) {
        scheduler().after(base::seconds(1), [this] { try_to_begin(); });
    }
}

std::unique_ptr<Flow> make_flow(World& world, const FlowOptions& options) {
    switch (options.kind) {
        case FlowKind::Ping:
            return std::make_unique<PingFlow>(world, options);
        case FlowKind::Udp:
            return std::make_unique<UdpFlow>(world, options);
        case FlowKind::Tcp:
            break;
    }
    return std::make_unique<ReliableFlow>(world, options);
}

}  // namespace qe::sim
