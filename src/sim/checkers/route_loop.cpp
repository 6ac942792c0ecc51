// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/route_loop.h"

#include <fmt/format.h>

namespace qe::sim {

void RouteLoop::on_host(HostId /*host*/, HostChange /*change*/) {
    rights_.refresh();
    gateways_ = rights_.gateways();
}

void RouteLoop::on_action(std::string_view /*what*/) { rights_.refresh(); }

void RouteLoop::on_tun_read(HostId /*host*/, base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    few_hops_sent_ = few_hops_sent_ || (facts && facts->hop_limit <= gateways_ + 1);
}

void RouteLoop::on_tun_written(HostId host, base::ByteView packet) {
    const PacketJudgement& judgement = integrity_.last();
    const auto facts = net::parse_packet(packet);
    if (!facts || full() ||
        (judgement.kind != PacketKind::Sent && judgement.kind != PacketKind::Repeated)) {
        return;
    }
    const auto least = rights_.forwards(judgement.from, host, facts->source, facts->destination);
    if (judgement.hop_limit_rose) {
        object(fmt::format("the hop limit of {}, sent by {}, was higher when it reached {}",
                           describe_packet(packet), name_of(judgement.from), name_of(host)));
    } else if (judgement.forwards > gateways_) {
        object(
            fmt::format("{}, sent by {}, reached {} with a hop limit lower by {}: there are {} "
                        "gateways, so it passed one of them twice",
                        describe_packet(packet), name_of(judgement.from), name_of(host),
                        judgement.forwards, gateways_));
    } else if (least && judgement.forwards < *least) {
        object(
            fmt::format("{}, sent by {}, reached {} with a hop limit lower by {}: {} gateways "
                        "stand between them, and each must lower it by one",
                        describe_packet(packet), name_of(judgement.from), name_of(host),
                        judgement.forwards, *least));
    }
}

void RouteLoop::on_second() {
    for (HostId id = 0; id < world().host_count() && gateways_ > 0 && !few_hops_sent_; ++id) {
        const bool gateway = world().host(id).config().node.role == config::NodeRole::Gateway;
        if (gateway && !full() && world().host(id).counter("hop_limit_exceeded") > 0) {
            object(fmt::format("packets ran out of hops at {}, though each was sent with enough",
                               name_of(id)));
            few_hops_sent_ = true;  // once is enough
        }
    }
}

}  // namespace qe::sim
