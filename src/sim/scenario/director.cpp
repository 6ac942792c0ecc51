// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/director.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {

void Director::begin() {
    recruiter_.begin();
    for (const Action& action : scenario_.actions) {
        world_.scheduler().after(action.when, [this, &action] {
            say(action.what);
            perform(action.change);
        });
    }
}

void Director::perform(const Change& change) {
    std::visit([this](const auto& c) { apply(c); }, change);
}

void Director::say(const std::string& what) {
    world_.tell([&](Observer& o) { o.on_action(what); });
}

// --- Links ---------------------------------------------------------------------------------------

void Director::apply(const SetLink& change) {
    for (const std::string& link : change.links) {
        const auto options = world_.topology().link_options(link);
        if (!options) {
            say(fmt::format("there is no link {} now", link));
            continue;
        }
        ramp(link, *options, change.change.applied_to(*options), change.over);
    }
}

void Director::ramp(const std::string& link, const LinkOptions& from, const LinkOptions& to,
                    base::Duration over) {
    constexpr std::int64_t kStepsMax = 100;
    const std::int64_t steps =
        std::clamp<std::int64_t>(over / base::milliseconds(100), 1, kStepsMax);
    for (std::int64_t step = 1; step <= steps; ++step) {
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        const LinkOptions now = between(from, to, share);
        world_.scheduler().after(over * step / steps, [this, link, now] {
            // The link may be gone by then: the host has moved.
            if (world_.topology().link_options(link) && !world_.topology().set_link(link, now)) {
                say(fmt::format("link {} does not take these conditions", link));
            }
        });
    }
}

void Director::set_carrier(HostId id, const std::string& interface, bool up) {
    Host& host = world_.host(id);
    for (const InterfaceOptions& each : host.interfaces()) {
        if (interface.empty() || each.name == interface) {
            host.set_carrier(each.name, up);
        }
    }
}

void Director::apply(const Carrier& change) {
    for (const HostId id : change.hosts) {
        set_carrier(id, change.interface, change.up);
    }
}

void Director::apply(const Flap& change) {
    for (const HostId id : change.hosts) {
        set_carrier(id, change.interface, false);
    }
    world_.scheduler().after(change.down, [this, change] {
        say("carrier is back");
        for (const HostId id : change.hosts) {
            set_carrier(id, change.interface, true);
        }
    });
}

// --- Partitions ----------------------------------------------------------------------------------

void Director::apply(const Partition& change) { world_.partition(change.groups); }

void Director::apply(const Block& change) {
    for (const HostId from : change.from) {
        for (const HostId to : change.to) {
            world_.block(from, to, true);
        }
    }
}

void Director::apply(const Heal& /*change*/) { world_.heal(); }

// --- Hosts ---------------------------------------------------------------------------------------

void Director::start(HostId id) {
    if (!world_.host(id).running()) {
        world_.host(id).start();
    }
}

void Director::apply(const Start& change) {
    for (const HostId id : change.hosts) {
        start(id);
    }
}

void Director::apply(const Crash& change) {
    for (const HostId id : change.hosts) {
        world_.host(id).crash();
        if (change.restart_after) {
            world_.scheduler().after(*change.restart_after, [this, id] { start(id); });
        }
    }
}

void Director::apply(const Leave& change) {
    for (const HostId id : change.hosts) {
        world_.host(id).leave();
    }
}

void Director::apply(const Suspend& change) {
    for (const HostId id : change.hosts) {
        world_.host(id).suspend();
        if (change.resume_after) {
            world_.scheduler().after(*change.resume_after,
                                     [this, id] { world_.host(id).resume(); });
        }
    }
}

void Director::apply(const Resume& change) {
    for (const HostId id : change.hosts) {
        world_.host(id).resume();
    }
}

void Director::apply(const Move& change) {
    const auto moved = world_.host(change.host).move(change.interface, change.network, change.link);
    if (!moved) {
        say(fmt::format("{} could not move: {}", world_.host(change.host).name(),
                        moved.error().text));
    }
}

void Director::apply(const RebindNat& change) {
    const auto done = world_.topology().rebind_nat(change.network, change.new_address);
    if (!done) {
        say(fmt::format("{} was not rebound: {}", change.network, done.error().text));
    }
}

void Director::apply(const SetDisk& change) {
    for (const HostId id : change.hosts) {
        world_.host(id).disk().set_options(change.disk);
    }
}

// --- The overlay network -------------------------------------------------------------------------

void Director::apply(const Join& change) {
    for (const HostId id : change.hosts) {
        recruiter_.join(id, change.by, change.name);
    }
}

void Director::apply(const Promote& change) { recruiter_.promote(change.host, change.by); }

void Director::apply(const Revoke& change) {
    for (const HostId id : change.hosts) {
        recruiter_.revoke(id, change.by);
    }
}

}  // namespace qe::sim
